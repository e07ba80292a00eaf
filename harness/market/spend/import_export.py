"""The CSV export of OpenRouter's activity page: a row a generation.

Its columns, as people's tools read them in 2026 (public repositories that parse `openrouter_activity_*.csv`; the
documentation's page "Activity Export" names none): generation_id, created_at, cost_total, cost_web_search, cost_cache,
cost_file_processing, byok_usage_inference, tokens_prompt, tokens_completion, tokens_reasoning, tokens_cached,
model_permaslug, provider_name, variant, cancelled, streamed, user, finish_reason_raw, finish_reason_normalized,
generation_time_ms, time_to_first_token_ms, api_key_disabled, api_key_name, app_name. Times come with and without an
offset; without one they are UTC, as the second in a generation's id shows, and are held against it.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path

from compiler.diagnostics import Place, PolicyError
from harness.market.spend import amounts
from harness.market.spend.amounts import OddError
from harness.market.spend.findings import MIXED_TIME_ZONES, NOT_AN_EXPORT, ODD_ROW, OTHER_CURRENCY
from harness.market.spend.importing import Names, checked_id, once, placed, says_zone, utc
from harness.market.spend.rows import NAMED, NO_KEY, Call

SOURCE = "export"
#: Without one of these it is another file.
NEEDED = (
    "generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug",
    "provider_name",
)  # fmt: skip
#: How the export writes "no variant".
_NO_VARIANT = ("", "standard")

Row = Mapping[str, str]


def read_export(text: str, file: Path, names: Names, now: datetime.datetime) -> tuple[Call, ...]:
    """The calls of an export. Raises PolicyError where one row is odd: then none is taken."""
    rows = list(_rows(text, file))
    return once(placed(file, line, partial(_call, row, names, now)) for line, row in _in_one_zone(rows, file))


def _rows(text: str, file: Path) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = list(reader.fieldnames or ())
        if missing := [name for name in NEEDED if name not in columns]:
            said = f"its first line has no column {missing[0]!r}"
            raise PolicyError([NOT_AN_EXPORT.at(Place(str(file)), said)])
        if len({*columns}) < len(columns):
            raise PolicyError([NOT_AN_EXPORT.at(Place(str(file)), "a column stands there twice")])
        for row in reader:
            if None in row or None in row.values():
                said = f"the row has not {len(columns)} values: it is cut off, or a comma is not quoted"
                raise PolicyError([ODD_ROW.at(Place(str(file), reader.line_num), said)])
            yield reader.line_num, row
    except csv.Error as error:
        said = f"not CSV from here on: {error}"
        raise PolicyError([ODD_ROW.at(Place(str(file), reader.line_num + 1), said)]) from error


def _in_one_zone(rows: list[tuple[int, Row]], file: Path) -> Iterator[tuple[int, Row]]:
    """Times with and without an offset in one file were put together from two."""
    first: bool | None = None
    for line, row in rows:
        try:
            zoned = says_zone(row["created_at"])
        except ValueError:  # said by who reads the row
            zoned = bool(first)
        first = zoned if first is None else first
        if zoned is not first:
            said = f"created_at {'names' if zoned else 'does not name'} its offset; the rows above do the opposite"
            raise PolicyError([MIXED_TIME_ZONES.at(Place(str(file), line), said)])
        yield line, row


def _call(row: Row, names: Names, now: datetime.datetime) -> Call:
    if row.get("currency", "USD") not in ("", "USD"):
        raise OddError(OTHER_CURRENCY, f"currency is {row['currency']!a:.40}")
    id = checked_id(row["generation_id"])
    at = utc(row["created_at"], id, now)
    variant = row.get("variant", "")
    model, permaslug = names.both(
        amounts.text(row, "model_permaslug"), "" if variant in _NO_VARIANT else amounts.text(row, "variant")
    )
    key = amounts.optional_text(row, "api_key_name")
    return Call(
        id=id,
        at=at,
        day=at.date(),
        key=f"{NAMED}{key}" if key else NO_KEY,
        model=model,
        permaslug=permaslug,
        endpoint="",
        provider=amounts.optional_text(row, "provider_name") or "",
        usd=amounts.usd(row, "cost_total"),
        byok_usd=amounts.optional_usd(row, "byok_usage_inference") or Decimal(0),
        prompt_tokens=amounts.count(row, "tokens_prompt"),
        completion_tokens=amounts.count(row, "tokens_completion"),
        reasoning_tokens=amounts.optional_count(row, "tokens_reasoning") or 0,
        cached_tokens=amounts.optional_count(row, "tokens_cached"),
        cache_write_tokens=None,
        scenario=None,
        ticket=None,
        machine=None,
        session=None,
        source=SOURCE,
    )
