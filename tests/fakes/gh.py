"""As much of GitHub's command line (gh 2.x, cli.github.com/manual) as our workflows' steps use, upon a JSON file.

`python gh.py STATE pr …` or `… release …`. What the real one refuses is refused: no token (code 4), an unknown pull
request or release, auto-merge taken back where none waits, a head that is not the one that was named, a second release
of a tag, an asset that is there. Anything that it does not know is an error. Where the state's `uploads` are used up it
dies in the middle, as a job does whose time is over: a release that is not whole stays a draft.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TOKEN = "ghs_an-app-token-for-tests"
_NUMBERS = ".[].number"
_OURS = (
    '.[] | select(.headRefName | startswith("weathervane/")) | '
    '"\\(.number) \\(.autoMergeRequest != null) \\(any(.labels[]; .name == "auto-merge"))"'
)


def main(arguments: list[str]) -> int:
    """A command; the state is written back."""
    file = Path(arguments[0])
    if os.environ.get("GH_TOKEN") != TOKEN:
        return _refuse("To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.", 4)
    asked = _parser().parse_args(arguments[1:])
    state: dict[str, Any] = json.loads(file.read_text("utf-8"))
    state["asked"].append(" ".join(arguments[1:]))
    if asked.group == "release":
        code = _release(asked, state)
    else:
        code = _list(asked, state) if asked.command == "list" else _change(asked, state)
    file.write_text(json.dumps(state), "utf-8")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    groups = parser.add_subparsers(dest="group", required=True)
    _add_release(groups.add_parser("release").add_subparsers(dest="command", required=True))
    commands = groups.add_parser("pr").add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", allow_abbrev=False)
    for name in ("--limit", "--head", "--json"):
        listed.add_argument(name)
    listed.add_argument("--state", choices=["open"], required=True)
    listed.add_argument("--jq", choices=[_NUMBERS, _OURS], required=True)
    merge, edit, close = (commands.add_parser(name, allow_abbrev=False) for name in ("merge", "edit", "close"))
    for each in (merge, edit, close):
        each.add_argument("number", type=int)
    for name in ("--auto", "--merge", "--disable-auto"):
        merge.add_argument(name, action="store_true")
    merge.add_argument("--match-head-commit")
    edit.add_argument("--remove-label", required=True)
    close.add_argument("--comment", required=True)
    return parser


def _add_release(commands: Any) -> None:
    view, create, upload, edit = (
        commands.add_parser(name, allow_abbrev=False) for name in ("view", "create", "upload", "edit")
    )
    for each in (view, create, upload, edit):
        each.add_argument("tag")
    view.add_argument("--json", choices=["isDraft"], required=True)
    view.add_argument("--jq", choices=[".isDraft"], required=True)
    for each in (create, upload):
        each.add_argument("files", nargs="+", type=Path)
    for name in ("--target", "--title", "--notes"):
        create.add_argument(name, required=True)
    upload.add_argument("--clobber", action="store_true")
    edit.add_argument("--draft", choices=["false"], required=True)
    for each in (create, edit):
        each.add_argument("--latest", action="store_true", required=True)


def _release(asked: argparse.Namespace, state: dict[str, Any]) -> int:
    releases = state["releases"]
    found = releases.get(asked.tag)
    if asked.command == "create":
        if found:
            return _refuse(f"a release with the same tag name already exists: {asked.tag}")
        releases[asked.tag] = {"draft": True, "target": asked.target, "assets": {}}
        code = _upload(asked, state)
        releases[asked.tag]["draft"] = code != 0
        return code
    if found is None:
        return _refuse("release not found")
    if asked.command == "view":
        sys.stdout.write(f"{str(found['draft']).lower()}\n")
    elif asked.command == "upload":
        return _upload(asked, state)
    else:
        found["draft"] = False
    return 0


def _upload(asked: argparse.Namespace, state: dict[str, Any]) -> int:
    assets = state["releases"][asked.tag]["assets"]
    if (there := [file.name for file in asked.files if file.name in assets]) and not asked.clobber:
        return _refuse(f"asset under the same name already exists: {there}")
    for file in asked.files:
        if not state["uploads"]:
            return 137
        state["uploads"] -= 1
        assets[file.name] = file.read_text("utf-8")
    return 0


def _list(asked: argparse.Namespace, state: dict[str, Any]) -> int:
    for pull in state["pulls"]:
        if pull["state"] == "open" and asked.head in (None, pull["head"]):
            if asked.jq == _NUMBERS:
                sys.stdout.write(f"{pull['number']}\n")
            elif pull["head"].startswith("weathervane/"):
                marks = (pull["auto_merge"], "auto-merge" in pull["labels"])
                sys.stdout.write(f"{pull['number']} {' '.join(str(each).lower() for each in marks)}\n")
    return 0


def _change(asked: argparse.Namespace, state: dict[str, Any]) -> int:
    pull = next((each for each in state["pulls"] if each["number"] == asked.number), None)
    if pull is None or pull["state"] != "open":
        return _refuse(f"GraphQL: Could not resolve to a PullRequest with the number of {asked.number}.")
    if asked.command == "edit":
        pull["labels"] = [label for label in pull["labels"] if label != asked.remove_label]
    elif asked.command == "close":
        pull |= {"state": "closed", "comments": [*pull["comments"], asked.comment]}
    elif asked.disable_auto:
        if not pull["auto_merge"]:
            return _refuse("GraphQL: Can't disable auto-merge for this pull request.")
        pull["auto_merge"] = False
    else:
        assert asked.auto and asked.merge and re.fullmatch("[0-9a-f]{40}", asked.match_head_commit)
        where = ["git", "-C", state["remote"], "rev-parse", f"refs/heads/{pull['head']}"]
        if subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip() != asked.match_head_commit:
            return _refuse("GraphQL: Head branch was modified. Review and try the merge again.")
        pull["auto_merge"] = True
    return 0


def _refuse(why: str, code: int = 1) -> int:
    sys.stderr.write(f"{why}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
