"""Properties that hold for any policies: findings or a compile, no denied model in any artifact, the same bytes."""

from __future__ import annotations

import json
import os
import plistlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from compiler import formats
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import Finding, PolicyError, source_lines
from compiler.targets import installed
from tests.policy_strategies import (
    Change,
    Files,
    Steps,
    World,
    changes,
    quoted,
    readable_texts,
    shipped,
    texts,
    worlds,
    write,
    written,
)

TARGETS = installed()
#: What only a fault of the compiler can cause: no policy may.
OUR_FAULT = ("VN6", "VN9")


def bounded(examples: int) -> settings:
    """Few and always the same examples; WEATHERVANE_EXAMPLES multiplies them and looks for new ones."""
    more = int(os.environ.get("WEATHERVANE_EXAMPLES", "1"))
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    return settings(max_examples=examples * more, phases=phases, deadline=None, derandomize=more == 1, database=None)


def compiled_or_findings(policies: Path) -> Compiled | tuple[Finding, ...]:
    try:
        return compile_policies(policies, TARGETS)
    except PolicyError as error:
        return error.findings


def test_any_tree_at_any_position_gives_findings_or_a_compile(tmp_path: Path) -> None:
    files = shipped()
    policies = write(tmp_path / "policies", files)
    outcomes: Counter[str] = Counter()

    @bounded(80)
    @given(changes(files))
    def explore(made: list[Change]) -> None:
        touched = {change.file for change in made}
        for file in touched:
            (policies / file).write_text(written(files[file], [each for each in made if each.file == file]), "utf-8")
        try:
            outcome = compiled_or_findings(policies)
            findings = outcome.findings if isinstance(outcome, Compiled) else outcome
            outcomes[type(outcome).__name__] += 1
            assert_are_sound(findings, tmp_path)
        finally:
            for file in touched:
                (policies / file).write_text(written(files[file]), "utf-8")

    explore()
    assert outcomes["Compiled"] >= 1
    assert outcomes["tuple"] >= 50


def assert_are_sound(findings: tuple[Finding, ...], project: Path) -> None:
    """Findings name their kind, a place that exists, and a way out; they do not blame the compiler; and all print."""
    sources = {file: (project / file).read_text("utf-8") for file in {finding.place.file for finding in findings}}
    for finding in findings:
        lines = source_lines(sources[finding.place.file])
        assert finding.code.startswith("VN")
        assert not finding.code.startswith(OUR_FAULT), finding
        assert finding.message
        assert finding.fix
        assert 1 <= finding.place.line <= len(lines), finding
        assert 1 <= finding.place.column <= len(lines[finding.place.line - 1]) + 1, finding
        assert finding.place.width >= 1, finding
    for render in formats.FORMATS.values():
        assert render(findings, sources)


def test_no_artifact_lets_a_blocked_label_reach_a_denied_model(tmp_path_factory: pytest.TempPathFactory) -> None:
    outcomes: Counter[str] = Counter()
    held: Counter[str] = Counter()

    @bounded(100)
    @given(worlds())
    def explore(world: World) -> None:
        outcome = compiled_or_findings(write(tmp_path_factory.mktemp("world") / "policies", world.files))
        if isinstance(outcome, Compiled):
            outcomes.update({"compiled", *(finding.code for finding in outcome.findings)})
            ways = list(ways_in(outcome, world))
            held.update(Path(way.path.split()[0]).stem for way in ways)
            for way in ways:
                assert_allowed(way, world)
            return
        codes = {finding.code for finding in outcome}
        assert not any(code.startswith(OUR_FAULT) for code in codes), outcome
        outcomes.update(codes)

    explore()
    assert outcomes["compiled"] >= 15, outcomes
    assert outcomes["VN301"] + outcomes["VN406"] >= 15, outcomes
    assert outcomes["VN406"] >= 5, outcomes
    assert held["openclaw"] >= 100, held
    assert held["guard"] >= 100, held
    assert held["settings"] >= 20, held
    assert held["presets"] >= 20, held


