"""`vane verify` has teeth: whichever way to a model somebody opens in a compiled file, the command reports it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shipped import artifact, compile_once
from tests.targets.openclaw_files import SAFE, merged
from tests.targets.test_openclaw_ways import QUIET, WAYS
from tests.verified import BLOCKED, findings, openclaw, put

OWN = "openrouter/tencent/hy3-preview"
#: the agent of the shipped file that stands for the agent `a` of the ways
AGENT = "batch"


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.commands.asking.compile_policies", compile_once)


def for_shipped(node: Any) -> Any:
    """A change of the ways' own little file as one of the shipped file, with a model that a block denies."""
    if isinstance(node, dict):
        return {for_shipped(key): for_shipped(value) for key, value in node.items()}
    if isinstance(node, list):
        return [for_shipped(value) for value in node]
    if not isinstance(node, str):
        return node
    return {"a": AGENT, "b": "gray-trials", SAFE: OWN}.get(node, node.replace("evil/x", BLOCKED))


def path_for_shipped(path: str) -> str:
    return re.sub(r"\bentries\.a\b", f"entries.{AGENT}", path).replace(SAFE, OWN)


#: What the shipped file pins for each agent, so that a change of what all have in common opens nothing by itself.
PINNED = frozenset({"modelPolicy", "utilityModel", "decisionModel", "subagents", "memory"})


def changed_keys(change: dict[str, Any]) -> set[str]:
    """What a change sets at the top of the file, and in the defaults of all agents."""
    return set(change) | set(change.get("agents", {}).get("defaults", {}))


