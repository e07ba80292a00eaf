"""Which run of weekly.yml on the main branch kept its ledger and runs, as `run=<number>`; nothing where none did.

It asks for runs of that workflow alone: an artifact of the same name may come from a stranger's pull request. So may a
run of that workflow: a fork's pull request can give weekly.yml another trigger, from a branch that is named main too.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

WORKFLOW, BRANCH, ARTIFACT = "weekly.yml", "main", "weekly-kept"
#: What only the repository itself, or who may write to it, can start.
_EVENTS = ("schedule", "workflow_dispatch")
#: Artifacts last 90 days: thirteen Mondays, and some by hand.
_MOST = 30


def main() -> int:
    """0: said, or there is none; 1: GitHub does not answer."""
    try:
        runs = _get(f"actions/workflows/{WORKFLOW}/runs?branch={BRANCH}&per_page={_MOST}")["workflow_runs"]
        found = next((number for run in runs if _is_ours(run) and _kept(number := int(run["id"]))), None)
    except (OSError, ValueError, KeyError, TypeError) as error:  # URLError and HTTPError are OSErrors
        sys.stderr.write(f"last_weekly_run: GitHub does not say which run kept something: {error!r:.300}\n")
        return 1
    sys.stdout.write("" if found is None else f"run={found}\n")
    return 0


def _is_ours(run: Any) -> bool:
    head = run["head_repository"] or {}  # None: a fork that is gone
    return run["event"] in _EVENTS and head.get("full_name") == os.environ["GITHUB_REPOSITORY"]


def _kept(run: int) -> bool:
    artifacts = _get(f"actions/runs/{run}/artifacts?name={ARTIFACT}")["artifacts"]
    return any(each["name"] == ARTIFACT and not each["expired"] for each in artifacts)


def _get(path: str) -> Any:
    base = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    headers = {
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    with urllib.request.urlopen(urllib.request.Request(f"{base}/{path}", headers=headers), timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
