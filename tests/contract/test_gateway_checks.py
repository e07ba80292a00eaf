"""OpenClaw's own checks of what we compile, on the gateway that runs and on files at rest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.plan import MachinePlan
from tests.contract.gateway import TOKEN_VARIABLE, Gateway, home
from tests.contract.installation import command
from tests.contract.npm import PROJECT
from tests.contract.turns import COMPILED, FILES, ROUTES, VARIABLES, Bench

#: A proxy that refuses every connection: port 9 is for discarding.
NOWHERE = "http://127.0.0.1:9"
CHECKS = (("doctor", "--lint", "--json"), ("security", "audit", "--json"))
EXPLAINED = re.compile(r"^\| `([^`]+)` \| (info|warning|warn|error|critical) \|", re.MULTILINE)


def findings(gateway: Gateway, *check: str) -> list[dict[str, Any]]:
    """What one of OpenClaw's checks finds."""
    done = gateway.run(*check)
    assert done.stdout.strip(), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def test_openclaws_own_checks_find_what_the_docs_explain_and_nothing_else(bench: Bench) -> None:
    explained = EXPLAINED.findall((PROJECT / "docs" / "openclaw.md").read_text("utf-8"))
    found = [finding for check in CHECKS for finding in findings(bench.gateway, *check)]
    assert sorted((finding["checkId"], finding["severity"]) for finding in found) == sorted(explained), found


@pytest.mark.parametrize("agent", ROUTES)
def test_every_agent_is_as_the_policy_says(bench: Bench, agent: str) -> None:
    assert findings(bench.gateway, "policy", "check", "--json", "--agent", agent) == []


def policy_findings(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """What `openclaw policy check` says about files at rest."""
    environment = {**home(folder, files), **dict.fromkeys((*VARIABLES.values(), TOKEN_VARIABLE), "stub")}
    agent = next(iter(json.loads(files["openclaw.json"])["agents"]["entries"]))
    gateway = Gateway(command(), environment, NOWHERE, folder, 0)
    return sorted({finding["checkId"] for finding in findings(gateway, "policy", "check", "--json", "--agent", agent)})


def test_a_client_mac_is_as_its_policy_says(tmp_path: Path) -> None:
    bundle = next(b for b in COMPILED.bundles if isinstance(b.plan, MachinePlan) and b.plan.gateway)
    assert policy_findings(tmp_path, {each.path: each.content for each in bundle.by_target["openclaw"]}) == []


def test_openclaw_itself_reports_drift_of_the_configuration(tmp_path: Path) -> None:
    data = json.loads(FILES["openclaw.json"])
    data["gateway"]["bind"] = "lan"
    data["models"]["providers"]["elsewhere"] = {"baseUrl": "https://elsewhere.example/v1", "models": []}
    assert policy_findings(tmp_path, {**FILES, "openclaw.json": json.dumps(data).encode()}) == [
        "policy/gateway-non-loopback-bind",
        "policy/models-unapproved-provider",
    ]


def test_openclaw_itself_reports_a_policy_made_to_fit(tmp_path: Path) -> None:
    edited = FILES["policy.jsonc"].replace(b'"requireAuth": true', b'"requireAuth": false')
    assert edited != FILES["policy.jsonc"]
    assert policy_findings(tmp_path, {**FILES, "policy.jsonc": edited}) == ["policy/policy-hash-mismatch"]
