"""Shards of many runners, and the one run that they make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.bench.store import read_run
from tests.runs.conftest import Desk, no_finish, suite_of, text_case

CASES = tuple(f"case-{number}" for number in range(7))


@pytest.fixture
def shards(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three of three."""
    monkeypatch.setattr("harness.bench.merge_command.finish", no_finish)
    desk.use(suite_of(*map(text_case, CASES)))
    files = [desk.project / f"shard-{k}.jsonl" for k in (1, 2, 3)]
    for k, file in enumerate(files, 1):
        where = ("--leg", "openrouter", "--repeats", "2", "--shard", f"{k}/3", "--out", str(file))
        assert desk("run", "--api", desk.chat.address, *where).code == 0
    return files


def merge(desk: Desk, *files: Path) -> tuple[int, str, Path]:
    out = desk.project / "merged.jsonl"
    done = desk("merge", *map(str, files), "--out", str(out))
    return done.code, done.out + done.err, out


def test_shards_make_one_run(desk: Desk, shards: list[Path]) -> None:
    code, said, out = merge(desk, *shards)
    assert code == 0, said
    run = read_run(out)
    assert {(unit.case, unit.repeat) for unit in run.done} == {(case, repeat) for case in CASES for repeat in (1, 2)}
    assert (run.header.shard, run.header.missing_shards) == ((1, 1), ())
    assert len(run.attempts) == sum(len(read_run(file).attempts) for file in shards), (
        "warm-ups cost, so they come along"
    )
    assert run.most_usd == sum(read_run(file).most_usd for file in shards)


def test_a_missing_shard_is_said(desk: Desk, shards: list[Path]) -> None:
    code, said, out = merge(desk, shards[2], shards[0])
    assert (code, "VB305 warning: shards 2/3 are missing" in said) == (0, True)
    assert read_run(out).header.missing_shards == (2,)


def test_legs_of_two_machines_make_one_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.bench.merge_command.finish", no_finish)
    desk.use(suite_of(text_case("loop"), text_case("draft", "local-drafts")))
    files = [desk.project / f"{leg}.jsonl" for leg in ("mlx", "openrouter")]
    for file in files:
        where = ("--api", desk.chat.address, "--mlx-url", desk.chat.address, "--leg", file.stem, "--out", str(file))
        assert desk("run", *where, "--repeats", "1").code == 0
    assert merge(desk, files[0], files[0])[0] == 1, "the same leg twice is the same calls twice"
    code, said, out = merge(desk, *files)
    assert code == 0, said
    run = read_run(out)
    assert {leg.leg for leg in run.header.legs} == {"mlx", "openrouter"}
    assert (run.header.shard, run.header.missing_shards) == ((1, 1), ())
    assert run.done == {unit for file in files for unit in read_run(file).done}
    assert {unit.leg for unit in run.done} == {"mlx", "openrouter"}


def change(file: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    first, *rest = file.read_text().splitlines(keepends=True)
    header = json.loads(first)
    edit(header)
    file.write_text("".join((json.dumps(header) + "\n", *rest)))


@pytest.mark.parametrize(
    ("edit", "said_"),
    [
        (lambda header: header.update(seed=2), "seed is 2, and 1 in"),
        (lambda header: header.update(suite_sha256="d" * 64), "suite_sha256 is dddd"),
        (lambda header: header.update(shard=[2, 4]), "shard of 4, and of 3 in"),
        (lambda header: header["legs"][0].update(model="x/y"), "agent-loops on openrouter is x/y"),
        (lambda header: header.update(shard=[1, 3]), "shard 1/3 of the openrouter leg comes more than once"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    desk: Desk, shards: list[Path], edit: Callable[[dict[str, Any]], object], said_: str
) -> None:
    change(shards[1], edit)
    code, said, out = merge(desk, *shards)
    assert (code, said_ in said) == (1, True), said
    assert not out.exists()


def test_a_call_that_two_shards_made_is_refused(desk: Desk, shards: list[Path]) -> None:
    rows = [line for line in shards[0].read_text().splitlines(keepends=True) if '"final":true' in line]
    with shards[1].open("a") as stream:
        stream.write(rows[0])
    code, said, _ = merge(desk, *shards)
    assert (code, "1 calls are in more than one file" in said) == (1, True)


def test_a_name_that_is_taken_is_refused(desk: Desk, shards: list[Path]) -> None:
    assert desk("merge", str(shards[0]), "--out", str(shards[1])).code == 2