class Way:
    """A label, a model that an artifact lets it reach, and the provider preferences that go along."""

    def __init__(self, labels: tuple[str, ...], model: str, provider: Mapping[str, Any], path: str) -> None:
        self.labels, self.model, self.provider, self.path = labels, model, provider, path

    def __repr__(self) -> str:
        return f"{self.labels} → {self.model} {self.provider} by {self.path}"


def assert_allowed(way: Way, world: World) -> None:
    """Our own simple reading of the blocks: it shares nothing with the compiler."""
    for block in world.files["sensitive-data.yaml"]["blocks"]:
        if block["label"] not in way.labels:
            continue
        local = way.model.startswith("mlx/")
        for denied in block["deny"]:
            assert not (denied == "free" and world.free.get(way.model)), (way, block)
            assert not (denied == "gray" and way.model in world.gray), (way, block)
            assert not (denied == "cloud" and not local), (way, block)
            assert not ("/" in denied and (way.model + "/").startswith(denied.rstrip("*"))), (way, block)
        if not local:
            for key, wanted in block["require"].items():
                assert way.provider.get(key) == wanted, (way, block)


def ways_in(compiled: Compiled, world: World) -> Iterator[Way]:
    """Everything that the artifacts name within reach of a scenario or a label, found by brute force."""
    files = {path: artifact.content for path, artifact in compiled.files()}
    data = {name: file["data"] for file in world.files.values() if (name := file.get("scenario"))}
    for path, content in files.items():
        if path.endswith("openclaw.json"):
            yield from openclaw_ways(json.loads(content), data, path)
            guard = json.loads(files[path.replace("openclaw.json", "guard/guard.json")])
            yield from guarded_ways(json.loads(content), guard, path.replace("openclaw.json", "guard/guard.json"))
        elif path.endswith("cursor/settings.json"):
            guard = json.loads(files[path.replace("settings.json", "guard.json")])
            yield from cursor_ways(json.loads(content), guard["cursor"]["cleared"], data, path)
        elif path.endswith("openrouter/presets.json"):
            for preset in json.loads(content)["presets"]:
                for model in preset["models"]:
                    yield Way(tuple(data[preset["scenario"]]), model, preset["provider"], path)


def openclaw_ways(root: dict[str, Any], data: Mapping[str, Any], path: str) -> Iterator[Way]:
    agents = root.get("agents", {"entries": {}, "defaults": {}})
    defaults = agents["defaults"]
    shared = {key: defaults.get(key) for key in ("imageModel", "pdfModel", "mediaModels", "compaction", "heartbeat")}
    rows = {f"{name}/{row['id']}": (p, row) for name, p in root["models"]["providers"].items() for row in p["models"]}
    for name, entry in agents["entries"].items():
        # work of nobody in particular is the system agent's, or the only agent's; without either it is refused
        owner = defaults.get("systemAgent", {}).get("agentId") or (name if len(agents["entries"]) == 1 else None)
        own = {**entry, **({"ambient": [defaults["model"], defaults["subagents"]["model"]]} if owner == name else {})}
        for ref in {*strings(own), *strings(shared)} & rows.keys():
            provider, row = rows[ref]
            local = "127.0.0.1" in provider["baseUrl"]
            assert local or provider["baseUrl"] == "https://openrouter.ai/api/v1"
            model = f"mlx/{row['id']}" if local else row["id"]
            sent = entry["models"].get(ref) or defaults["models"][ref]
            bodies = [sent.get("params", {}).get("extraBody", {}).get("provider", {})]
            if ref in strings([shared["imageModel"], shared["pdfModel"]]):
                bodies.append(row.get("compat", {}).get("openRouterRouting", {}))
            for body in bodies:
                yield Way(tuple(data[name]), model, body, f"{path} {name}")


def strings(node: Any) -> set[str]:
    """Every text in a JSON value, keys included."""
    if isinstance(node, dict):
        return {*node, *(text for value in node.values() for text in strings(value))}
    if isinstance(node, list):
        return {text for value in node for text in strings(value)}
    return {node} if isinstance(node, str) else set()


