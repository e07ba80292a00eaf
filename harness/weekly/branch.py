"""The bot's branch: which one it is, what is on it that is not the bot's, and what it holds that is not merged yet.

One pull request is open at a time. A branch is open until the main branch has its week's proposals.json, whichever way
it was merged. What people committed to an open branch stays: then the week builds on top of it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from compiler.diagnostics import Place, PolicyError
from compiler.whole_file import write_whole
from harness.market import archive
from harness.propose.pull_request import FILE as TEXT
from harness.propose.store import FILE
from harness.propose.week_evidence import LOCK
from harness.weekly.findings import NOT_ON_ORIGIN, ON_THE_BRANCH, UNCOMMITTED
from harness.weekly.git import EMAIL, PREFIX, ask, git
from harness.weekly.tree import beside, clear, take_back
from harness.weeks import Week

OF_WEEK, OF_PROPOSAL, OF_EDITS, OF_ROUTES = (f"Weathervane-{name}" for name in ("Week", "Proposal", "Edits", "Routes"))
_REMOTE = "origin"
_WEEK_FOLDER = re.compile(rf"{re.escape(archive.FOLDER)}/([0-9]{{4}}-W[0-9]{{2}})/.*")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A proposal whose commit is on the branch already."""

    commit: str
    #: the fingerprint of its edits, as its trailer has it
    edits: str
    routes: frozenset[str]
    #: whether people have changed its commit or its lines, or have taken them back: then it is theirs
    is_peoples: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """The branch that this week goes to."""

    name: str
    #: what it starts from: what is merged
    base: str
    #: where it ends now; None for a new one
    tip: str | None
    #: commits on it that people made
    foreign: tuple[str, ...]
    #: by key, the proposals that the week stands upon: with people's commits, the bot's below them stay too
    proposed: Mapping[str, Earlier]
    #: the newest branch that is not merged, whose evidence goes along; the same one, or one that had nothing to propose
    carried: str | None
    has_remote: bool
    #: where the branch of this clone ends; None where there is none
    local: str | None

    @property
    def standing(self) -> frozenset[str]:
        """Keys of the earlier proposals that merging the branch would merge."""
        return frozenset(key for key, earlier in self.proposed.items() if not earlier.is_peoples)

    @property
    def start(self) -> str:
        """What the week's commits stand upon."""
        return self.tip if self.tip and self.foreign else self.base


def survey(project: Path, week: Week) -> Branch:
    """Look, and fetch; nothing of the working tree changes. Raises PolicyError where the week cannot be committed."""
    clear(project, PREFIX)
    _refuse_unless_clean(project)
    has_remote = _REMOTE in git(project, "remote").split()
    if has_remote:
        git(project, "fetch", "--quiet", "--prune", _REMOTE, f"+refs/heads/{PREFIX}*:refs/remotes/{_REMOTE}/{PREFIX}*")
    base = git(project, "rev-parse", "HEAD").strip()
    open_ones = dict(_open(project, week, base, has_remote=has_remote))
    newest = max(open_ones, default=None)
    carried = open_ones[newest] if newest else None
    name = f"{PREFIX}{week}"
    if newest and newest < week and carried and _has_text(project, carried, base):
        name = f"{PREFIX}{newest}"  # a pull request that is open still: it is updated
    tip = open_ones.get(Week.parse(name.removeprefix(PREFIX)))
    foreign, proposed = _on_it(project, base, tip) if tip else ((), {})
    _refuse_elsewhere(project, name)
    if has_remote:
        _refuse_unless_on_origin(project, name, base, foreign)
    stands_on = _judged(project, tip, proposed) if tip and foreign else {}
    local = ask(project, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}").stdout.decode().strip()
    return Branch(name, base, tip, foreign, stands_on, carried, has_remote, local or None)


def _refuse_unless_clean(project: Path) -> None:
    here = ask(project, "symbolic-ref", "--quiet", "--short", "HEAD").stdout.decode().strip()
    if here.startswith(PREFIX):
        raise PolicyError([ON_THE_BRANCH.at(Place("git"), f"{here} is checked out")])
    changed = [line[3:] for line in git(project, "status", "--porcelain", "--", "policies").splitlines()]
    if others := [file for file in changed if file != LOCK]:
        raise PolicyError([UNCOMMITTED.at(Place(others[0]), f"{others[0]} has changes that are not committed")])


