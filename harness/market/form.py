"""The JSON form of an archived week, both ways: sorted, so that the same week is the same bytes; read back strictly."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from compiler.diagnostics import Place, PolicyError
from compiler.policy.types import Text
from harness.market.findings import BROKEN_WEEK
from harness.market.rankings import Kind, Provenance, Ranked, Ranking, Section
from harness.weeks import Week

VERSION: Literal[1] = 1
#: Totals are 64-bit integers in OpenRouter's data, and in DuckDB.
MOST_TOKENS = 2**63 - 1
#: `author/model`, with a variant where there is one. ASCII: it becomes a part of addresses and of file names.
PERMASLUG = r"^[A-Za-z0-9~][A-Za-z0-9_.~-]*/[A-Za-z0-9][A-Za-z0-9_.~-]*(:[a-z0-9-]+)?$"
MOST_LETTERS = 200
SECTION = r"^[a-z0-9_-]+(/[a-z0-9_-]+)?$"


def _date(value: Any) -> datetime.date:
    if not isinstance(value, str) or len(value) != len("2026-06-08"):  # pydantic would take a number of seconds
        raise ValueError("a day is written YYYY-MM-DD")
    return datetime.date.fromisoformat(value)


def _moment(value: Any) -> datetime.datetime:
    if not isinstance(value, str) or not value.endswith("Z"):
        raise ValueError("a time is written in UTC: YYYY-MM-DDTHH:MM:SSZ")
    return datetime.datetime.fromisoformat(value)


def _week(value: Any) -> Week:
    return value if isinstance(value, Week) else Week.parse(str(value))


Tokens = Annotated[StrictInt, Field(ge=0, le=MOST_TOKENS)]
Permaslug = Annotated[str, Field(max_length=MOST_LETTERS, pattern=PERMASLUG)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Day = Annotated[datetime.date, BeforeValidator(_date)]


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Model(_Stored):
    rank: Annotated[StrictInt, Field(ge=1)]
    permaslug: Permaslug
    tokens: Tokens
    days: dict[_Day, Tokens]
    claimed_percent: StrictInt | None = None


class _Platform(_Stored):
    total_tokens: Tokens | None
    other_tokens: Tokens | None
    models: Annotated[tuple[_Model, ...], Field(min_length=1)]

    def section(self) -> Section:
        models = tuple(Ranked(m.rank, m.permaslug, m.tokens, m.days, m.claimed_percent) for m in self.models)
        return Section(models, self.other_tokens)


class _Section(_Platform):
    sampled: StrictBool
    sha256: Sha256 | None = None

    def section(self) -> Section:
        return replace(super().section(), sampled=self.sampled, sha256=self.sha256)


class _Provenance(_Stored):
    kind: Kind
    source: Text
    sha256: Sha256
    exact: StrictBool


class _Week(_Stored):
    version: Literal[1]
    week: Annotated[Week, BeforeValidator(_week)]
    first: Annotated[_Day, Field(alias="from")]
    last: Annotated[_Day, Field(alias="to")]
    complete: StrictBool
    days: tuple[_Day, ...]
    as_of: Annotated[datetime.datetime, BeforeValidator(_moment)] | None
    citation: Text | None
    licence: Text | None
    provenance: _Provenance
    platform: _Platform
    sections: dict[Annotated[str, Field(pattern=SECTION)], _Section]

    def ranking(self) -> Ranking:
        origin = Provenance(**dict(self.provenance), citation=self.citation, licence=self.licence)
        sections = {name: section.section() for name, section in self.sections.items()}
        return Ranking(self.week, self.as_of, self.days, origin, self.platform.section(), sections)


def to_json(ranking: Ranking) -> bytes:
    """The week's one form on disk: keys sorted, models by rank, ends in a newline."""
    week, origin = ranking.week, ranking.provenance
    return dumped(
        {
            "version": VERSION,
            "week": str(week),
            "from": week.monday.isoformat(),
            "to": week.sunday.isoformat(),
            "complete": ranking.is_complete,
            "days": [day.isoformat() for day in ranking.days],
            "as_of": moment(ranking.as_of) if ranking.as_of else None,
            "citation": origin.citation,
            "licence": origin.licence,
            "provenance": {
                "kind": origin.kind, "source": origin.source, "sha256": origin.sha256, "exact": origin.exact,
            },
            "platform": _section(ranking.platform),
            "sections": {
                name: {**_section(section), "sampled": section.sampled, "sha256": section.sha256}
                for name, section in ranking.sections.items()
            },
        }
    )  # fmt: skip


def dumped(data: Mapping[str, Any]) -> bytes:
    """JSON as every file of the archive has it."""
    return f"{json.dumps(data, indent=1, sort_keys=True, allow_nan=False)}\n".encode("ascii")


def moment(at: datetime.datetime) -> str:
    """A time in UTC as the archive writes it."""
    return at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def _section(section: Section) -> dict[str, Any]:
    models = [_row(model) for model in section.models]
    return {"total_tokens": section.total, "other_tokens": section.other, "models": models}


def _row(model: Ranked) -> dict[str, Any]:
    days = {str(day): tokens for day, tokens in model.days.items()}
    row = {"rank": model.rank, "permaslug": model.permaslug, "tokens": model.tokens, "days": days}
    return row if model.claimed_percent is None else {**row, "claimed_percent": model.claimed_percent}


def from_json(content: bytes, place: Place) -> Ranking:
    """The week that a file holds. Raises PolicyError unless it is what `to_json` gives, and agrees with itself."""
    try:
        stored = _Week.model_validate(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise broken(place, f"{where}: {first['msg']}" if where else str(first["msg"])) from error
    except (ValueError, RecursionError) as error:
        raise broken(place, "it is not JSON") from error
    if why := _disagreement(stored):
        raise broken(place, why)
    return stored.ranking()


def broken(place: Place, why: str) -> PolicyError:
    """The finding that a file of the archive cannot be used."""
    return PolicyError([BROKEN_WEEK.at(place, f"not a week as it was archived: {why:.300}")])


def _disagreement(stored: _Week) -> str | None:
    """What in a file contradicts itself."""
    if (stored.first, stored.last) != (stored.week.monday, stored.week.sunday):
        return f"{stored.week} is from {stored.week.monday} to {stored.week.sunday}"
    if list(stored.days) != sorted({*stored.days} & {*stored.week.days}):
        return "`days` are not days of the week in order"
    if stored.complete != (stored.days == stored.week.days):
        return f"`complete` says {stored.complete}, but {len(stored.days)} days are listed"
    named = (("platform", stored.platform), *stored.sections.items())
    exact = stored.provenance.exact
    return next((f"{n}: {why}" for n, section in named if (why := _miscount(section, stored.days, exact))), None)


def _miscount(section: _Platform, days: Sequence[datetime.date], exact: bool) -> str | None:
    models = section.models
    total = None if section.other_tokens is None else sum(model.tokens for model in models) + section.other_tokens
    if section.total_tokens != total:
        return f"total_tokens is {section.total_tokens}, its rows give {total}"
    if [model.rank for model in models] != list(range(1, len(models) + 1)):
        return "ranks do not count 1, 2, 3 …"
    if len({model.permaslug for model in models}) != len(models):
        return "a model is listed twice"
    if exact and any(above.tokens < below.tokens for above, below in pairwise(models)):
        return "models are not in the order of their tokens"
    for model in models:
        if model.days and (sum(model.days.values()) != model.tokens or not model.days.keys() <= {*days}):
            return f"the days of {model.permaslug} do not add up to its tokens"
    return None
