"""Which release this is, from git alone: no clock is asked, so none can lie."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.release.git import last_words
from deploy.release.manifest import LINEAGE, Origin

#: What a release is made of. A commit that changes none of it makes no release.
PARTS = ("generated/machines", "generated/rollout")
_WHOLE = "fetch the whole history (actions/checkout: fetch-depth: 0)"


@dataclass(frozen=True, slots=True)
class Lineage:
    """A release's place, and the commits of the releases before it, newest first."""

    origin: Origin
    before: tuple[str, ...]


def lineage(project: Path, revision: str = "HEAD") -> Lineage:
    """The place of what `revision` holds. Raises Refusal."""
    if _git(project, "rev-parse", "--is-shallow-repository").strip() != "false":
        raise Refusal("VD102", str(project), "it is a shallow clone, so releases cannot be counted", _WHOLE)
    commit = _git(project, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    # the first parent is the main branch; what was merged into it counts once, as the merge
    log = _git(project, "rev-list", "--first-parent", commit, "--", *PARTS).split()
    if not log:
        raise Refusal("VD102", PARTS[0], f"no commit before {revision} changed it", "commit generated/")
    return Lineage(Origin(len(log), log[0]), tuple(log[1 : LINEAGE + 1]))


def refuse_unless_committed(project: Path) -> None:
    """What is bundled must be what was reviewed and merged. Raises Refusal."""
    changed = _git(project, "status", "--porcelain", "--untracked-files=all", "--", *PARTS, "generated/manifest.json")
    if changed:
        first = changed.splitlines()[0][3:]
        raise Refusal("VD101", first, "it is not as it was committed", "run `vane compile`, commit, and bundle again")


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", project, *arguments], capture_output=True, check=False)
    except OSError as error:
        raise Refusal("VD102", "git", f"cannot be run: {error.strerror}", "install git") from error
    if done.returncode:
        said = f"git {arguments[0]}: {last_words(done)}"
        raise Refusal("VD102", str(project), said, "bundle in a clone of the project")
    return done.stdout.decode()
