"""However often and whenever it is synced and imported, the same days end as the same ledger."""

from __future__ import annotations

import datetime
import json
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.market.spend.booking import name_calls
from harness.market.spend.import_export import read_export
from harness.market.spend.import_generations import read_generations
from harness.market.spend.importing import Names, enter_calls
from harness.market.spend.ledger import reading, writing
from harness.market.spend.rows import Activity, Call, Key
from tests.fakes.openrouter_spend import NOW
from tests.shipped import shipped
from tests.spend.schedules import sync, world

DAYS = 34
LATER = NOW + datetime.timedelta(days=DAYS)
HEADER = (
    "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_cached,model_permaslug,provider_name,"
    "variant,api_key_name"
)


def _ids(first: int) -> range:
    return range(first, first + 6)


def export(first: int) -> str:
    rows = (
        f"gen-row-{n},2026-05-{18 + n:02d} 10:00:00,0.0{n},100{n},1{n},5,anthropic/claude-4.7-opus-20260416,Anthropic,"
        f"standard,{'vane-dollar' if n % 2 else 'gone'}"
        for n in _ids(first)
    )
    return "\n".join((HEADER, *rows)) + "\n"


def log(first: int) -> str:
    """The same generations as a log knows them: without the key's name, with scenario and ticket."""
    rows = (
        {
            "data": {
                "id": f"gen-row-{n}", "created_at": f"2026-05-{18 + n:02d}T10:00:00Z", "total_cost": n / 100,
                "model": "anthropic/claude-opus-4.7", "provider_name": "Anthropic",
                "native_tokens_prompt": int(f"100{n}"), "native_tokens_completion": int(f"1{n}"),
            },
            "scenario": "security-audit", "ticket": f"SEC-{n}",
        }
        for n in _ids(first)
    )  # fmt: skip
    return "\n".join(json.dumps(row) for row in rows) + "\n"


def take(text: str, file: Path) -> None:
    names = Names.of(shipped().policies)
    reader = read_generations if text.startswith("{") else read_export
    with writing(file) as ledger:
        enter_calls(reader(text, Path("x"), names, LATER), ledger)
        name_calls(ledger)


def rows(file: Path) -> tuple[object, ...]:
    with reading(file) as ledger:
        assert ledger
        return (*ledger.rows(Activity), *ledger.rows(Call), *ledger.rows(Key))


def played(schedule: list[int | str], folder: str) -> tuple[object, ...]:
    """Numbers pass so many days and sync, twice where they are even; texts are imported. A last sync sees all days."""
    account, file = world(DAYS), Path(folder) / "ledger.duckdb"
    for step in schedule:
        if isinstance(step, str):
            take(step, file)
            continue
        account.now = min(account.now + datetime.timedelta(days=step), LATER)
        for _ in range(1 + (step + 1) % 2):
            sync(account, file)
    while account.now < LATER:
        account.now = min(account.now + datetime.timedelta(days=25), LATER)
        sync(account, file)
    return rows(file)


IMPORTS = (export(0), export(4), log(2), log(5))


@settings(max_examples=5)
@given(st.lists(st.integers(0, 29), max_size=4), st.permutations(IMPORTS), st.randoms(use_true_random=False))
def test_syncs_and_imports_in_any_order(passing: list[int], imports: list[str], dice: object) -> None:
    schedule: list[int | str] = [*passing, *imports, *imports[:2]]
    dice.shuffle(schedule)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        assert played(schedule, folder) == in_order()


@cache
def in_order() -> tuple[object, ...]:
    """The same world, synced each week, with the imports at the end."""
    with tempfile.TemporaryDirectory() as folder:
        return played([7, 7, 7, 7, *IMPORTS], folder)
