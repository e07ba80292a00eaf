"""What fuzzing found, and what reading its doors found after it: each broke a promise once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.agent.blend import BLENDS
from deploy.agent.jobs import Job, jobs_of
from deploy.agent.openclaw import gateway_port
from deploy.agent.status import read_report
from deploy.agent.weights import weights_of
from deploy.release.archive import Release, unpack
from tests.deploy.desk import plist
from tests.fuzz import bundles, market

HEAD = b"snapshot_date,rank_by_tokens,slug,name,total_tokens,percent_change\n"
DEEP = b"[" * 3000
HALF = "\ud800"
HUGE = "1e99999999"


def rows(**changes: str) -> bytes:
    row = {"day": "2026-05-03", "rank": "1", "slug": "a/b", "name": "x", "tokens": "3030123456789", "percent": "7"}
    return HEAD + ",".join((row | changes).values()).encode() + b"\n"


def answer(**changes: Any) -> bytes:
    """A week of the data set; the changes are to its first row, or of the `other` of each day."""
    data = market.week_answer()
    others = {"total_tokens": changes.pop("others")} if "others" in changes else {}
    for row in data["data"]:
        row.update(others if row["model_permaslug"] == "other" else {})
    data["data"][0].update(changes)
    return json.dumps(data).encode()


def model(number: str = "", **changes: Any) -> bytes:
    """An answer of GET /models with one model; `number` stands where text is NUMBER."""
    return json.dumps({"data": [copy.deepcopy(market.MODEL) | changes]}).replace('"NUMBER"', number).encode()


def offer(number: str = "", **changes: Any) -> bytes:
    endpoints = {"data": {"endpoints": [copy.deepcopy(market.ENDPOINT) | changes]}}
    parts = {"models": {"data": [market.MODEL]}, "zdr": {"data": []}, "endpoints": endpoints}
    return json.dumps(parts).replace('"NUMBER"', number).encode()


def apps(as_of: str) -> bytes:
    return json.dumps({"data": [market.APP], "meta": {"as_of": as_of, "version": "v1"}}).encode()


def generation(**changes: Any) -> bytes:
    return json.dumps(market.GENERATION | changes).encode()


PRICES: dict[str, Any] = dict(market.ENDPOINT["pricing"])
PRICING: dict[str, Any] = dict(market.MODEL["pricing"])
REFUSED = {
    "a Monday before which there is none": ("import", rows(day="0001-01-01")),
    "a slug that the archive cannot hold": ("import", rows(slug=f"a/{'b' * 199}")),
    "a gap of two thousand years": ("import", answer(date="0001-01-01")),
    "more tokens in a week than 64 bits hold": ("import", answer(others=str(2**63 - 1))),
    "a time before all time": ("apps", apps("0001-01-01T00:00:00+23:59")),
    "a time after all time": ("apps", apps("9999-12-31T23:59:59-10:00")),
    "a threshold with more digits than fit": (
        "lock", model(HUGE, pricing=PRICING | {"overrides": [{"min_prompt_tokens": "NUMBER", "prompt": "0"}]}),
    ),
    "half a character in a slug": ("lock", model(id=f"{HALF}/x")),
    "half a character in a parameter": ("lock", model(supported_parameters=[HALF])),
    "a price with more digits than fit": ("prices", offer(pricing=PRICES | {"prompt": HUGE})),
    "half a token of context": ("prices", offer("1.5", context_length="NUMBER")),
    "a status that is a fraction": ("prices", offer("0.5", status="NUMBER")),
    "half a character in a session": ("generations", generation(session_id=HALF)),
    "half a character in a provider": ("generations", generation(provider_name=HALF)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_market_refuses(name: str) -> None:
    door, content = REFUSED[name]
    assert market.TARGET.doors[door].enter(content) is False


@pytest.mark.parametrize(("door", "content"), [("import", rows(slug=f"a/{'b' * 198}")), ("prices", offer(status=-2))])
def test_the_market_takes_what_is_just_good_enough(door: str, content: bytes) -> None:
    assert market.TARGET.doors[door].enter(content) is True


@pytest.mark.parametrize("door", ["cursor row", "agent.json", "state.json", "ledger.json"])
def test_what_is_nested_too_deeply_is_damage_and_no_traceback(door: str) -> None:
    assert bundles.TARGET.doors[door].enter(DEEP) is False


def test_a_models_index_nested_too_deeply_is_a_model_that_is_not_there(tmp_path: Path) -> None:
    for name, content in (("config.json", b"{}"), ("model.safetensors.index.json", DEEP)):
        (tmp_path / name).write_bytes(content)
    job = Job(LABEL, b"", {"ProgramArguments": ["mlx_lm.server", "--model", str(tmp_path)]})
    found = weights_of({LABEL: job}, bundles.new_mac().site)
    assert found is not None and not found.is_there


def test_the_last_report_nested_too_deeply_is_none(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_bytes(DEEP)
    assert read_report(tmp_path) is None


def test_half_a_character_in_cursors_row_stays_as_it_was() -> None:
    assert bundles.TARGET.doors["cursor row"].enter(b'{"note": "\\ud800 \\u00e9", "aiSettings": {}}') is True


@pytest.mark.parametrize("blend", ["hooks", "openclaw"])
def test_half_a_character_in_a_persons_file_stays_as_it_was(blend: str) -> None:
    there = b'{"hooks": {"stop": [{"command": "say \\ud800"}]}, "wizard": {"say": "\\ud800"}}'
    blended = BLENDS[blend].into(b'{"version": 1, "hooks": {}}', there)
    assert b"\\ud800" in blended
    assert BLENDS[blend].into(b'{"version": 1, "hooks": {}}', blended) == blended


@pytest.mark.parametrize("ours", [b"{}", b'{"hooks": []}', b'{"hooks": {"stop": {}}}'])
def test_a_release_without_hooks_of_its_own_keeps_a_persons(ours: bytes) -> None:
    assert b"say done" in BLENDS["hooks"].into(ours, bundles.THERE["mac .cursor/hooks.json"])


def test_a_hook_of_ours_that_an_agent_does_not_know_is_not_added_each_pass() -> None:
    ours = b'{"version": 1, "hooks": {"stop": [{"command": "/opt/weathervane/cursor/another-guard"}]}}'
    once = BLENDS["hooks"].into(ours, bundles.THERE["mac .cursor/hooks.json"])
    assert BLENDS["hooks"].into(ours, once) == once
    assert [entry["command"] for entry in json.loads(once)["hooks"]["stop"]] == [
        "/opt/weathervane/cursor/another-guard", "say done",
    ]  # fmt: skip


LONE_KEY = b'<?xml version="1.0"?><plist version="1.0"><key>Label</key></plist>'
LABEL = "ai.weathervane.mlx"


@pytest.mark.parametrize(
    "content",
    [
        LONE_KEY,
        plist(LABEL, ExitTimeOut="long"),
        plist(LABEL, ExitTimeOut=10**9),
        plist(LABEL, ExitTimeOut=-20),
        plist(LABEL, ProgramArguments="/bin/sh"),
        plist(LABEL, ProgramArguments=[1]),
    ],
)
def test_a_signed_property_list_with_a_value_that_the_agent_cannot_use(content: bytes) -> None:
    sealed = bundles.joined(**{f"launchd/{LABEL}.plist": content})
    assert bundles.TARGET.doors["sealed"].enter(sealed) is False
    with pytest.raises(Exception, match=LABEL) as refused:
        jobs_of(_release(content))
    assert type(refused.value).__name__ == "Refusal"


def _release(content: bytes) -> Release:
    return unpack(bundles.bundle_of({f"launchd/{LABEL}.plist": content}))


@pytest.mark.parametrize(
    ("port", "found"), [("18789", 18789), ("1e400", None), ("65536", None), ("0", None), ('"18789"', None)]
)
def test_a_port_that_no_socket_has_is_no_gateway(port: str, found: int | None) -> None:
    assert gateway_port(f'{{"gateway": {{"mode": "local", "port": {port}}}}}'.encode()) == found


def test_a_config_nested_too_deeply_is_no_gateway() -> None:
    assert gateway_port(DEEP) is None
