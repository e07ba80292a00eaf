"""An archived week as rows of the history index: each model with its family, and where both stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.market.families import parse
from harness.market.rankings import Ranking

#: Name → type in DuckDB. Tokens are 64-bit integers there as in the archive; sums of them are 128-bit integers.
#: `days` has a bit for each weekday on which the model was listed; 0: not known.
COLUMNS = {
    "week": "VARCHAR",
    "state": "VARCHAR",
    "source": "VARCHAR",
    "exact": "BOOLEAN",
    "complete": "BOOLEAN",
    "total": "BIGINT",
    "permaslug": "VARCHAR",
    "rank": "INTEGER",
    "family": "VARCHAR",
    "family_rank": "INTEGER",
    "vendor": "VARCHAR",
    "vendor_rank": "INTEGER",
    "tokens": "BIGINT",
    "days": "INTEGER",
}
Row = tuple[Any, ...]


def rows(ranking: Ranking, state: str) -> Iterator[Row]:
    """The platform's ranking, one row a model, in the order of COLUMNS. `state` tells which state of its file it is."""
    models = ranking.platform.models
    names = {model.permaslug: parse(model.permaslug) for model in models}
    families = _ranks((names[model.permaslug].family, model.tokens) for model in models)
    vendors = _ranks((names[model.permaslug].vendor, model.tokens) for model in models)
    origin = ranking.provenance
    of_week = (str(ranking.week), state, origin.kind, origin.exact, ranking.is_complete, ranking.platform.total)
    for model in models:
        name = names[model.permaslug]
        yield (
            *of_week, model.permaslug, model.rank, name.family, families[name.family], name.vendor,
            vendors[name.vendor], model.tokens, sum(1 << day.weekday() for day in model.days),
        )  # fmt: skip


def _ranks(counted: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """By the sum of tokens; of equals, whose best row comes first in the source."""
    sums: Counter[str] = Counter()
    for name, tokens in counted:
        sums[name] += tokens
    return {name: rank for rank, name in enumerate(sorted(sums, key=lambda name: -sums[name]), 1)}
