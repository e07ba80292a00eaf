"""The branch's commits: one a proposal, with its policy lines alone, and a last one with all that follows from them.

They are built in a working tree of their own, so that a person's is left alone, and nothing is half done. A commit
tells the week's date and not the hour's: the same week upon the same main branch is the same commits.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compiler import VERSION
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import Finding, Place, PolicyError
from compiler.whole_file import write_whole
from compiler.write import write
from harness.market import archive
from harness.outside import inert
from harness.propose.decide import Decided, Made
from harness.propose.edit import edited
from harness.propose.proposal import confidence
from harness.propose.week_evidence import LOCK
from harness.propose.yaml_nodes import EditRefused
from harness.report.words import cut, several
from harness.weekly.branch import OF_EDITS, OF_PROPOSAL, OF_ROUTES, OF_WEEK, Branch, Earlier
from harness.weekly.findings import GIT_REFUSED, LOCK_KEPT
from harness.weekly.git import ask, dated, git
from harness.weekly.tree import beside, take_back
from harness.weeks import Week

_SUBJECT = 72
_FIX = "merge or close the pull request, then run it again"


@dataclass(frozen=True, slots=True)
class Built:
    """The branch as it is now."""

    commit: str
    findings: tuple[Finding, ...]


def build(project: Path, branch: Branch, decided: Decided, derive: Callable[[Path], None]) -> Built:
    """Make the commits and set the local branch. Raises PolicyError, and then no branch has changed.

    `derive` writes what is made of policies and evidence together, in the tree that it is given: text and page.
    """
    with beside(project, branch.start) as tree:
        back = _giving_way(branch, decided)
        for earlier in reversed(back.values()):
            _take_back(tree, earlier, decided.week)
        there = branch.proposed.keys() - back.keys()
        for made in decided.made:
            if inert(made.signal.key) not in there:
                _propose(tree, made, decided)
        found = _follow(project, tree, branch, decided, derive)
        commit = git(tree, "rev-parse", "HEAD").strip()
    git(project, "update-ref", f"refs/heads/{branch.name}", commit, branch.local or "")
    return Built(commit, found)


def beneath(branch: Branch, decided: Decided) -> tuple[str, ...]:
    """What the week stands upon on a branch with people's commits: these, and proposals that nobody makes any more."""
    if not branch.foreign:
        return ()
    old = branch.standing - _giving_way(branch, decided).keys() - {inert(made.signal.key) for made in decided.made}
    return (several(len(branch.foreign), "commit") + " of people", *(f"the earlier {key!r}" for key in sorted(old)))


def peoples(branch: Branch, decided: Decided) -> tuple[str, ...]:
    """The week's proposals that people have changed on the branch, or taken back: there it is as they left it."""
    keys = [inert(made.signal.key) for made in decided.made]
    return tuple(key for key in keys if key in branch.proposed and branch.proposed[key].is_peoples)


def push(project: Path, branch: Branch, built: Built) -> None:
    """To origin, if it still is where it was looked at: what somebody pushed meanwhile is not overwritten."""
    lease = f"--force-with-lease=refs/heads/{branch.name}:{branch.tip or ''}"
    git(project, "push", "--quiet", lease, "origin", f"{built.commit}:refs/heads/{branch.name}")


def _giving_way(branch: Branch, decided: Decided) -> dict[str, Earlier]:
    """Earlier commits of the bot's that are taken back: their proposal makes another edit today, or none any more and
    one of this week's changes the same route. On the branch too a route has one voice."""
    now = {inert(made.signal.key): fingerprint(made) for made in decided.made}
    routes = {route for made in decided.made for route in made.signal.routes}
    standing = {key: branch.proposed[key] for key in branch.proposed if key in branch.standing}
    return {
        key: earlier
        for key, earlier in standing.items()
        if (now[key] != earlier.edits if key in now else bool(earlier.routes & routes))
    }


def _take_back(tree: Path, earlier: Earlier, week: Week) -> None:
    subject = git(tree, "log", "-1", "--format=%s", earlier.commit).strip()
    if not take_back(tree, earlier.commit):
        raise PolicyError([GIT_REFUSED.at(Place("git revert"), f"{subject}: it cannot be taken back alone", _FIX)])
    _commit(tree, f"Taken back: {subject}", week)


