"""Hand the week's pull request to the step that opens it: branch, title, labels and text. Nothing where it is silent.

`vane week --commit` has left one branch, weathervane/…, and pushed it. The working tree's own branch is set to it:
create-pull-request takes commits from there, finds them pushed already, and opens or updates the pull request.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

_WEEK = re.compile(r"generated/weeks/[0-9]{4}-W[0-9]{2}")


def git(*arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def main() -> int:
    """0: handed over, or nothing to say."""
    branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads/weathervane/").split()
    if not branches:
        print("no branch: the step before says why")
        return 0
    branch = branches[-1]
    folders = git("ls-tree", "-d", "--name-only", branch, "generated/weeks/").split()
    weeks = [path for path in folders if _WEEK.fullmatch(path)]
    data = json.loads(git("show", f"{branch}:{weeks[-1]}/proposals.json"))
    if not data["pull_request"]:
        print("nothing to propose: no pull request")
        return 0
    body = Path(os.environ["RUNNER_TEMP"]) / "pull-request.md"
    body.write_text(git("show", f"{branch}:{weeks[-1]}/pull-request.md"), "utf-8")
    outputs = {"branch": branch, "title": data["title"], "labels": ",".join(data["labels"]), "body": str(body)}
    if any("\n" in value or "\r" in value for value in outputs.values()):
        raise SystemExit("an output of more than a line would be another output")
    git("reset", "--quiet", "--hard", branch)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
