"""Ten real-world shaped openclaw.json files: equal reach before the import and after a compile of its result."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import json5
import pytest

from compiler.cli import main
from compiler.compile import compile_policies
from compiler.importing.openclaw_paths import closed
from compiler.policy.types import MODEL_PATTERN
from compiler.targets.openclaw import TARGET
from tests.importing.shapes import (
    ALIASES,
    HUGE,
    KEY,
    REAL,
    SEATS,
    SERVERS,
    SHAPES,
    TRACKS,
    Shape,
    answer,
    lock_with_mlx,
)


def imported(project: Path, text: str, *options: str) -> int:
    """Run `vane import` on a text, with a saved answer and the facts of the MLX model."""
    (project / "openclaw.json").write_text(text, "utf-8")
    (project / "models-2026-05-22.json").write_text(json.dumps(answer()), "utf-8")
    (project / "facts.json").write_text(lock_with_mlx(), "utf-8")
    file, models, facts = (str(project / name) for name in ("openclaw.json", "models-2026-05-22.json", "facts.json"))
    return main(["import", file, "-C", str(project), "--from-models", models, "--lock-from", facts, *options])


def reach_after(project: Path) -> dict[str, set[str]]:
    """Scenario → models, read from the compiled openclaw.json."""
    compiled = compile_policies(project / "policies")
    (content,) = (a.content for path, a in compiled.files() if path == "machines/gateway-mac/openclaw.json")
    return by_agent({"openclaw.json": content})


def by_agent(files: Mapping[str, bytes]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for reach in TARGET.read(files):
        found.setdefault(reach.scenario, set()).add(reach.model)
    return found


def policies(project: Path) -> str:
    """All policies as one text, with comments that run over several lines joined."""
    files = sorted((project / "policies").rglob("*.yaml"))
    return re.sub(r"\n#   ", " ", "\n".join(file.read_text("utf-8") for file in files))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_compile_of_the_result_reaches_the_same_models(
    shape: Shape, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported(tmp_path, shape.text) == 0
    said = capsys.readouterr().err
    assert reach_after(tmp_path) == {name: set(models) for name, models in shape.expected.items()}
    written = policies(tmp_path)
    assert [comment for comment in shape.comments if comment not in written] == []
    assert [code for code in shape.said if code not in said] == []
    assert "reached before" in said


@pytest.mark.parametrize(
    "shape", [shape for shape in SHAPES if shape not in (SERVERS, TRACKS)], ids=lambda shape: shape.name
)
def test_the_reader_of_compiled_files_agrees_on_the_file_before(shape: Shape) -> None:
    """The hand-written reach is what `read` says of the old file, apart from what lies outside routes and seats."""
    content = json.dumps(closed(json5.loads(shape.text))).encode()
    outside = ("voiceModel", "mediaModels", "hooks.", "channels.", "tools.media", "plugins.", "memory.search")
    before: dict[str, set[str]] = {}
    for reach in TARGET.read({"openclaw.json": content}):
        if "*" not in reach.model and not any(word in reach.path for word in outside):
            before.setdefault(reach.scenario, set()).add(reach.model)
    scenarios = sorted(sorted(models) for name, models in shape.expected.items() if not name.endswith("-seat"))
    assert sorted(sorted(models) for models in before.values()) == scenarios


def test_there_are_ten_shapes_and_all_models_are_slugs() -> None:
    assert len(REAL) == 10
    models = {model for shape in SHAPES for reached in shape.expected.values() for model in reached}
    assert all(re.fullmatch(MODEL_PATTERN[1:-1], model) for model in models)


def test_no_credential_gets_into_policies_or_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(tmp_path, SERVERS.text) == 0
    out = "".join(capsys.readouterr()) + policies(tmp_path) + (tmp_path / "policies/models.lock.json").read_text()
    assert KEY not in out
    assert "user:pw" not in out
    assert "ollama-local" not in out
    assert "models.providers.openrouter.apiKey" in out


def test_a_dear_agent_gets_the_dollar_track_only_where_its_downgrade_adds_no_model(tmp_path: Path) -> None:
    assert imported(tmp_path, TRACKS.text) == 0
    scenarios = tmp_path / "policies" / "scenarios"
    tracks = {file.stem: _line(file, "track: ") for file in scenarios.glob("*.yaml")}
    assert tracks == {"loops": "token", "audit": "dollar", "trials": "gray", "half": "token", "strict": "token"}
    assert "limit_usd: 100 # a guess" in (tmp_path / "policies/caps.yaml").read_text()


def _line(file: Path, start: str) -> str:
    (line,) = (line for line in file.read_text("utf-8").split("\n") if line.startswith(start))
    return line.removeprefix(start)


def test_a_planner_keeps_its_allow_list_but_not_its_wildcard(tmp_path: Path) -> None:
    assert imported(tmp_path, ALIASES.text) == 0
    planner = (tmp_path / "policies/scenarios/planner.yaml").read_text("utf-8")
    assert "provider: {data_collection: deny}" in planner
    assert "*" not in "".join(line.partition("#")[0] for line in planner.split("\n"))


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert imported(tmp_path / name, SEATS.text) == 0
    assert policies(tmp_path / "a") == policies(tmp_path / "b")


def test_what_was_compiled_can_be_imported_again(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "again").mkdir()
    assert imported(tmp_path / "first", TRACKS.text) == 0
    compiled = compile_policies(tmp_path / "first" / "policies")
    (content,) = (a.content for path, a in compiled.files() if path == "machines/gateway-mac/openclaw.json")
    assert imported(tmp_path / "again", content.decode()) == 0
    assert reach_after(tmp_path / "again") == by_agent({"openclaw.json": content})


def test_a_huge_file_names_each_agent_once(tmp_path: Path) -> None:
    assert imported(tmp_path, HUGE.text, "--dry-run") == 0
    assert not (tmp_path / "policies").exists()
