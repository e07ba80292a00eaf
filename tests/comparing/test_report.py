"""The week's folder, the commands, and what the next week reads back."""

from __future__ import annotations

import argparse
import json
import shutil
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from compiler.diagnostics import Place, PolicyError
from harness.bench import compare_command, show_command
from harness.bench.compare import Comparison, compare
from harness.bench.data import comparison_data
from harness.bench.report import DATA, PAGE, PICTURE, carried, render
from harness.bench.sides import Side
from harness.bench.store import Store
from harness.bench.summary import Summary, summarise
from tests.shipped import PROJECT
from tests.simulated_weeks import THRESHOLDS, Change, World, week

SMALL = World(prompts=20, repeats=4, legs=2)


@cache
def made() -> tuple[Summary, Comparison]:
    base, candidate = week(SMALL, np.random.default_rng(1), Change(task_failures=0.5))
    return summarise("2026-W23", candidate.run), compare(base, candidate, THRESHOLDS)


def test_same_run_same_bytes() -> None:
    first = render(*made(), THRESHOLDS)
    made.cache_clear()
    assert render(*made(), THRESHOLDS) == first


def test_the_folder_holds_what_programs_people_and_eyes_need() -> None:
    files = render(*made(), THRESHOLDS)
    assert set(files) == {DATA, PAGE, PICTURE}
    data = json.loads(files[DATA])
    assert data["comparison"]["legs"][0]["outcome"] == "rollback"
    money = data["summary"]["legs"][0]["usd"]["billed"]
    assert isinstance(money, str) and float(money) > 0
    page = files[PAGE].decode()
    assert page.startswith("# Harness run 2026-W23") and f"]({PICTURE})" in page
    assert "### mlx: rollback" in page


def test_the_picture_reads_on_light_and_dark_pages_and_without_eyes() -> None:
    picture = render(*made(), THRESHOLDS)[PICTURE].decode()
    root = ElementTree.fromstring(picture)
    words = " ".join(root.itertext())
    assert "prefers-color-scheme:dark" in words and "mlx · local-drafts · cold: P95" in words
    assert 'id="clip' not in picture and "<script" not in picture


def test_a_first_week_has_nothing_to_compare_with() -> None:
    summary, _ = made()
    files = render(summary, None, THRESHOLDS)
    assert "There is no earlier run" in files[PAGE].decode()
    assert carried(files[DATA], Place(DATA)) == {}


def test_the_next_week_goes_on_from_what_was_written() -> None:
    summary, comparison = made()
    read = carried(render(summary, comparison, THRESHOLDS)[DATA], Place(DATA))
    assert read == comparison.processes and len(read) == 4


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{}", b'{"comparison": {"e_processes": [{"leg": "mars"}]}}', b"\xff", b"[" * 100_000],
)
def test_evidence_that_was_cut_off_does_not_start_again_in_silence(document: bytes) -> None:
    with pytest.raises(PolicyError) as refused:
        carried(document, Place("generated/weeks/2026-W23/harness.json"))
    assert [finding.code for finding in refused.value.findings] == ["VB203"]


@pytest.mark.parametrize("field", ["broke", "fixed"])
@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True])
def test_counts_are_counts(field: str, value: object) -> None:
    data = {"comparison": comparison_data(made()[1])}
    data["comparison"]["e_processes"][0][field] = value
    with pytest.raises(PolicyError):
        carried(json.dumps(data).encode(), Place(DATA))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "policies", tmp_path / "policies")
    for side in week(SMALL, np.random.default_rng(1), Change(task_failures=0.5)):
        store(tmp_path, side)
    return tmp_path


def store(project: Path, side: Side) -> Path:
    file = project / ".vane" / "runs" / f"{side.name}.jsonl"
    with Store(file, side.run.header) as kept:
        for attempt in side.run.attempts:
            kept.add(attempt)
    return file


def asked(project: Path, **more: object) -> argparse.Namespace:
    return argparse.Namespace(**{"project": project, "json": False, "markdown": False, **more})


def test_compare_tells_the_outcome_and_exits_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_command.run(asked(project, base="base", candidate="candidate")) == 0
    assert "mlx: rollback" in capsys.readouterr().out
    assert compare_command.run(asked(project, base="base", candidate="candidate", json=True)) == 0
    assert json.loads(capsys.readouterr().out)["legs"][0]["outcome"] == "rollback"
    assert compare_command.run(asked(project, base="base", candidate="candidate", markdown=True)) == 0
    assert "| tool-call errors |" in capsys.readouterr().out


def test_compare_without_thresholds_is_a_finding(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "policies" / "acceptance.yaml").unlink()
    assert compare_command.run(asked(project, base="base", candidate="candidate")) == 1
    assert "VB204" in capsys.readouterr().err


def test_show_reads_what_the_store_wrote(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_command.run(asked(project, run="candidate", json=True)) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [leg["calls"] for leg in shown["legs"]] == [80, 80]
    assert show_command.run(asked(project, run="candidate")) == 0
    assert "80 calls" not in capsys.readouterr().err


def test_what_is_no_run_is_a_finding(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / ".vane" / "runs" / "broken.jsonl"
    file.write_text('{"row": "else"}\n')
    assert show_command.run(asked(project, run="broken")) == 1
    assert show_command.run(asked(project, run="2031-W01")) == 1
    assert compare_command.run(asked(project, base="base", candidate="broken")) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("VB301") == 3
