"""A week of rankings as it is archived: frozen data, and the one JSON form that it has on disk.

Tokens are whole numbers as OpenRouter counts them: prompt and completion, by each provider's own tokenizer. Money plays
no part here. No float touches a token.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.weeks import Week

#: The reserved name of the row that sums every model outside the top fifty.
OTHER = "other"
#: official: fetched from the data set by us. saved: a saved answer of the data set. scrape: somebody's archive of the
#: public page. article: a table in a text.
Kind = Literal["official", "saved", "scrape", "article"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a week's numbers come from."""

    kind: Kind
    source: str
    #: of the raw answer or file, whole
    sha256: str
    #: whether the numbers are whole counts, or rounded as a page shows them
    exact: bool
    citation: str | None
    licence: str | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A model variant's week. `days` are the days of the week on which it was listed, with that day's tokens."""

    rank: int
    permaslug: str
    tokens: int
    days: Mapping[datetime.date, int] = field(default_factory=dict)
    #: the change against the week before in whole percent, where the source itself says one. Nobody computed it here.
    claimed_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One ranking: the whole platform's, or that of a category or modality."""

    models: tuple[Ranked, ...]
    #: tokens of everything outside the listed models; None where the source does not say
    other: int | None
    #: whether OpenRouter estimates these numbers from a sample (categories and languages)
    sampled: bool = False
    #: of this section's own raw answer; the platform's is in the provenance
    sha256: str | None = None

    @property
    def total(self) -> int | None:
        """All tokens, listed or not; None where the source knows only a Top N."""
        return None if self.other is None else sum(model.tokens for model in self.models) + self.other


@dataclass(frozen=True, slots=True)
class Ranking:
    """A week of rankings."""

    week: Week
    #: when the answer was made, by its own word; None where the source does not say
    as_of: datetime.datetime | None
    #: the UTC days that the numbers cover: seven, or the week is not complete
    days: tuple[datetime.date, ...]
    provenance: Provenance
    platform: Section
    #: by name as market.yaml writes it: "programming", "tool_calling" …
    sections: Mapping[str, Section] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether all seven days are in it."""
        return self.days == self.week.days