def guarded_ways(root: dict[str, Any], guard: dict[str, Any], path: str) -> Iterator[Way]:
    """Where the guard may send a turn: every label that is not denied there counts as one that the turn carries."""
    rows = {f"{name}/{row['id']}": p for name, p in root["models"]["providers"].items() for row in p["models"]}
    for name, scenario in guard["scenarios"].items():
        entry, defaults = root["agents"]["entries"][name], root["agents"]["defaults"]
        for choice in (*scenario["candidates"], *scenario["instead"]):
            ref = choice["model"]
            local = "127.0.0.1" in rows[ref]["baseUrl"]
            sent = entry["models"].get(ref) or defaults["models"][ref]
            body = sent.get("params", {}).get("extraBody", {}).get("provider", {})
            model = f"mlx/{ref.partition('/')[2]}" if local else ref.partition("/")[2]
            assert not set(scenario["labels"]) & set(choice["denied"])
            for label in guard["labels"].keys() - set(choice["denied"]):
                yield Way((label,), model, body, path)
        known = {choice["model"] for choice in (*scenario["candidates"], *scenario["instead"])}
        assert known.issuperset((*(scenario["past_share"] or ()), *(scenario["past_cap"] or ())))


def cursor_ways(
    settings_file: dict[str, Any], clearances: dict[str, list[str]], data: Mapping[str, Any], path: str
) -> Iterator[Way]:
    aliases = {entry["alias"]: entry for entry in settings_file["aliases"]}
    cleared = [(label, alias) for label, names in clearances.items() for alias in names]
    for entry in aliases.values():
        cleared += [(label, entry["alias"]) for label in data[entry["scenario"]]]
    for label, alias in cleared:
        for model in aliases[alias]["models"]:
            yield Way((label,), model, aliases[alias]["provider"], path)


#: Where people write text that ends up in artifacts: (file, path to the text).
WRITTEN: tuple[tuple[str, Steps], ...] = (
    ("scenarios/agent-loops.yaml", ("title",)),
    ("scenarios/ide-assist.yaml", ("title",)),
    ("sensitive-data.yaml", ("labels", "customer-data", "title")),
    ("sensitive-data.yaml", ("blocks", 0, "reason")),
    ("fleet.yaml", ("machines", "air-ana", "owner")),
)


def test_what_people_write_comes_out_intact_or_is_refused(tmp_path: Path) -> None:
    files = shipped()
    files["fleet.yaml"]["machines"]["air-ana"]["owner"] = "Ana"
    outcomes: Counter[str] = Counter()

    @bounded(25)
    @given(st.one_of(readable_texts(), texts()))
    def explore(text: str) -> None:
        for name in {name for name, _ in WRITTEN}:
            made = [Change(name, steps, "value", quoted(text)) for file, steps in WRITTEN if file == name]
            (policies / name).write_text(written(files[name], made), "utf-8")
        outcome = compiled_or_findings(policies)
        outcomes[type(outcome).__name__] += 1
        if isinstance(outcome, Compiled):
            assert_intact(outcome, text)
        else:
            assert {finding.code for finding in outcome} <= {"VN105", "VN122", "VN124", "VN303", "VN306"}, outcome

    policies = write(tmp_path / "policies", files)
    explore()
    assert outcomes["Compiled"] >= 8
    assert outcomes["tuple"] >= 3


def assert_intact(compiled: Compiled, text: str) -> None:
    files = {path: artifact.content for path, artifact in compiled.files()}
    studio = json.loads(files["machines/studio/openclaw.json"])
    assert studio["agents"]["entries"]["agent-loops"]["name"] == text
    (preset,) = json.loads(files["openrouter/presets.json"])["presets"]
    assert preset["title"] == text
    labels = json.loads(files["machines/air-ana/cursor/guard.json"])["labels"]
    assert labels["customer-data"]["title"] == text
    assert labels["customer-data"]["reasons"] == [text]
    assert " ".join(text.split()) in files["machines/air-ana/cursor/card.md"].decode()
    for path, content in files.items():
        if path.endswith(".plist"):
            assert plistlib.loads(content)["Label"] == Path(path).stem
    assert files["machines/air-ana/openclaw.json"] == files["machines/air-ben/openclaw.json"], (
        "an owner changes nothing"
    )