@pytest.mark.parametrize(("change", "path", "model", "for_all"), WAYS, ids=[way[1] for way in WAYS])
def test_every_way_of_openclaw_is_reported(
    change: dict[str, Any], path: str, model: str, for_all: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = openclaw()
    for key in PINNED & changed_keys(change):
        for entry in data["agents"]["entries"].values():
            entry.pop(key)
    file = put(tmp_path, "openclaw.json", merged(data, for_shipped(change)))
    found = findings(capsys, file, "--machine", "studio")
    codes = {finding["code"] for finding in found}
    assert codes <= {"VN901", "VN902", "VN903"}
    assert {finding["file"] for finding in found} == {str(file)}
    if path == "agents.defaults.embeddedAgent.cyberFailover.model":
        path = "agents.entries.a.model.primary"  # the shipped file has the switch off; what would turn it on is found
        model = "openai/gpt"
    where, reached = path_for_shipped(path), model.replace("evil/x", BLOCKED)
    mine = [finding for finding in found if f" on studio: {where} reaches {reached!r}: " in finding["message"]]
    assert {finding["code"] for finding in mine} >= {"VN901", "VN903"}
    scenarios = {name for finding in mine for name in finding["message"].split(" on studio")[0].split(", ")}
    assert AGENT in scenarios
    assert ("security-audit" in scenarios) is for_all


#: A text that gets to another agent gets to its models; the shipped file keeps agents apart.
HANDOVERS: dict[str, dict[str, Any]] = {
    "agents.entries.batch.subagents.allowAgents": {
        "agents": {"entries": {AGENT: {"subagents": {"allowAgents": ["gray-trials"]}}}}
    },
    "tools.agentToAgent": {"tools": {"agentToAgent": {"enabled": True}, "sessions": {"visibility": "all"}}},
    "tools.swarm.defaultAgentId": {"tools": {"swarm": {"enabled": True, "defaultAgentId": "gray-trials"}}},
}


@pytest.mark.parametrize(("way", "change"), HANDOVERS.items(), ids=HANDOVERS)
def test_every_hand_over_to_another_agent_is_reported(
    way: str, change: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "openclaw.json", merged(openclaw(), change))
    found = findings(capsys, file, "--machine", "studio")
    said = f"{way} > agents.entries.gray-trials.model.primary reaches {BLOCKED!r}: 'source-code' may not: it is free"
    mine = [finding for finding in found if said in finding["message"] and AGENT in finding["message"]]
    assert {finding["code"] for finding in mine} == {"VN901"}
    assert all(finding["line"] > 1 for finding in mine)


def test_work_of_nobody_is_reported_for_whom_it_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = merged(openclaw(), {"agents": {"defaults": {"model": {"primary": f"openrouter/{BLOCKED}"}}}})
    found = findings(capsys, put(tmp_path, "openclaw.json", data), "--machine", "studio")
    assert any("agent-loops on studio: agents.defaults.model.primary reaches" in each["message"] for each in found)
    data = merged(openclaw(), {"agents": {"defaults": {"systemAgent": {"agentId": "multimodal-docs"}}}})
    found = findings(capsys, put(tmp_path, "openclaw.json", data), "--machine", "studio")
    assert any("multimodal-docs on studio: agents.defaults.model.primary reaches" in each["message"] for each in found)


@pytest.mark.parametrize("key", sorted(PINNED))
def test_each_agent_pins_what_the_defaults_could_open(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = [way[0] for way in WAYS if key in changed_keys(way[0])]
    assert changes
    for change in changes:
        file = put(tmp_path, "openclaw.json", merged(openclaw(), for_shipped(change)))
        assert findings(capsys, file, "--machine", "studio") == []


@pytest.mark.parametrize("change", QUIET, ids=lambda change: json.dumps(change)[:50])
def test_what_opens_no_way_is_not_reported(
    change: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "openclaw.json", merged(openclaw(), for_shipped(change)))
    assert findings(capsys, file, "--machine", "studio") == []


#: keys without which OpenClaw makes a choice of its own
GONE = [
    ("agents", "defaults", "modelPolicy"), ("agents", "entries", "multimodal-docs", "modelPolicy"), ("tools", "deny"),
    ("agents", "entries", "multimodal-docs", "model"),
    ("tools", "media", "image"), ("tools", "media", "audio"),
    ("tools", "media", "video"), ("tools", "agentToAgent"), ("agents",), ("models",), ("tools",),
]  # fmt: skip


@pytest.mark.parametrize("keys", GONE, ids=".".join)
def test_a_key_that_is_gone_is_reported_where_openclaw_then_chooses(
    keys: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = openclaw()
    *parents, last = keys
    node = data
    for key in parents:
        node = node[key]
    del node[last]
    if keys == ("agents", "defaults", "modelPolicy"):
        del data["agents"]["entries"][AGENT]["modelPolicy"]
    if keys == ("tools", "agentToAgent"):
        data["tools"]["sessions"]["visibility"] = "all"
    assert findings(capsys, put(tmp_path, "openclaw.json", data), "--machine", "studio")


@pytest.mark.parametrize("where", ["defaults", AGENT])
@pytest.mark.parametrize("wish", ["zdr", "data_collection"])
def test_a_wish_that_is_gone_is_reported(
    wish: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = artifact("studio", "openclaw.json").decode()
    data = json.loads(re.sub(rf'"{wish}": (true|"deny"),?', "", text))
    if where == AGENT:
        entries = json.loads(text)
        entries["agents"]["entries"][AGENT] = data["agents"]["entries"][AGENT]
        data = entries
    found = findings(capsys, put(tmp_path, "openclaw.json", data), "--machine", "studio")
    if where == AGENT and wish == "zdr":  # its labels do not require it
        assert found == []
    else:
        assert "VN902" in {finding["code"] for finding in found}
        assert any(f"requires {wish}" in finding["message"] for finding in found)


def test_another_address_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("openrouter", "mlx"):
        data = openclaw()
        data["models"]["providers"][name]["baseUrl"] = "https://openrouter.ai.example.com/api/v1"
        found = findings(capsys, put(tmp_path, "openclaw.json", data), "--machine", "studio")
        assert any("https://openrouter.ai.example.com/api/v1!" in finding["message"] for finding in found)


def test_an_agent_that_no_policy_describes_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = openclaw()
    data["agents"]["entries"]["side-job"] = data["agents"]["entries"][AGENT]
    found = findings(capsys, put(tmp_path, "openclaw.json", data), "--machine", "studio")
    assert any("no policy describes this scenario" in finding["message"] for finding in found)


def settings(edit: Callable[[dict[str, Any]], object]) -> tuple[str, Callable[[bytes], bytes]]:
    return "cursor/settings.json", _edited(edit)


def hooks(edit: Callable[[dict[str, Any]], object]) -> tuple[str, Callable[[bytes], bytes]]:
    return "cursor/hooks.json", _edited(edit)


def rules(edit: Callable[[dict[str, Any]], object]) -> tuple[str, Callable[[bytes], bytes]]:
    return "cursor/guard.json", _edited(edit)


def guard(old: str, new: str) -> tuple[str, Callable[[bytes], bytes]]:
    def edited(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return "cursor/vane-cursor-guard", edited


def _edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def edited(content: bytes) -> bytes:
        data = json.loads(content)
        edit(data)
        return json.dumps(data, indent=2).encode()

    return edited


STOLEN = "https://openrouter.ai.example.com/api/v1"
CURSOR_WAYS: dict[str, tuple[tuple[str, Callable[[bytes], bytes]], str]] = {
    "model behind an alias": (settings(lambda s: s["aliases"][0]["models"].append(BLOCKED)), BLOCKED),
    "first model behind an alias": (settings(lambda s: s["aliases"][0]["models"].insert(0, BLOCKED)), BLOCKED),
    "alias without models": (settings(lambda s: s["aliases"][0].pop("models")), "*"),
    "model of a mode": (settings(lambda s: s["modelConfig"]["composer"].update(modelName=BLOCKED)), BLOCKED),
    "new mode": (settings(lambda s: s["modelConfig"].update(spec={"modelName": BLOCKED})), BLOCKED),
    "mode without a model": (settings(lambda s: s["modelConfig"]["cmd-k"].pop("modelName")), "*"),
    "model that a person may pick": (settings(lambda s: s["userAddedModels"].append(BLOCKED)), BLOCKED),
    "preset that nobody planned": (settings(lambda s: s["userAddedModels"].append("@preset/x")), "@preset/x"),
    "second alias of the scenario": (
        settings(lambda s: s["aliases"].append(s["aliases"][0] | {"alias": "x", "models": [BLOCKED]})), BLOCKED),
    "alias of a scenario that nobody planned": (
        settings(lambda s: s["aliases"].append(s["aliases"][0] | {"alias": "x", "scenario": "y"})), "y on air-ana"),
    "another base URL": (settings(lambda s: s.update(openAIBaseUrl=STOLEN)), f"{STOLEN}!"),
    "no base URL": (settings(lambda s: s.pop("openAIBaseUrl")), "None!"),
    "override off": (settings(lambda s: s.update(useOpenAIKey=False)), "!deepseek"),
    "no zero retention": (settings(lambda s: s["aliases"][0]["provider"].pop("zdr")), "requires zdr: true"),
    "data collection": (
        settings(lambda s: s["aliases"][0]["provider"].update(data_collection="allow")), "requires data_collection"),
    "no hook at prompts": (hooks(lambda h: h["hooks"].pop("beforeSubmitPrompt")), "*"),
    "no hook at files": (hooks(lambda h: h["hooks"].pop("beforeReadFile")), "*"),
    "no hook at completions": (hooks(lambda h: h["hooks"].pop("beforeTabFileRead")), "*"),
    "hook that may fail": (hooks(lambda h: h["hooks"]["beforeReadFile"][0].update(failClosed=False)), "*"),
    "another hook": (hooks(lambda h: h["hooks"]["beforeReadFile"][0].update(command="/bin/true")), "*"),
    "guard that lets an alias through": (
        rules(lambda r: r["cursor"]["cleared"]["personnel"].append("acme-ide")), "label:personnel"),
    "guard that lets a stranger through": (
        rules(lambda r: r["cursor"]["cleared"]["personnel"].append("evil")), "'evil'"),
    "guard that lacks a label": (rules(lambda r: r["labels"].pop("personnel")), "the label 'personnel' is missing"),
    "guard that is another program": (guard("def judge(", "def judge2("), "label:personnel"),
}  # fmt: skip


@pytest.mark.parametrize(("way", "said"), CURSOR_WAYS.values(), ids=CURSOR_WAYS)
def test_every_way_of_cursor_is_reported(
    way: tuple[str, Callable[[bytes], bytes]], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, change = way
    file = put(tmp_path, path, change(artifact("air-ana", path)))
    found = findings(capsys, file, "--machine", "air-ana")
    assert {finding["code"] for finding in found} & {"VN901", "VN902", "VN903", "VN906"}
    assert any(said in finding["message"] for finding in found)
    assert {finding["file"] for finding in found} == {str(file)}


def scenario(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = data["scenarios"][name]
    return found


def way(model: str, *denied: str) -> dict[str, Any]:
    key = {"openrouter": "token", "openrouter-gray": "gray", "openrouter-dollar": "dollar"}[model.partition("/")[0]]
    return {"model": model, "key": key, "denied": list(denied)}


FLASH, OPUS = "openrouter/deepseek/deepseek-v4-flash", "openrouter-dollar/anthropic/claude-opus-4.7"
#: What somebody may write into the data of a gateway's guard, and what is said of it.
LOOSER: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "a label let through to a candidate": (
        lambda d: scenario(d, "gray-trials")["candidates"][0]["denied"].remove("source-code"), "VN901",
        f"label:source-code on studio: guard/guard.json scenarios.gray-trials.candidates[0].model reaches {BLOCKED!r}"),
    "a label without its zero retention": (
        lambda d: scenario(d, "batch")["candidates"][0]["denied"].remove("credentials"), "VN902", "requires zdr: true"),
    "a way to a gray model": (
        lambda d: scenario(d, "batch")["instead"].append(way(f"openrouter-gray/{BLOCKED}")), "VN901",
        f"scenarios.batch.instead[2].model reaches {BLOCKED!r}"),
    "a way to the dollar model": (
        lambda d: scenario(d, "batch")["instead"].append(way(OPUS)), "VN903",
        "no route of this scenario holds it"),
    "a way to a model that the file does not know": (
        lambda d: scenario(d, "batch")["instead"].append(way("openrouter/evil/x")), "VN901", "'evil/x'"),
    "past the share to nobody's model": (
        lambda d: scenario(d, "gray-trials")["past_share"].append("openrouter/evil/x"), "VN903", "past_share[3]"),
    "no label": (lambda d: d["labels"].pop("personnel"), "VN906", "the label 'personnel' is missing"),
    "no detector": (
        lambda d: d["labels"]["credentials"]["detectors"].clear(), "VN906", "detectors lacks 'api-keys'"),
    "another detector": (
        lambda d: d["detectors"][0].update(pattern="x{9}"), "VN906", "lacks the pattern"),
    "no pattern": (lambda d: d["labels"]["personnel"]["patterns"].clear(), "VN906", "patterns lacks"),
    "no path": (lambda d: d["labels"]["credentials"]["paths"].clear(), "VN906", "paths lacks '**/*.p12'"),
    "no repository": (lambda d: d["labels"]["source-code"]["repos"].clear(), "VN906", "repos lacks"),
    "reroute for block": (
        lambda d: d["labels"]["personnel"].update(when_denied="reroute"), "VN906", "the policy says 'block'"),
    "no ticket": (lambda d: scenario(d, "security-audit").update(ticket=None), "VN906", "ticket is None"),
    "any ticket": (lambda d: scenario(d, "security-audit").update(ticket="[A-Z]"), "VN906", "ticket is '[A-Z]'"),
    "always an incident": (lambda d: scenario(d, "security-audit").update(incident=True), "VN906", "incident is True"),
    "no way past the cap": (lambda d: scenario(d, "security-audit").update(past_cap=None), "VN906", "past_cap is None"),
    "no way past the share": (lambda d: scenario(d, "gray-trials").update(past_share=None), "VN906",
        "past_share is None"),
    "no scenario": (lambda d: d["scenarios"].pop("batch"), "VN906", "scenario 'batch' is missing"),
    "no labels of its own": (lambda d: scenario(d, "batch")["labels"].clear(), "VN906", "lacks label 'source-code'"),
    "gray that counts as token": (
        lambda d: scenario(d, "gray-trials")["candidates"][0].update(key="token"), "VN906",
        "is not paid for by the token"),
    "no ceiling": (lambda d: d.update(gray=None), "VN906", "the ceiling of the gray pool is missing"),
    "a higher ceiling": (lambda d: d["gray"].update(max_share="0.2"), "VN906", "ceiling of the gray pool is not"),
    "a longer window": (lambda d: d["gray"].update(window_hours=720), "VN906", "ceiling of the gray pool is not"),
    "no cap": (lambda d: d["caps"].clear(), "VN906", "the cap 'dollar-monthly' is missing"),
    "a higher cap": (lambda d: d["caps"][0].update(limit_usd="8000"), "VN906", "the cap 'dollar-monthly' is not"),
    "a shorter period": (lambda d: d["caps"][0].update(period="daily"), "VN906", "the cap 'dollar-monthly' is not"),
    "a lower price": (
        lambda d: d["prices"][OPUS].update(completion="1"), "VN906", "below that"),
    "no price": (
        lambda d: d["prices"].update({OPUS: None}), "VN906", "below that"),
    "a number that is none": (lambda d: d["gray"].update(max_share="much"), "VN906", "no guard can read it"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "code", "said"), LOOSER.values(), ids=LOOSER)
def test_a_guard_that_is_looser_than_the_policies_is_reported(
    edit: Callable[[dict[str, Any]], object], code: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "guard/guard.json", _edited(edit)(artifact("studio", "guard/guard.json")))
    found = findings(capsys, file, "--machine", "studio")
    mine = [finding for finding in found if finding["code"] == code and said in finding["message"]]
    assert mine
    assert {finding["file"] for finding in mine} == {str(file)}


STRICTER: dict[str, Callable[[dict[str, Any]], object]] = {
    "more labels denied": lambda d: scenario(d, "batch")["candidates"][0]["denied"].append("source-code"),
    "more paths": lambda d: d["labels"]["credentials"]["paths"].append("**/keys/**"),
    "a lower ceiling": lambda d: d["gray"].update(max_share="0.05"),
    "fewer ways": lambda d: scenario(d, "batch")["instead"].clear(),
    "a higher price": lambda d: d["prices"][FLASH].update(prompt="9"),
}


@pytest.mark.parametrize("edit", STRICTER.values(), ids=STRICTER)
def test_a_stricter_guard_is_nobody_s_business(
    edit: Callable[[dict[str, Any]], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "guard/guard.json", _edited(edit)(artifact("studio", "guard/guard.json")))
    assert findings(capsys, file, "--machine", "studio") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<string>mlx-community/Qwen3-4B-4bit</string>", "<string>evil/x</string>", "'mlx/evil/x'"),
        ("<string>127.0.0.1</string>", "<string>0.0.0.0</string>", "'0.0.0.0'"),
        (
            "<key>HF_HUB_OFFLINE</key>",
            "<key>HTTPS_PROXY</key>\n<string>http://e.example</string>\n<key>X</key>",
            "e.example",
        ),
    ],
)
def test_every_way_of_a_job_is_reported(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "launchd/ai.weathervane.mlx.plist"
    content = artifact("air-ana", path).decode()
    assert old in content
    found = findings(capsys, put(tmp_path, path, content.replace(old, new).encode()), "--machine", "air-ana")
    assert any(said in finding["message"] and finding["line"] > 1 for finding in found)
