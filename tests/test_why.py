"""`vane why` names the policy lines that decide a value: exactly those whose change moves it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.compile import compile_policies
from compiler.plan import AccountPlan
from compiler.provenance import Answer, answers
from compiler.targets import Artifact, Reach, Target
from tests.shipped import PROJECT, artifact, compile_once, copied, edit, shipped, targets


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.commands.asking.compile_policies", compile_once)


def why(file: str, path: str, machine: str | None = None) -> Answer:
    (found,) = answers(shipped(), targets(), file, path, machine)
    return found


def lines(answer: Answer, *, presence: bool = False) -> set[str]:
    steps = answer.decisions.presence if presence else answer.decisions.value
    return {f"{step.place.file.removeprefix('policies/')}:{step.place.line}" for step in steps}


def line_of(file: str, text: str, nth: int = 0) -> str:
    """`file:line` of a line that holds a text; it must be there once, unless the test says which one it means."""
    found = [
        number
        for number, line in enumerate((PROJECT / "policies" / file).read_text("utf-8").split("\n"), 1)
        if text in line
    ]
    assert nth or len(found) == 1, (file, text, found)
    return f"{file}:{found[nth]}"


BATCH = "scenarios/batch.yaml"
TRACK = line_of(BATCH, "track: token")
GEMINI_PRICE = line_of("models.lock.json", '"prompt": "0.0000005"')
DOCS_TRACK = line_of("scenarios/multimodal-docs.yaml", "track: token")  # else the row would not stand there
CREDENTIALS = line_of("sensitive-data.yaml", "require: {zdr: true, data_collection: deny}", nth=1)
SHARED = 'agents.defaults.models["openrouter/deepseek/deepseek-v4-flash"].params.extraBody.provider'

OPENCLAW, SETTINGS = "openclaw.json", "cursor/settings.json"
AUDIT = "scenarios/security-audit.yaml"
IDE = "scenarios/ide-assist.yaml"
HARNESS = "launchd/ai.weathervane.harness.plist"

#: file, path, machine, and the lines that decide the value
DECIDED = [
    (OPENCLAW, "agents.entries.batch.model.primary", None, {line_of(BATCH, "primary:"), TRACK}),
    (OPENCLAW, "agents.entries.batch.model.fallbacks[0]", None, {line_of(BATCH, "fallbacks:"), TRACK}),
    (OPENCLAW, "agents.entries.batch.modelPolicy.allow[1]", None, {line_of(BATCH, "fallbacks:"), TRACK}),
    (OPENCLAW, "agents.entries.batch.name", None, {line_of(BATCH, "title:")}),
    (OPENCLAW, "agents.defaults.compaction.model", None, {line_of("scenarios/private-desk.yaml", "primary:")}),
    (OPENCLAW, "agents.defaults.systemAgent.agentId", None, {line_of("scenarios/agent-loops.yaml", "scenario: ")}),
    (OPENCLAW, f"{SHARED}.zdr", None, {CREDENTIALS}),
    (OPENCLAW, f"{SHARED}.sort", None, {line_of("tracks.yaml", "sort: price")}),
    (OPENCLAW, "models.providers.openrouter.models[1].cost.input", None, {GEMINI_PRICE, DOCS_TRACK}),
    (OPENCLAW, "gateway.remote.url", "air-ana", {line_of("fleet.yaml", "gateway: studio")}),
    (OPENCLAW, "gateway.mode", "air-ana", {line_of("fleet.yaml", "gateway: studio")}),
    (SETTINGS, "aliases[0].models[0]", None, {line_of("tracks.yaml", "primary: deepseek")}),
    (SETTINGS, "aliases[0].provider.sort", None, {line_of("tracks.yaml", "sort: price")}),
    ("settings.json", "modelConfig.cmd-k.modelName", "air-fang", {line_of(IDE, "alias:")}),
    (HARNESS, "StartCalendarInterval.Weekday", None, {line_of("acceptance.yaml", "schedule:")}),
]


@pytest.mark.parametrize(("file", "path", "machine", "expected"), DECIDED, ids=[case[1] for case in DECIDED])
def test_who_decided(file: str, path: str, machine: str | None, expected: set[str]) -> None:
    assert lines(why(file, path, machine)) == expected


def test_a_model_names_its_hop_its_key_and_who_reaches_it() -> None:
    found = why("openclaw.json", "agents.entries.batch.model.primary")
    assert [(step.decided_by, step.what) for step in found.decisions.value] == [
        ("choose_models", "batch: primary tencent/hy3-preview, key token"),
        ("describe_scenarios", "batch: key token"),
    ]
    assert [(way.scenario, way.model) for way in found.ways] == [("batch", "tencent/hy3-preview")]
    shared = why("openclaw.json", "agents.defaults.compaction.model", "studio")
    assert {way.scenario for way in shared.ways} == {
        route.scenario for route in shipped().plans[0].machines["studio"].routes
    }


@pytest.mark.parametrize(
    ("file", "path", "machine"),
    [
        ("openclaw.json", "agents.defaults.timeoutSeconds", "studio"),
        ("openclaw.json", "models.mode", "studio"),
        ("openclaw.json", "models.providers.openrouter-dollar.apiKey.id", "studio"),
        ("openclaw.json", "models.providers.openrouter.baseUrl", "studio"),
        ("openclaw.json", "agents.entries.batch.utilityModel", "studio"),
        ("cursor/settings.json", "useOpenAIKey", "air-ana"),
        ("launchd/ai.openclaw.gateway.plist", "ExitTimeOut", "studio"),
    ],
)
def test_what_no_policy_asks_for_is_the_targets_own(file: str, path: str, machine: str) -> None:
    found = why(file, path, machine)
    assert found.is_target_own
    assert lines(found) == set()


def test_what_a_value_stands_there_for_is_told_apart_from_what_it_is() -> None:
    found = why("openclaw.json", "models.providers.openrouter-dollar.apiKey.id")
    assert lines(found, presence=True) == {line_of(AUDIT, "track: dollar"), line_of(AUDIT, "scenario: ")}


def leaves(at: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(at, dict):
        for key, below in at.items():
            yield from leaves(below, f"{path}[{json.dumps(key)}]")
    elif isinstance(at, list):
        for index, below in enumerate(at):
            yield from leaves(below, f"{path}[{index}]")
    else:
        yield path, at


CONTEXT = "Qwen3-4B-4bit, context_tokens: "
ADDRESS, GATEWAY = "address: https://{}.acme.example", "gateway: studio"
SORT = "provider: {{sort: {}, data_collection: deny}}"
#: file, machine, artifact, a line before and after, and what stands in the line that every moved value must name
EDITS = [
    (BATCH, "studio", OPENCLAW, "primary: tencent/hy3-preview", "primary: minimax/minimax-m2.7", "primary: "),
    (BATCH, "studio", OPENCLAW, "title: Nightly batches, tagging and", "title: Other", "title: "),
    ("fleet.yaml", "air-ana", OPENCLAW, f"{CONTEXT}32768", f"{CONTEXT}32800", CONTEXT),
    ("fleet.yaml", "air-ana", OPENCLAW, ADDRESS.format("studio"), ADDRESS.format("x"), GATEWAY),
    (IDE, "air-ana", SETTINGS, "alias: acme-ide", "alias: acme-code", "alias: "),
    ("tracks.yaml", "air-ana", SETTINGS, SORT.format("price"), SORT.format("latency"), "sort: "),
    ("tracks.yaml", "studio", OPENCLAW, SORT.format("price"), SORT.format("latency"), "sort: "),
]


@pytest.mark.parametrize(("file", "machine", "path", "old", "new", "named"), EDITS, ids=[e[5] + e[1] for e in EDITS])
def test_every_value_that_an_edit_moves_names_the_edited_line(
    file: str, machine: str, path: str, old: str, new: str, named: str, tmp_path: Path
) -> None:
    edit(copied(tmp_path) / "policies" / file, (old, new))
    files = {name: each.content for name, each in compile_policies(tmp_path / "policies", targets()).files()}
    now = dict(leaves(json.loads(files[f"machines/{machine}/{path}"])))
    before = dict(leaves(json.loads(artifact(machine, path))))
    moved = [inside for inside in before if inside in now and before[inside] != now[inside]]
    assert moved
    for inside in moved:
        assert line_of(file, named) in lines(why(path, inside, machine)), inside


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["why", "-C", str(PROJECT), *arguments]) == code
    found = capsys.readouterr()
    return found.err if code else found.out


def test_the_answer_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "openclaw.json", "agents.entries.batch.model.primary")
    first, value, _, *rest = text.split("\n")
    file, line, column = first.removesuffix(" on studio").split(":")
    assert file == "generated/machines/studio/openclaw.json"
    shown = artifact("studio", "openclaw.json").decode().split("\n")[int(line) - 1][int(column) - 1 :]
    assert shown.startswith('"openrouter/tencent/hy3-preview"')
    assert value == 'agents.entries.batch.model.primary = "openrouter/tencent/hy3-preview"'
    assert rest[:6] == [
        "decided by",
        "  policies/scenarios/batch.yaml:9:12  batch: primary tencent/hy3-preview, key token  (choose_models)",
        "    9 | primary: tencent/hy3-preview",
        "  policies/scenarios/batch.yaml:7:8  batch: key token  (describe_scenarios)",
        "    7 | track: token",
        "by this value",
    ]
    assert "the whole file comes from\n" in text
    assert "\n  policies/scenarios/batch.yaml: " in text


def test_the_targets_own_values_name_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "openclaw.json", "models.mode", "--machine", "studio")
    assert "set by the openclaw target itself: no policy asks for it; see docs/openclaw.md\n" in text
    assert (PROJECT / "docs/openclaw.md").is_file()


@pytest.mark.parametrize("prefix", ["", "generated/", "./generated/"])
def test_a_file_may_be_named_by_its_whole_path(prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = "agents.entries.security-audit.model.primary"
    whole = f"{prefix}contingencies/dollar-monthly-passed/machines/studio/openclaw.json"
    text = said(capsys, whole, path)
    assert "on studio, when cap dollar-monthly is passed\n" in text
    assert f'{path} = "openrouter/deepseek/deepseek-v4-flash"\n' in text
    assert "security-audit: key token  (apply_situation)" in text
    standing = said(capsys, f"{prefix}machines/studio/openclaw.json", path)
    assert f'{path} = "openrouter-dollar/anthropic/claude-opus-4.7"\n' in standing


def test_machines_with_one_answer_are_told_once_and_others_listed(capsys: pytest.CaptureFixture[str]) -> None:
    same = said(capsys, "cursor/settings.json", "aliases[0].alias")
    assert same.count("aliases[0].alias = ") == 1
    assert "on 6 machines: air-ana, air-ben, " in same
    both = said(capsys, "openclaw.json", "gateway.mode")
    assert [line for line in both.split("\n") if line.startswith("gateway.mode = ")] == [
        'gateway.mode = "local"',
        'gateway.mode = "remote"',
    ]
    assert said(capsys, "openclaw.json", "gateway.mode", "--machine", "air-ana").count("gateway.mode = ") == 1


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["openclaw.jsn", "x"], "no file in generated/ 'openclaw.jsn'; did you mean 'openclaw.json'?"),
        (["cursor/settings.json", "x", "--machine", "studio"], "studio has no cursor/settings.json"),
        (["openclaw.json", "x", "--machine", "studioo"], "no machine 'studioo'; did you mean 'studio'?"),
        (["openclaw.json", "agents.entries.bach.model"], "no 'bach' below agents.entries; did you mean 'batch'?"),
        (["cursor/card.md", "x"], "`vane why` answers for values in JSON files and property lists"),
        (["openclaw.json", "\x1b[2J"], "no '\\x1b' at the top"),
    ],
)
def test_questions_that_cannot_be_answered(arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hint in said(capsys, *arguments, code=2)


def account_artifacts(plan: AccountPlan) -> list[Artifact]:
    data = {
        "keys": {key.key: {"limit": str(key.limit_usd), "models": key.models} for key in plan.keys},
        "presets": {route.alias: [hop.model for hop in route.hops] for route in plan.routes},
    }
    return [Artifact("openrouter/account.json", json.dumps(data).encode(), ())]


def account_reaches(files: Mapping[str, bytes]) -> Iterator[Reach]:
    for content in files.values():
        for model in json.loads(content)["presets"]["acme-ide"]:
            yield Reach("ide-assist", model, "openrouter/account.json presets.acme-ide[0]", {})


def test_the_account_of_somebody_elses_target() -> None:
    toy = Target("toy", lambda plan: (), lambda path, content: (), lambda files: (), account_artifacts)
    compiled = compile_policies(PROJECT / "policies", (toy,))
    reading = (replace(toy, read=account_reaches),)

    def asked(path: str) -> Answer:
        (found,) = answers(compiled, reading, "openrouter/account.json", path, None)
        return found

    assert lines(asked("keys.dollar.limit")) == {line_of("caps.yaml", "limit_usd: 800")}
    assert line_of("tracks.yaml", "primary: anthropic") in lines(asked("keys.dollar.models"))
    preset = asked("presets.acme-ide[0]")
    assert lines(preset) == {line_of("tracks.yaml", "primary: deepseek")}
    assert [way.scenario for way in preset.ways] == ["ide-assist"] * 3
    assert preset.folders == ("",)


def test_the_period_of_an_uncapped_key_is_its_track_s(capsys: pytest.CaptureFixture[str]) -> None:
    found = why("openrouter/keys.json", "keys[0].limit")
    assert found.value is None
    assert lines(found) == {line_of("tracks.yaml", "token_track:")}
    assert main(["why", "-C", str(PROJECT), "manifest.json", "artifacts"]) == 2
    assert capsys.readouterr().err == "vane: manifest.json lists the other files; ask about one of them\n"
