"""What becomes of a run: the week's folder, the run before, and repeats that are bought until it is decided."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from compiler.diagnostics import PolicyError
from harness.bench.evidence import write_evidence
from harness.bench.finish import finish
from harness.bench.look import look
from harness.bench.session import LOOKS
from harness.bench.sides import run_before
from harness.bench.store import read_run, unit_of
from tests.fakes.chat import Call, Reply, said
from tests.runs.conftest import Desk, suite_of, tool_case

PARIS = [("get_weather", '{"city": "Paris"}')]
CASES = tuple(tool_case(f"case-{number}") for number in range(12))


def right(call: Call) -> Reply:
    return said(call, calls=PARIS)


def run(desk: Desk, week: str, *arguments: str) -> Path:
    file = desk.project / ".vane" / "runs" / f"{week}.jsonl"
    where = ("--leg", "openrouter", "--week", week, "--out", str(file), "--concurrency", "4")
    done = desk.run(*where, *arguments, out=False)
    assert done.code == 0, done.err
    return file


@pytest.fixture
def weeks(desk: Desk) -> list[Path]:
    """A good week and one in which nothing is right."""
    desk.use(suite_of(*CASES))
    desk.chat.rule = right
    good = run(desk, "2026-W20", "--repeats", "2")
    desk.chat.rule = said
    return [good, run(desk, "2026-W21", "--repeats", "2")]


def test_a_week_is_held_against_the_one_before(desk: Desk, weeks: list[Path]) -> None:
    good, bad = weeks
    assert run_before(desk.project, read_run(good).header) is None
    before = run_before(desk.project, read_run(bad).header)
    assert before == good
    written = write_evidence(desk.project, bad)
    folder = desk.project / "generated" / "weeks" / "2026-W21"
    assert {file.parent for file in written} == {folder}
    assert {"harness.json", "harness.md"} <= {file.name for file in folder.iterdir()}
    assert not [file for file in folder.iterdir() if file.name.startswith(".")]
    (leg,) = json.loads((folder / "harness.json").read_text())["comparison"]["legs"]
    assert leg["outcome"] == "rollback"


def test_shards_and_other_suites_are_no_base(desk: Desk, weeks: list[Path]) -> None:
    good, bad = weeks
    for change in ({"suite_sha256": "d" * 64}, {"shard": [1, 2]}, {"missing_shards": [2]}):
        first, rest = good.read_text().split("\n", 1)
        good.write_text(json.dumps({**json.loads(first), **change}) + "\n" + rest)
        assert run_before(desk.project, read_run(bad).header) is None, change
        good.write_text(f"{first}\n{rest}")
    good.write_text("no run\n")
    assert run_before(desk.project, read_run(bad).header) is None


def test_evidence_that_is_broken_is_not_begun_anew(desk: Desk, weeks: list[Path]) -> None:
    folder = desk.project / "generated" / "weeks" / "2026-W20"
    folder.mkdir(parents=True)
    (folder / "harness.json").write_text("{")
    with pytest.raises(PolicyError) as caught:
        write_evidence(desk.project, weeks[1])
    assert caught.value.findings[0].place.file == "generated/weeks/2026-W20/harness.json"


def test_evidence_goes_on_over_a_week_that_compared_nothing(desk: Desk, weeks: list[Path]) -> None:
    """Its harness.json is there, with `comparison: null`: the weeks before it still count."""
    write_evidence(desk.project, weeks[1])
    third = run(desk, "2026-W23", "--repeats", "1")
    before = json.loads((desk.project / "generated" / "weeks" / "2026-W21" / "harness.json").read_text())
    empty = desk.project / "generated" / "weeks" / "2026-W22"
    empty.mkdir()
    (empty / "harness.json").write_text(json.dumps({**before, "comparison": None}))
    write_evidence(desk.project, third)
    after = json.loads((desk.project / "generated" / "weeks" / "2026-W23" / "harness.json").read_text())
    assert before["comparison"]["e_processes"]
    assert after["comparison"]["e_processes"] == before["comparison"]["e_processes"], "W21 has served already"


def test_what_cannot_be_made_is_said_and_the_run_stays(desk: Desk, weeks: list[Path]) -> None:
    (desk.project / "policies" / "acceptance.yaml").unlink()
    weeks[1].with_suffix(".parquet").mkdir()
    finished = finish(desk.project, weeks[1], is_evidence=True)
    assert finished.files == ()
    assert "no Parquet file" in finished.problems and "VB204" in finished.problems
    assert len(read_run(weeks[1]).attempts) == 24


def test_repeats_are_bought_until_it_is_decided_or_the_money_is_gone(desk: Desk) -> None:
    desk.use(suite_of(*CASES))
    desk.chat.rule = right
    run(desk, "2026-W20", "--repeats", "1")
    wrong = {"case-3"}
    desk.chat.rule = lambda call: said(call) if any(name in call.prompt for name in wrong) else right(call)
    file = run(desk, "2026-W21", "--repeats", "1", "--until-decided", "--max-usd", "0.0003")
    kept = read_run(file)
    finals = Counter(unit_of(row) for row in kept.attempts if row.final)
    assert set(finals.values()) == {1}
    assert len(finals) > len(CASES), "one prompt that broke decides nothing"
    assert kept.header.repeats == 1
    assert kept.most_usd <= Decimal("0.0003")


def test_a_run_that_grew_until_decided_is_judged_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its looks has a share of the error rate: the last one, in the evidence, and any later comparison too."""
    monkeypatch.setattr("harness.bench.deciding._look", look)  # here: a process of its own loads for a second or two
    desk.use(suite_of(*CASES))
    desk.chat.rule = right
    base = run(desk, "2026-W20", "--repeats", "1")
    file = run(desk, "2026-W21", "--repeats", "1", "--until-decided", "--max-usd", "0.0003")
    kept = read_run(file)
    assert kept.header.looks == LOOKS
    assert 1 <= kept.looked < LOOKS - 1
    write_evidence(desk.project, file)
    folder = desk.project / "generated" / "weeks" / "2026-W21"
    told = json.loads((folder / "harness.json").read_text())
    assert told["comparison"]["looks"] == told["summary"]["looks"] == LOOKS
    assert "one of 4 looks" in (folder / "harness.md").read_text()
    assert json.loads(desk("compare", "2026-W20", "2026-W21", "--json").out)["looks"] == LOOKS

    # nothing is left of what was asked; with money again, it goes on to grow, and its looks are counted
    goes_on = ("--resume", str(file), "--until-decided", "--against", str(base), "--max-usd", "1")
    assert desk.run(*goes_on, out=False).code == 0
    grown = read_run(file)
    assert len(grown.done) > len(kept.done)
    assert grown.looked == LOOKS - 1
    assert desk.run(*goes_on, out=False).code == 0
    assert read_run(file) == grown
    done = desk.run("--resume", str(base), "--until-decided", "--max-usd", "1", out=False)
    assert (done.code, "began without --until-decided" in done.err) == (2, True)


def test_nothing_is_called_where_there_is_nothing_to_decide_against(desk: Desk, weeks: list[Path]) -> None:
    called = len(desk.chat.calls)
    decided = ("--leg", "openrouter", "--until-decided", "--max-usd", "1")
    for file in weeks:
        first, rest = file.read_text().split("\n", 1)
        file.write_text(json.dumps({**json.loads(first), "suite_sha256": "d" * 64}) + "\n" + rest)
    done = desk.run(*decided)
    assert (done.code, "VB306 no earlier run of suite small" in done.err) == (1, True)
    done = desk.run(*decided, "--against", "2026-W20")
    assert (done.code, "VB201" in done.err) == (1, True)
    done = desk.run(*decided, "--against", "2026-W01")
    assert (done.code, "there is no run of '2026-W01'" in done.err) == (1, True)
    assert len(desk.chat.calls) == called
    assert not desk.file.exists()
