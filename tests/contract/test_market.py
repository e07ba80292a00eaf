"""`vane market refresh` and its fake behind Prism, which holds both against OpenRouter's own OpenAPI description.

Prism refuses a question that the description does not allow (4xx) and an answer that it does not allow (500): a clean
week is right on both sides, and whatever goes wrong leaves no part of a week. Run by `make contract`; the first run
installs Prism below .cache/contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import openrouter
from harness.market import archive
from harness.openrouter import VARIABLE
from harness.weeks import Week
from tests.contract.gateway import free_port
from tests.contract.prism import prism
from tests.fakes.openrouter_market import KEY, NOW, RANKINGS, Market, Server
from tests.market.desk import Desk
from tests.samples import write_policies

WEEK = Week(2026, 24)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, specification: Path) -> Iterator[tuple[Market, str]]:
    """The fake market, and the address of the Prism in front of it."""
    folder = tmp_path_factory.mktemp("prism")
    with Server() as server, prism(specification, server.origin, free_port(), folder / "prism.log") as address:
        yield server.market, address


@pytest.fixture
def desk(
    proxied: tuple[Market, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """The tool asks the market through Prism alone."""
    market, address = proxied
    monkeypatch.setenv(VARIABLE, KEY)
    monkeypatch.setattr("harness.market.refresh_command.pages", lambda project, week: {})
    write_policies(tmp_path)
    yield Desk(tmp_path, market, address, capsys)
    market.faults.clear()
    market.asked.clear()
    market.now = NOW


def test_a_clean_week_breaks_the_contract_nowhere(desk: Desk) -> None:
    done = desk()
    assert done.code == 0, done.err
    assert desk.waited == []
    assert desk.files.keys() == {f"2026-W24/{name}" for name in ("rankings.json", "prices.json", "apps.json")}
    ranking = archive.read(desk.project, WEEK)
    assert ranking.is_complete
    assert ranking.sections.keys() == {"programming", "tool_calling"}
    before = desk.files
    assert "unchanged" in desk().err
    assert desk.files == before


def in_billions(answer: Any) -> Any:
    return {
        **answer,
        "data": [row | {"total_tokens": str(int(row["total_tokens"]) // 10**9)} for row in answer["data"]],
    }


def as_numbers(answer: Any) -> Any:
    return {**answer, "data": [row | {"total_tokens": int(row["total_tokens"])} for row in answer["data"]]}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "429 storm": ({"status": 429, "message": "Rate limit exceeded"}, "HTTP 429: Rate limit exceeded"),
    "500": ({"status": 500}, "HTTP 500: Internal Server Error"),
    "truncated JSON": ({"body": b'{"data": [{"date": "2026-06-'}, "VM102"),
    "cut line": ({"missing": 1000}, "VM102"),
    "slow": ({"drip": 0.05}, "VM102"),
    "redirect": ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/elsewhere"}}, "HTTP 500"),
    "40 MB": ({"padding": 40 * 1024 * 1024}, "too large"),
    "in billions": ({"change": in_billions}, "VM112"),
    "JSON numbers": ({"change": as_numbers}, "VM102"),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_no_partial_week_and_a_clean_one_afterwards(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], said: str
) -> None:
    if fault.keys() & {"drip", "missing"}:  # Prism waits for the rest, and so would we
        monkeypatch.setattr(openrouter, "TIMEOUT_SECONDS", 1.0)
    desk.fault(RANKINGS, **fault)
    done = desk()
    assert done.code == 1
    assert said in done.err
    assert RANKINGS in done.err
    assert KEY not in done.err
    assert desk.files == {}
    desk.market.faults.clear()
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, KEY)
    done = desk()
    assert done.code == 0, done.err
    assert archive.weeks(desk.project) == (WEEK,)


def test_a_storm_that_passes_is_waited_for(desk: Desk) -> None:
    desk.fault(RANKINGS, times=2, status=429, message="Rate limit exceeded", headers={"Retry-After": "3"})
    done = desk()
    assert done.code == 0, done.err
    assert len(desk.waited) == 2
    assert all(3 <= seconds <= 3.5 for seconds in desk.waited)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"category": "programming", "period": "day"}, 400),
        ({"category": "programming", "period": "week"}, 200),
        ({"modality": "tool_calling"}, 200),
        ({"modality": "smell"}, 422),
        ({"period": "year"}, 422),
        ({"start_date": "last Monday"}, 422),
    ],
)
def test_the_gate_can_close(desk: Desk, query: dict[str, str], status: int) -> None:
    answer = httpx.get(f"{desk.api}{RANKINGS}", params=query, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    assert answer.status_code == status


def test_a_wrong_answer_does_not_pass(desk: Desk) -> None:
    desk.fault(RANKINGS, body=b'{"data": [{"date": "2026-06-08"}]}')
    answer = httpx.get(f"{desk.api}{RANKINGS}", headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    assert answer.status_code == 500
    assert "total_tokens" in answer.headers["sl-violations"]