def fingerprint(made: Made) -> str:
    """Tells other edits from the same."""
    return hashlib.sha256("\n".join(map(str, made.proposal.edits)).encode()).hexdigest()[:16]


def _propose(tree: Path, made: Made, decided: Decided) -> None:
    """Its edits upon what is there. On a branch that people changed they may not fit any more: then it stops."""
    for edit in made.proposal.edits:
        file = tree / "policies" / edit.file
        try:
            text = edited(file.read_bytes().decode("utf-8"), edit)
        except (OSError, EditRefused) as refused:
            said = f"{made.proposal.title}: the edit does not fit on what is on the branch: {refused}"
            raise PolicyError([GIT_REFUSED.at(Place(f"policies/{edit.file}"), said, _FIX)]) from refused
        write_whole(file, text.encode("utf-8"))
    _commit(tree, message(made), decided.week, *trailers(made))


def message(made: Made) -> str:
    """Of a proposal's commit: what, why, how sure, and what would take it back."""
    proposal = made.proposal
    lines = [inert(cut(proposal.title, _SUBJECT)), ""]
    lines += [f"- {inert(cut(each.text, 300))} ({inert(each.file)})" for each in proposal.evidence]
    lines += ["", inert(" ".join((proposal.effect, *made.effect.words)))]
    lines += [f"Confidence: {inert(confidence(proposal))}.", f"Taken back if: {inert(proposal.reversal)}"]
    return "\n".join(lines)


def trailers(made: Made) -> tuple[str, ...]:
    """By which a later week knows the commit."""
    return (
        f"{OF_PROPOSAL}: {inert(made.signal.key)}",
        f"{OF_EDITS}: {fingerprint(made)}",
        f"{OF_ROUTES}: {inert(' '.join(made.signal.routes))}",
    )


def _follow(
    project: Path, tree: Path, branch: Branch, decided: Decided, derive: Callable[[Path], None]
) -> tuple[Finding, ...]:
    """Evidence, lock, generated/ and what is told of them: nothing of it was written by a person."""
    _copy_weeks(project, tree, decided)
    if (project / LOCK).is_file():
        write_whole(tree / LOCK, (project / LOCK).read_bytes())
    compiled, findings = _compiled(tree, branch)
    write(tree / "generated", compiled, VERSION)
    derive(tree)
    _keep_peoples(tree, branch)
    folder = archive.folder(tree, decided.week)
    shutil.copytree(folder, archive.folder(project, decided.week), dirs_exist_ok=True)  # told alike in both places
    what = "evidence and generated/" if decided.made else "evidence"
    _commit(tree, f"{decided.week}: {what}", decided.week)
    return findings


def _copy_weeks(project: Path, tree: Path, decided: Decided) -> None:
    """Weeks up to this one, and the index."""
    source, target = project / archive.FOLDER, tree / archive.FOLDER
    later = {folder.name for folder in source.glob("????-W??") if folder.name > str(decided.week)}
    for folder in source.glob("????-W??"):
        if folder.name not in later:
            shutil.rmtree(target / folder.name, ignore_errors=True)
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", *later))


def _keep_peoples(tree: Path, branch: Branch) -> None:
    """What people changed of the evidence on the branch stays as they left it."""
    for commit in branch.foreign:  # of a merge (--cc), what it has of neither side: nobody wrote the rest
        for path in git(tree, "show", "--format=", "--name-only", "--cc", "-z", commit).split("\0"):
            if path.startswith(f"{archive.FOLDER}/"):
                ask(tree, "checkout", "--quiet", "HEAD", "--", path)


def _compiled(tree: Path, branch: Branch) -> tuple[Compiled, tuple[Finding, ...]]:
    """With the new lock; where no proposal could mend what it brings, with the old one, and that is said."""
    try:
        return compile_policies(tree / "policies"), ()
    except PolicyError as error:
        git(tree, "checkout", "--quiet", branch.base, "--", LOCK)
        compiled = compile_policies(tree / "policies")
        return compiled, (LOCK_KEPT.at(Place(LOCK), error.findings[0].message),)


def _commit(tree: Path, text: str, week: Week, *more: str) -> None:
    git(tree, "add", "--all", "--", "policies", "generated")
    if ask(tree, "diff", "--cached", "--quiet").returncode:
        told = "\n".join((f"{OF_WEEK}: {week}", *more))
        git(tree, "commit", "--quiet", "--no-verify", "--message", f"{text}\n\n{told}", told=dated(week))
