"""`vane spend import guard-log`: in any order, once, whole lines alone, and never a sentence of anybody."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import parser
from compiler.diagnostics import PolicyError
from harness.clock import Clock
from harness.market.spend import import_command
from harness.market.spend.import_guard_log import read_logs
from harness.market.spend.importing import Names
from harness.market.spend.layout import ADDED
from harness.market.spend.ledger import FILE, reading, writing
from harness.market.spend.rows import Decision
from tests.guard.logs import FLASH, LOCAL, MONDAY, OPUS, OWL, Line, Work, content, line, stopped, week, write
from tests.shipped import shipped

NOW = datetime.datetime(2026, 5, 18, 6, 17, tzinfo=datetime.UTC)
NAMES = Names.of(shipped().policies)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(import_command, "compile_policies", lambda folder, targets: shipped())
    return tmp_path


def take(project: Path, *files: Path, more: tuple[str, ...] = ()) -> int:
    asked = parser().parse_args(["spend", "import", "guard-log", *map(str, files), *more, "-C", str(project)])
    return import_command.run(asked, Clock(now=lambda: NOW, pause=lambda _: None))


def rows(project: Path) -> tuple[Decision, ...]:
    with reading(project / FILE) as ledger:
        return ledger.rows(Decision) if ledger else ()


def parts() -> Iterator[list[Line]]:
    """A week of two Macs, in three files, as rotation cuts them."""
    lines = list(week(MONDAY, [Work("batch", FLASH, 4, 0.03), Work("batch", OWL, 2, 0.03, machine="air-ana")]))
    third = len(lines) // 3 + 1
    return (lines[start : start + third] for start in range(0, len(lines), third))


def test_a_row_says_what_its_line_says(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = line(
        "one", MONDAY + HOUR, machine="air-ana", scenario="security-audit", labels=["payments", "hr"], ticket="SEC-12",
        wanted=OPUS, cost_usd="0.0123", cost_from="provider", cache_read_tokens=900, tool_calls=4, tool_errors=1,
    )  # fmt: skip
    blocked = stopped("two", MONDAY + 2 * HOUR, "label", labels=["hr"], wanted=OWL)
    assert take(project, write(project / "a.jsonl", [asked, blocked])) == 0
    assert capsys.readouterr().out == (
        "1 log: 2 decisions of air-ana, studio, 2026-05-11 to 2026-05-11: 2 new, 0 revised, 0 known\n"
    )
    first, second = sorted(rows(project), key=lambda row: row.at)
    assert (first.key, first.model, first.permaslug) == (
        "name:vane-dollar", "anthropic/claude-opus-4.7", "anthropic/claude-4.7-opus-20260416",
    )  # fmt: skip
    assert (first.labels, first.ticket, first.usd, first.usd_from) == (
        "hr payments",
        "SEC-12",
        Decimal("0.0123"),
        "provider",
    )
    assert (first.prompt_tokens, first.cached_tokens, first.tool_calls, first.tool_errors) == (1000, 900, 4, 1)
    assert (second.chosen, second.key, second.model, second.usd_from, second.reason) == (None, "", "", None, "label")


def test_a_model_of_a_mac_has_no_key(project: Path) -> None:
    take(project, write(project / "a.jsonl", [line("one", MONDAY, wanted=LOCAL)]))
    assert [(row.key, row.model) for row in rows(project)] == [("", LOCAL)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_and_any_number_of_times(project: Path, order: tuple[int, ...]) -> None:
    files = [write(project / f"{number}.jsonl", part) for number, part in enumerate(parts())]
    whole = read_logs(files, NAMES, NOW).decisions
    for number in (*order, order[0]):
        assert take(project, files[number]) == 0
    assert take(project, *files) == 0
    assert {*rows(project)} == {*whole}
    assert len(rows(project)) == len(whole) > 20


@pytest.mark.parametrize("cut", range(1, 300, 23))
def test_a_line_that_a_kill_cut_off(project: Path, capsys: pytest.CaptureFixture[str], cut: int) -> None:
    """At the end of a file, and before the lines of the guard that was started again."""
    first, second, third = (line(name, MONDAY) for name in ("one", "two", "three"))
    half = content([second])[:cut]
    file = project / "a.jsonl"
    file.write_bytes(content([first]) + half)
    assert take(project, file) == 0
    said = capsys.readouterr()
    assert "1 decisions" in said.out
    assert f"a.jsonl:2:1 VM235 warning: the line is cut off after {cut} bytes" in said.err
    file.write_bytes(content([first]) + half + b"\n" + content([second, third]))
    assert take(project, file) == 0
    assert len(rows(project)) == 3


def test_what_a_power_cut_leaves(project: Path) -> None:
    file = project / "a.jsonl"
    file.write_bytes(content([line("one", MONDAY)]) + bytes(700) + b"\n\n" + content([line("two", MONDAY)]))
    assert take(project, file) == 0
    assert len(rows(project)) == 2


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"version": 2}, "VM231", "no decision of a guard, version 1"),
        ({"version": True}, "VM231", "no decision of a guard, version 1"),
        ({"prompt": "what is the password"}, "VM231", "has, and should not have, 'prompt'"),
        ({"scenario": "tell me a story"}, "VM231", "scenario is 'tell me a story'"),
        ({"session": "me@example.org"}, "VM231", "session is"),
        ({"labels": ["a secret"]}, "VM231", "labels is ['a secret']"),
        ({"labels": "hr"}, "VM231", "labels is 'hr'"),
        ({"ticket": "please let me in"}, "VM231", "ticket is 'please let me in'"),
        ({"action": "think"}, "VM231", "action is 'think'"),
        ({"reason": "because"}, "VM231", "reason is 'because'"),
        ({"prompt_tokens": -1}, "VM205", "prompt_tokens is -1"),
        ({"prompt_tokens": 1.5}, "VM205", "prompt_tokens is Decimal('1.5')"),
        ({"calls": True}, "VM205", "calls is True"),
        ({"tool_calls": 1, "tool_errors": 2}, "VM231", "more tool calls failed than there were"),
        ({"cache_read_tokens": 900, "cache_write_tokens": 101}, "VM231", "more tokens than the prompt has"),
        ({"cost_usd": 0.5}, "VM231", "cost_usd is"),
        ({"cost_usd": "-1"}, "VM231", "cost_usd is '-1'"),
        ({"cost_usd": "1e6"}, "VM231", "cost_usd is '1e6'"),
        ({"cost_usd": None}, "VM231", "cost_usd and cost_from go together"),
        ({"chosen": None}, "VM231", "no model was chosen, and tokens or money are counted"),
        ({"at": "2026-05-11T10:00:00.000+02:00"}, "VM231", "at is"),
        ({"at": "2026-02-30T10:00:00.000Z"}, "VM231", "at is '2026-02-30T10:00:00.000Z'"),
        ({"at": "2026-05-19T10:00:00.000Z"}, "VM206", "is in the future"),
        ({"id": "gen-1"}, "VM231", "id is 'gen-1'"),
        ({"wanted": "x" * 1100}, "VM231", "more than 1024"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_and_nothing_is_taken(
    project: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], code: str, said: str
) -> None:
    good, wrong = line("one", MONDAY), {**line("two", MONDAY), **change}
    file = write(project / "a.jsonl", [good, wrong])
    assert take(project, file) == 1
    told = capsys.readouterr().err
    assert f"a.jsonl:2:1 {code} " in told
    assert said in told
    assert str(good["id"]) not in told, "nor is a line shown: a wrong one may hold anything"
    assert rows(project) == ()


def test_every_wrong_line_is_named_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [{**line(str(n), MONDAY), **({"calls": -n} if n % 2 else {})} for n in range(8)]
    assert take(project, write(project / "a.jsonl", lines), write(project / "b.jsonl", [{"version": 1}])) == 1
    told = capsys.readouterr().err
    assert [f"a.jsonl:{n}:1" in told for n in range(1, 9)] == [False, True] * 4
    assert "b.jsonl:1:1" in told
    assert rows(project) == ()


def test_one_id_with_two_contents(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one import and against the ledger: no guard writes a line again."""
    first, other = line("one", MONDAY), line("one", MONDAY, calls=2)
    a, b = write(project / "a.jsonl", [first]), write(project / "b.jsonl", [other])
    assert take(project, a, b) == 1
    assert "b.jsonl:1:1 VM207" in capsys.readouterr().err
    assert take(project, a) == 0
    assert take(project, b) == 1
    told = capsys.readouterr().err
    assert "b.jsonl:1:1 VM207" in told
    assert "is in the ledger already, and says something else there" in told
    assert [row.requests for row in rows(project)] == [1]


