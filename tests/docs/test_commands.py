"""Every command on every page is run, and its output held against what the page shows; or it is at least parsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.fences import PLACES, PROJECT, Block, Kind, blocks, name, pages, prose
from tests.docs.parsed import refusal, spans, typed
from tests.docs.scenes import SCENES
from tests.docs.shown import asserts, steps
from tests.docs.walk import Walk, carry_out, rewrite

#: What the README shows is the heart of an answer, as it says itself.
EXCERPTS = frozenset({"README.md"})
_ACTS = {Kind.RUN, Kind.FILE, Kind.CHANGE}
PAGES = pages()
WALKED = [page for page in PAGES if any(block.kind in _ACTS for block in blocks(page))]


@pytest.mark.parametrize("page", WALKED, ids=name)
def test_what_the_page_shows_is_what_is_said(page: Path, walk: Walk, request: pytest.FixtureRequest) -> None:
    excerpt = name(page) in EXCERPTS
    other = carry_out(page, walk, SCENES.get(name(page), {}), excerpt=excerpt)
    if other and request.config.getoption("--update-golden") and not excerpt:
        other = rewrite(page, other)
    assert not other, "\n\n".join(map(str, other)) + "\n`pytest tests/docs --update-golden` writes what it can"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_run_or_says_where_it_is(page: Path) -> None:
    loose = [str(block) for block in blocks(page) if block.kind is None]
    assert not loose, f"write ```console, or ```sh with a title of {sorted(PLACES)}, or data without commands"
    loose = [line for line in prose(page).split("\n") if line.lstrip().startswith("$ ") or line.startswith("    vane ")]
    assert not loose, "a command outside of a block, where nobody runs it"


ELSEWHERE = [block for page in PAGES for block in blocks(page) if block.kind is Kind.ELSEWHERE]


@pytest.mark.parametrize("block", ELSEWHERE, ids=str)
def test_what_runs_elsewhere_parses(block: Block) -> None:
    for command in typed(block.text):
        assert refusal(command) is None, f"{block}: {' '.join(command)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_in_a_sentence_exist(page: Path) -> None:
    wrong = [(" ".join(span), said) for span in spans(prose(page)) if (said := refusal(span, whole=False))]
    assert not wrong


@pytest.mark.parametrize("page", WALKED, ids=name)
def test_each_command_shows_something_of_its_output(page: Path) -> None:
    runs = [block for block in blocks(page) if block.kind is Kind.RUN]
    assert [step.command for block in runs for step in steps(block) if not asserts(step.shown)] == []


def test_every_scene_has_its_command() -> None:
    shown = {
        (name(page), step.command)
        for page in WALKED
        for block in blocks(page)
        if block.kind is Kind.RUN
        for step in steps(block)
    }
    assert {(page, command) for page, commands in SCENES.items() for command in commands} <= shown


def test_pages_that_messages_name_are_there() -> None:
    sources = [
        file.read_text("utf-8")
        for room in ("compiler", "harness", "deploy")
        for file in PROJECT.glob(f"{room}/**/*.py")
    ]
    named = {page for text in sources for page in re.findall(r"docs/[a-z0-9/-]+\.md", text)}
    assert len(named) > 5
    assert [page for page in sorted(named) if not (PROJECT / page).is_file()] == []


def test_make_has_what_the_pages_ask_of_it() -> None:
    targets = (PROJECT / "Makefile").read_text("utf-8")
    asked = {word for block in ELSEWHERE for command in typed(block.text, "make") for word in command[1:]}
    assert asked, "no page tells of make any more"
    assert all(f"\n{target}:" in targets for target in asked)