SAFE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
ALIAS = re.compile(r"[a-z0-9][a-z0-9._-]*")
SAFE_PATH = re.compile(r"([a-z0-9][A-Za-z0-9.-]*/)*([a-z0-9][A-Za-z0-9.-]*|AGENTS\.md)")
UNSAFE = (
    "batch\n",
    "a/b",
    "..",
    "A",
    "a--b",
    "-a",
    "a_b",
    "con.",
    "é",
    "a" * 64,
    "gpt-5",
    "claude-x",
    "a b",
    "${HOME}",
)


def test_names_are_safe_or_refused(tmp_path: Path) -> None:
    files = shipped()
    policies = write(tmp_path / "policies", files)
    named = {
        "fleet.yaml": ("machines", "air-fang"),
        "sensitive-data.yaml": ("labels", "personnel"),
        "caps.yaml": ("caps", "dollar-monthly"),
        "scenarios/batch.yaml": ("scenario",),
        "scenarios/ide-assist.yaml": ("alias",),
    }
    outcomes: Counter[str] = Counter()

    @bounded(60)
    @given(
        st.sampled_from(sorted(named)), st.one_of(texts(), st.from_regex(SAFE, fullmatch=True), st.sampled_from(UNSAFE))
    )
    @example("scenarios/ide-assist.yaml", "team-ide")
    @example("scenarios/ide-assist.yaml", "work2")
    @example("scenarios/ide-assist.yaml", "a")
    def explore(file: str, name: str) -> None:
        how = "value" if named[file][-1] in ("scenario", "alias") else "key"
        (policies / file).write_text(written(files[file], [Change(file, named[file], how, quoted(name))]), "utf-8")
        outcome = compiled_or_findings(policies)
        form = ALIAS if file == "scenarios/ide-assist.yaml" else SAFE
        is_safe = len(name) <= 63 and form.fullmatch(name) is not None
        outcomes[f"{type(outcome).__name__} {is_safe}"] += 1
        if isinstance(outcome, Compiled):
            assert is_safe
            assert all(SAFE_PATH.fullmatch(path) for path, _ in outcome.files())
        else:
            assert_are_sound(outcome, tmp_path)
        (policies / file).write_text(written(files[file]), "utf-8")

    explore()
    assert outcomes["tuple False"] >= 20
    assert outcomes["Compiled True"] >= 3


COMPILE = """
import sys
from pathlib import Path
from compiler.compile import compile_policies
from compiler.write import write
write(Path(sys.argv[2]), compile_policies(Path(sys.argv[1])), "1")
"""


def generated_elsewhere(folder: Path, files: Files, hash_seed: str, *, last_first: bool) -> dict[str, bytes]:
    """What another process in another folder writes, from files that lie in another order on the disk."""
    policies = write(folder / "policies", files, last_first=last_first)
    command = [sys.executable, "-c", COMPILE, str(policies), str(folder / "generated")]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=60)
    found = (path for path in (folder / "generated").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_same_policies_give_the_same_bytes_everywhere(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = generated_elsewhere(tmp_path / "one", shipped(), "0", last_first=False)
    two = generated_elsewhere(tmp_path / "two", shipped(), "4242", last_first=True)
    assert len(one) > 40
    assert one == two


def backwards(data: Any) -> Any:
    """The same data with the keys of every map in the other order."""
    if isinstance(data, dict):
        return {key: backwards(value) for key, value in reversed(data.items())}
    return [backwards(value) for value in data] if isinstance(data, list) else data


def test_the_order_of_keys_changes_no_artifact(tmp_path_factory: pytest.TempPathFactory) -> None:
    @bounded(20)
    @given(st.one_of(worlds().map(lambda world: world.files), st.builds(shipped)))
    def explore(files: Files) -> None:
        folder = tmp_path_factory.mktemp("order")
        one = compiled_or_findings(write(folder / "one" / "policies", files))
        turned = {name: backwards(file) for name, file in files.items()}
        two = compiled_or_findings(write(folder / "two" / "policies", turned))
        if isinstance(one, Compiled):
            assert isinstance(two, Compiled), two
            assert {path: each.content for path, each in one.files()} == {
                path: each.content for path, each in two.files()
            }
        else:
            assert not isinstance(two, Compiled)
            assert sorted(finding.code for finding in one) == sorted(finding.code for finding in two)

    explore()
