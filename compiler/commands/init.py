"""`vane init`: a team's repository, from nothing or from what it has."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler import VERSION
from compiler.commands.asking import refuse, say
from compiler.commands.findings import show
from compiler.commands.schema import schemas
from compiler.diagnostics import PolicyError
from compiler.starting.answers import QUESTIONS, Answers, Question, checked
from compiler.starting.beside import HOME
from compiler.starting.repository import Repository, in_the_way, made, place
from compiler.write import leftovers, write


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: files are in the way, or what was imported does not compile; 2: an answer cannot be."""
    project: Path = asked.project
    try:
        answers = checked(_texts(asked))
    except (ValueError, EOFError) as error:
        return refuse(str(error) or "the questions were not answered; give the options instead")
    try:
        repository = made(answers, schemas(), asked.lock_from, asked.from_models)
        if found := tuple(in_the_way(project, repository)):
            raise PolicyError(found)
    except PolicyError as error:
        show(error.findings, "text", project, {})
        return 1
    show(repository.said, "text", project, {})
    if asked.dry_run:
        for path in sorted(repository.files):
            say(f"new      {path}")
        say(f"would write {len(repository.files)} files{', and generated/' if repository.compiled else ''}")
        return 0
    new = place(project, repository)
    for path in new:
        say(f"new      {path}")
    say(f"wrote {len(new)} files")
    _compile(project, repository)
    _next(answers, repository)
    return 0


def _texts(asked: argparse.Namespace) -> Mapping[str, str]:
    """What the options say; on a terminal the other questions are asked, elsewhere they have their defaults."""
    is_asking = bool(sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
    texts: dict[str, str] = {}
    for question in QUESTIONS:
        given = getattr(asked, question.name)
        is_open = question.is_always or not texts["from"]
        if given is not None and not is_open:
            raise ValueError(f"--{question.name}: with --from the file and its import decide that; edit policies/ then")
        if given is None:
            given = _answer(question) if is_asking and is_open else question.default
        texts[question.name] = given
    return texts


def _answer(question: Question) -> str:
    while True:
        default = f" [{question.default}]" if question.default else ""
        text = input(f"{question.words}{default}: ").strip() or question.default
        try:
            question.check(text)
        except ValueError as error:
            say(f"  {error}")
        else:
            return text


def _compile(project: Path, repository: Repository) -> None:
    compiled = repository.compiled
    if compiled is None:
        return
    changes = write(project / "generated", compiled, VERSION)
    show((*compiled.findings, *leftovers(changes, "generated")), "text", project, compiled.texts)
    machines = len(compiled.machine_places)
    say(f"compiled {machines} machine{'s' if machines != 1 else ''}: {changes}")


def _next(answers: Answers, repository: Repository) -> None:
    steps = ["read policies/fleet.yaml and policies/sensitive-data.yaml: Macs and labels are guesses"]
    if repository.compiled is None:
        steps.insert(0, "vane lock, then vane compile: no lock pins all of these models, so nothing is compiled yet")
    else:
        steps.append("vane lock, for today's prices")
    if answers.start:
        steps.append("market.yaml, acceptance.yaml and tests.yaml are yours to add; the weekly run wants them")
    steps.append("git init --initial-branch=main && git add --all && git commit -m 'Model routing'")
    steps.append(f"set up what the workflows want: {HOME}/blob/main/docs/ci.md")
    say("next:")
    for step in steps:
        say(f"  {step}")
