"""The six real weeks of the archive, replayed: `make replay`, or `python -m tests.replay FOLDER`.

2026-W22 to W27 are the weeks of the archive that come from OpenRouter's official data set; the older ones are rounded
Top 10s of the public page, and W21 is an article's table. So these six are what a team would have got. Each Monday is
run with what was known then: later weeks are not in the clone yet. The reviewer of the replay merges what is proposed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.cli import main
from harness.market import archive
from harness.propose.pull_request import FILE
from harness.weeks import Week

PROJECT = Path(__file__).parents[1]
WEEKS = tuple(Week(2026, number) for number in range(22, 28))
_AS = ("-c", "user.name=reviewer", "-c", "user.email=reviewer@acme.example", "-c", "commit.gpgSign=false")


def git(folder: Path, *arguments: str) -> str:
    """Git as the reviewer."""
    done = subprocess.run(["git", "-C", str(folder), *_AS, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


@dataclass(frozen=True, slots=True)
class Replayed:
    """A Monday of the replay."""

    week: Week
    code: int
    #: the pull request's text; None for a silent week
    text: str | None
    #: subjects of the branch's commits, the oldest first
    commits: tuple[str, ...]


def clone(folder: Path) -> Path:
    """A scratch clone of the project with a bare remote, as it was before the first week."""
    remote, project = folder.resolve() / "remote.git", folder / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote)], check=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(project)], check=True)
    git(project, "remote", "add", "origin", str(remote))
    shutil.copytree(PROJECT / "policies", project / "policies")
    known = shutil.ignore_patterns(*(str(week) for week in WEEKS), "index.html", ".*")
    shutil.copytree(PROJECT / "generated", project / "generated", ignore=known)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "What was known before the first week")
    git(project, "push", "--quiet", "origin", "main")
    return project


def replay(project: Path) -> Iterator[Replayed]:
    """Monday after Monday."""
    for week in WEEKS:
        folder = archive.folder(project, week)
        shutil.copytree(archive.folder(PROJECT, week), folder, ignore=_DERIVED)
        code = main(["week", str(week), "-C", str(project), "--from", "propose", "--commit", "--push"])
        file = folder / FILE
        branch = f"origin/weathervane/{week}"
        yield Replayed(
            week,
            code,
            file.read_text("utf-8") if file.is_file() else None,
            tuple(reversed(git(project, "log", "--format=%s", f"main..{branch}").splitlines())),
        )
        shutil.rmtree(folder)  # it comes with the merge
        git(project, "checkout", "--quiet", "--", ".")
        git(project, "clean", "--quiet", "--force", "-d")
        git(project, "merge", "--quiet", "--no-ff", "--no-edit", branch)
        git(project, "push", "--quiet", "origin", "main")


#: What the replay makes itself.
_DERIVED = shutil.ignore_patterns("proposals.json", FILE, "index.html", ".*")


def _run(folder: Path) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project = clone(folder)
    worst = 0
    for monday in replay(project):
        worst = max(worst, monday.code)
        file = folder / f"{monday.week}.md"
        file.write_text(monday.text or f"{monday.week}: no pull request\n", "utf-8")
        sys.stdout.write(f"{file}: {len(monday.commits)} commits\n")
    return worst


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1])))