def _refuse_elsewhere(project: Path, name: str) -> None:
    """The branch is set to new commits: a tree in which it is checked out would look like one full of changes."""
    for of in git(project, "worktree", "list", "--porcelain").split("\n\n"):
        tree, *about = of.splitlines() or [""]
        is_there = not any(line.startswith("prunable") for line in about)
        if f"branch refs/heads/{name}" in about and is_there:
            where = tree.removeprefix("worktree ")
            fix = f"commit and push what you have there; then: git worktree remove {shlex.quote(where)}"
            raise PolicyError([ON_THE_BRANCH.at(Place("git"), f"{name} is checked out in {where}", fix)])


def _refuse_unless_on_origin(project: Path, name: str, base: str, on_origin: tuple[str, ...]) -> None:
    """The week starts from origin's branch and then sets the local one: what only that one has would be lost."""
    local = f"refs/heads/{name}"
    if ask(project, "rev-parse", "--verify", "--quiet", local).returncode:
        return
    here, _ = _on_it(project, base, local)
    if only := [commit for commit in here if commit not in on_origin]:
        said = f"{name} has {only[0][:12]} here and not on {_REMOTE}"
        raise PolicyError([NOT_ON_ORIGIN.at(Place("git"), said)])


def _open(project: Path, week: Week, base: str, *, has_remote: bool) -> Iterator[tuple[Week, str]]:
    """Branches up to this week that are not merged."""
    where = f"refs/remotes/{_REMOTE}/{PREFIX}" if has_remote else f"refs/heads/{PREFIX}"
    for line in git(project, "for-each-ref", "--format=%(refname) %(objectname)", where).splitlines():
        name, commit = line.split()
        try:
            of = Week.parse(name.removeprefix(where))
        except ValueError:
            continue  # somebody's own
        if of <= week and not _has(project, base, f"{archive.FOLDER}/{of}/{FILE}"):
            yield of, commit


def _has(project: Path, commit: str, path: str) -> bool:
    return ask(project, "cat-file", "-e", f"{commit}:{path}").returncode == 0


def _has_text(project: Path, tip: str, base: str) -> bool:
    """Whether there is a pull request to it: a week on it that is not merged had something to say."""
    return any(path.endswith(f"/{TEXT}") for path in _new_evidence(project, tip, base))


def _on_it(project: Path, base: str, tip: str) -> tuple[tuple[str, ...], dict[str, Earlier]]:
    """People's commits, also those of the bot's that they amended, and the newest commit of each proposal."""
    trailers = (f"%(trailers:key={key},valueonly)" for key in (OF_WEEK, OF_PROPOSAL, OF_EDITS, OF_ROUTES))
    form = "%x00".join(("%H", "%ae", "%ce", *trailers)) + "%x1e"
    rows = git(project, "log", "--topo-order", "--reverse", f"--format={form}", f"{base}..{tip}").split("\x1e")
    foreign, proposed = [], {}
    for row in filter(str.strip, rows):
        commit, author, committer, of, key, edits, routes = (part.strip() for part in row.split("\0"))
        is_peoples = {author, committer} != {EMAIL} or not of
        if is_peoples:
            foreign.append(commit)
        if key:
            proposed[key] = Earlier(commit, edits, frozenset(routes.split()), is_peoples)
    return tuple(foreign), proposed


def _judged(project: Path, tip: str, proposed: Mapping[str, Earlier]) -> dict[str, Earlier]:
    """Whether the lines of each are still as the bot left them."""
    with beside(project, tip) as tree:
        found = {}
        for key, earlier in proposed.items():
            is_peoples = earlier.is_peoples or not take_back(tree, earlier.commit)
            found[key] = replace(earlier, is_peoples=is_peoples)
            git(tree, "reset", "--quiet", "--hard")
    return found


def _new_evidence(project: Path, tip: str, base: str) -> Iterator[str]:
    """Files of weeks that the base does not have."""
    for path in git(project, "ls-tree", "-r", "-z", "--name-only", tip, "--", archive.FOLDER).split("\0"):
        found = _WEEK_FOLDER.fullmatch(path)
        if found and not _has(project, base, f"{archive.FOLDER}/{found.group(1)}"):
            yield path


def carry(project: Path, branch: Branch) -> None:
    """Evidence of weeks that are not merged, into the working tree: later weeks are compared with it."""
    if branch.carried is None:
        return
    for path in _new_evidence(project, branch.carried, branch.base):
        if not (project / path).exists():
            write_whole(project / path, ask(project, "cat-file", "blob", f"{branch.carried}:{path}").stdout)
