"""`vane bench import` as it is called, from a file of another tool to a suite that can be asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.cli import main
from harness.bench.suite import load_suite
from tests.shipped import copied
from tests.suite.test_import import FUNCTION, config

QUESTION = {"id": "simple_1", "question": [[{"role": "user", "content": "The root of 9?"}]], "function": [FUNCTION]}
TRUTH = {"id": "simple_1", "ground_truth": [{"math.root": {"x": [9], "opts": [{"k": [1]}]}}]}


def imported(*arguments: str | Path) -> int:
    return main(["bench", "import", *map(str, arguments)])


def test_promptfoo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench" / "ours"
    assert imported(config(tmp_path), "--scenario", "batch", "--out", out) == 0
    said = capsys.readouterr()
    suite = load_suite(out)
    assert said.out == f"wrote 6 cases into {out}, hash {suite.sha256[:12]}; 5 left out\n"
    assert {case.scenario for case in suite.cases} == {"batch"}
    assert said.err.count("VB122") == 3 and "VB123" in said.err


def test_bfcl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, answers = tmp_path / "BFCL_v4_simple.json", tmp_path / "answers.json"
    lines.write_text(json.dumps(QUESTION) + "\n")
    answers.write_text(json.dumps(TRUTH) + "\n")
    assert imported(lines, "--out", tmp_path / "without") == 1
    assert "no accepted answer" in capsys.readouterr().err
    assert imported(lines, "--answers", answers, "--out", tmp_path / "bfcl") == 0
    (case,) = load_suite(tmp_path / "bfcl").cases
    assert (case.kind, case.scenario) == ("single", "agent-loops")


@pytest.mark.parametrize(("content", "code"), [(b"tests: [", "VN105"), (b"\xff\xfe", "VB120"), (b"a: 1\n", "VB120")])
def test_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: str) -> None:
    (tmp_path / "bad.yaml").write_bytes(content)
    assert imported(tmp_path / "bad.yaml", "--out", tmp_path / "ours") == 1
    said = capsys.readouterr()
    assert code in said.err and "bad.yaml" in said.err and "fix: " in said.err
    assert said.out == "" and not (tmp_path / "ours").exists()


@pytest.mark.parametrize(("arguments", "said"), [
    (("x.yaml",), "--out"),
    (("--out", "ours"), "FILE"),
    (("x.yaml", "--out", "ours", "--scenario", "Not A Name"), "is no name of a scenario"),
])  # fmt: skip
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(imported(*arguments))
    assert (ended.value.code, said in capsys.readouterr().err) == (2, True)


def test_what_was_imported_can_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = copied(tmp_path)
    assert imported(config(tmp_path), "--out", tmp_path / "ours") == 0
    capsys.readouterr()
    where = ("--suite", str(tmp_path / "ours"), "-C", str(project), "--leg", "openrouter", "--repeats", "1")
    assert main(["bench", "run", "--dry-run", "--json", *where]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["case"] for row in rows] == [case.id for case in load_suite(tmp_path / "ours").cases]
    assert {(row["leg"], row["model"]) for row in rows} == {("openrouter", "deepseek/deepseek-v4-flash")}
