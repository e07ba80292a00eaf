"""`vane lock`: from policies and a saved answer to a lock, or to a finding and the lock as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.load import load
from compiler.policy import FILES
from harness.market.named_models import named_models
from tests.fakes.openrouter import DATA
from tests.samples import MLX_MODELS, changed, write_policies

ANSWER = DATA / "models-2026-05-22.json"
ZDR_ANSWER = DATA / "zdr-2026-05-22.json"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def lock_command(project: Path, *options: str) -> int:
    return main(["lock", "-C", str(project), *options])


def test_every_model_that_a_policy_names(tmp_path: Path) -> None:
    write_policies(tmp_path)
    named = named_models(load(tmp_path / "policies", FILES))
    assert named == {
        "anthropic/claude-opus-4.7",
        "deepseek/deepseek-v4-flash",
        "minimax/minimax-m2.7",
        "mlx/acme/Large-4bit",
        "mlx/acme/Small-4bit",
        "openrouter/owl-alpha",
        "tencent/hy3-preview",
    }


def test_watched_candidates_are_pinned(tmp_path: Path) -> None:
    write_policies(tmp_path, changed("market.yaml", "[minimax/minimax-m2.7]", "[acme/tiered, acme/never-gone]"))
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 0
    lock = json.loads((tmp_path / "policies/models.lock.json").read_text("utf-8"))
    assert {"acme/tiered", "acme/never-gone"} <= lock["models"].keys()
    assert "minimax/minimax-m2.7" not in lock["models"]


# ---- the command


def test_from_a_saved_answer_to_a_good_compile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path) / "models.lock.json"
    assert lock_command(tmp_path, "--from", str(ANSWER), "--zdr-from", str(ZDR_ANSWER)) == 0
    assert "5 models of 11, 2 MLX models, as of 2026-05-22: written" in capsys.readouterr().err
    first = lock_file.read_bytes()
    assert json.loads(first)["mlx"] == {
        slug: MLX_MODELS[slug] for slug in ("mlx/acme/Large-4bit", "mlx/acme/Small-4bit")
    }
    assert main(["compile", "-C", str(tmp_path)]) == 0
    assert lock_command(tmp_path, "--from", str(ANSWER), "--zdr-from", str(ZDR_ANSWER)) == 0
    assert lock_file.read_bytes() == first
    assert "unchanged" in capsys.readouterr().err


def test_without_a_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path, {"models.lock.json": None}) / "models.lock.json"
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 0
    assert json.loads(lock_file.read_text("utf-8"))["models"]["openrouter/owl-alpha"]["zdr"] is None
    assert capsys.readouterr().err.count("VN703") == 2


def test_policies_that_are_not_right_yet_can_be_locked(tmp_path: Path) -> None:
    write_policies(tmp_path, changed("tracks.yaml", "sort: price", "surprise: price"))
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 0


def test_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path) / "models.lock.json"
    before = lock_file.read_bytes()
    assert lock_command(tmp_path, "--from", str(ANSWER), "--dry-run") == 0
    assert lock_file.read_bytes() == before
    printed = capsys.readouterr()
    assert '+   "source": "a saved answer of GET /models",' in printed.out
    assert "would change" in printed.err


def test_day_of_a_saved_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path) / "models.lock.json"
    nameless = tmp_path / "answer.json"
    nameless.write_bytes(ANSWER.read_bytes())
    assert lock_command(tmp_path, "--from", str(nameless)) == 1
    assert "no day in 'answer.json'" in capsys.readouterr().err
    assert lock_command(tmp_path, "--from", str(nameless), "--as-of", "2026-02-30") == 1
    assert "'2026-02-30' is no day" in capsys.readouterr().err
    assert lock_command(tmp_path, "--from", str(nameless), "--as-of", "2026-05-23") == 0
    assert json.loads(lock_file.read_text("utf-8"))["as_of"] == "2026-05-23"


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff", b"[" * 200_000, b'{"data": []}', None])
def test_saved_answers_that_are_none(tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path) / "models.lock.json"
    before = lock_file.read_bytes()
    answer = tmp_path / "2026-05-22.json"
    if content is not None:
        answer.write_bytes(content)
    assert lock_command(tmp_path, "--from", str(answer)) == 1
    assert "VN701" in capsys.readouterr().err
    assert lock_file.read_bytes() == before


@pytest.mark.parametrize(
    "old", [b"{", b"\xff\xfe", b"[]", b'{"mlx": 5}', b'{"mlx": {"mlx/acme/Small-4bit": 5}}', b"[" * 200_000]
)
def test_a_broken_lock_is_a_finding(tmp_path: Path, old: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path, {"models.lock.json": old}) / "models.lock.json"
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 1
    assert "VN701" in capsys.readouterr().err
    assert lock_file.read_bytes() == old


def test_a_policy_that_cannot_be_read_may_name_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path, {"tracks.yaml": "version: [1\n"}) / "models.lock.json"
    before = lock_file.read_bytes()
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 1
    assert "policies/tracks.yaml:" in capsys.readouterr().err
    assert lock_file.read_bytes() == before


def test_no_policies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 1
    assert "VN101" in capsys.readouterr().err


def test_nothing_is_written_through_links(tmp_path: Path) -> None:
    policies = write_policies(tmp_path)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (policies / ".models.lock.json.vane-new").symlink_to(victim)
    assert lock_command(tmp_path, "--from", str(ANSWER)) == 0
    assert victim.read_text() == "mine"
    assert not (policies / "models.lock.json").is_symlink()
    assert [file.name for file in policies.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), ("", "it is not JSON"), ("<html>", "it is not JSON"), ("{}", "no list of models")],
    ids=["missing", "empty", "html", "no models"],
)
def test_a_saved_answer_that_is_none_is_named_itself(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policies(tmp_path)
    saved = tmp_path / "answer-2026-05-22.json"
    if content is not None:
        saved.write_text(content, "utf-8")
    assert main(["lock", "-C", str(tmp_path), "--from", str(saved)]) == 1
    printed = capsys.readouterr().err
    assert f"{saved}:1:1 VN701" in printed
    assert said in printed


def test_a_pipe_is_no_saved_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    os.mkfifo(tmp_path / "answer-2026-05-22.json")
    assert main(["lock", "-C", str(tmp_path), "--from", str(tmp_path / "answer-2026-05-22.json")]) == 1
    assert "not a regular file" in capsys.readouterr().err
