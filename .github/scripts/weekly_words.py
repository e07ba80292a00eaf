"""What the weekly pull request says, for the steps that open it; and the working tree becomes what the branch holds.

Its title and labels come from proposals.json, its body from pull-request.md. Both hold words from outside, made
harmless by whoever wrote them; here they are only kept from being more than one line of $GITHUB_OUTPUT.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from compiler.diagnostics import PolicyError
from compiler.formats import one_line
from harness.market import archive
from harness.propose.decide import AUTO_MERGE
from harness.propose.pull_request import FILE as TEXT
from harness.propose.store import FILE
from harness.weekly.git import EMAIL, PREFIX, git
from harness.weeks import Week

BASE, LABEL = "main", "weathervane"


def main(week: Week) -> int:
    """0: said; 1: the branch was not built, or not pushed."""
    project = Path.cwd()
    folder = archive.folder(project, week)
    try:
        built = git(project, "for-each-ref", "--format=%(refname:short) %(objectname)", f"refs/heads/{PREFIX}").split()
        branch, commit = built
        if git(project, "rev-parse", f"refs/remotes/origin/{branch}").strip() != commit:
            raise ValueError(f"{branch} was not pushed")
        is_ours = {*git(project, "log", "--format=%ae%n%ce", f"{BASE}..{branch}").split()} <= {EMAIL}
        git(project, "checkout", "--quiet", "--force", "-B", BASE, branch)
        decided: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
    except (PolicyError, OSError, ValueError) as error:
        sys.stderr.write(f"weekly_words: there is no branch of {week} to speak of: {error!r:.300}\n")
        return 1
    labels = [label for label in decided["labels"] if is_ours or label != AUTO_MERGE]
    body = _body(folder, decided)
    said = {
        "branch": branch,
        "commit": commit,
        "pull-request": str(decided["pull_request"]).lower(),
        "title": decided["title"],
        "body": str(body),
        "labels": ",".join([LABEL, *labels]),
        "ours": str(is_ours).lower(),
        "auto-merge": str(AUTO_MERGE in labels).lower(),
    }
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.writelines(f"{name}={one_line(value)}\n" for name, value in said.items())
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
        summary.write(body.read_text("utf-8"))
    return 0


def _body(folder: Path, decided: dict[str, Any]) -> Path:
    """The text without its heading, which is the title; a line for a silent week."""
    text = f"{folder.name}: nothing to propose, no pull request.\n"
    if decided["pull_request"]:
        text = (folder / TEXT).read_text("utf-8").partition("\n")[2].lstrip()
    body = Path(os.environ["RUNNER_TEMP"]) / "pull-request.md"
    body.write_text(text, "utf-8")
    return body


if __name__ == "__main__":
    sys.exit(main(Week.parse(sys.argv[1])))