def test_a_file_that_is_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(project, project / "none.jsonl") == 1
    assert "VM230" in capsys.readouterr().err


def test_an_empty_log_and_a_dry_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(project, write(project / "empty.jsonl", [])) == 0
    assert capsys.readouterr().out == "1 log: no decision, nothing written\n"
    assert take(project, write(project / "a.jsonl", [line("one", MONDAY)]), more=("--dry-run",)) == 0
    assert capsys.readouterr().out.endswith("nothing written (--dry-run)\n")
    assert not (project / FILE).exists()


def test_a_ledger_of_an_older_version(project: Path) -> None:
    """It lacks the table: it is read as if no guard's log had come, and takes one."""
    with writing(project / FILE) as ledger:
        for table in ADDED:
            ledger.database.execute(f"DROP TABLE {table}")
    assert rows(project) == ()
    assert take(project, write(project / "a.jsonl", [line("one", MONDAY)])) == 0
    assert len(rows(project)) == 1


def test_wrong_lines_are_not_listed_without_end(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"{}\n" * 10_000)
    with pytest.raises(PolicyError) as refused:
        read_logs([file], NAMES, NOW)
    assert len(refused.value.findings) == 50


def test_a_line_is_no_longer_than_a_guard_may_write() -> None:
    """The longest real values fit into a line's 1,024 bytes."""
    longest = line("one", MONDAY, labels=["customer-data", "payments", "personal-data"], ticket="ARCH-123456")
    assert len(json.dumps(longest, separators=(",", ":"))) < 1024
