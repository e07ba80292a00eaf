"""The bill of a period as it was and as it would have been, split by who it is for and who pays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from harness.market.simulate.amounts import EXACT, NOTHING, Amounts
from harness.market.simulate.factors import Factor
from harness.market.simulate.pricing import Range
from harness.market.simulate.routes import Verdict, Where
from harness.market.simulate.settled import Kind
from harness.market.spend.attribution import AND, NO_SCENARIO, NO_TRACK


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the ledger: its name, and the track that it is for."""

    name: str
    track: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """What of some rows would have gone to one model and key."""

    was: Where
    becomes: Where
    factor: Factor
    amounts: Amounts
    before: Decimal
    after: Decimal

    @property
    def moved(self) -> bool:
        """Whether another model would have answered."""
        return self.was.model != self.becomes.model

    @property
    def tokens_after(self) -> int:
        """Estimated by the factor, in whole tokens."""
        prompt, completion = self.factor.prompt.point, self.factor.completion.point
        return round(self.amounts.prompt * prompt + self.amounts.completion * completion)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows of one kind: what the plans say of them, the parts that they come to, and the money with its bounds."""

    kind: Kind
    verdict: Verdict
    parts: tuple[Part, ...]
    before: Range
    after: Range
    change: Range
    #: whether the model before has a price in the lock
    is_priced: bool

    @property
    def amounts(self) -> Amounts:
        """All of its rows."""
        return sum((part.amounts for part in self.parts), Amounts())

    @property
    def label(self) -> str:
        """Whose it is: a scenario, several of which one it was, or nobody's."""
        return AND.join(self.verdict.scenarios) or NO_SCENARIO


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a split. What a side does not have is zero there."""

    name: str
    tokens_before: int = 0
    tokens_after: int = 0
    billed: Decimal = NOTHING
    before: Decimal = NOTHING
    after: Decimal = NOTHING

    def __add__(self, other: Row) -> Row:
        return Row(
            self.name, self.tokens_before + other.tokens_before, self.tokens_after + other.tokens_after,
            self.billed + other.billed, self.before + other.before, self.after + other.after,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bill:
    """All of it."""

    outcomes: tuple[Outcome, ...]
    keys: Mapping[str, Key] = field(default_factory=dict)

    @property
    def billed(self) -> Decimal:
        """What was charged."""
        return _sum(outcome.amounts.billed for outcome in self.outcomes)

    @property
    def before(self) -> Range:
        """The same rows by the lock's prices."""
        return _ranges(outcome.before for outcome in self.outcomes)

    @property
    def after(self) -> Range:
        """By the lock's prices, under the changed policies."""
        return _ranges(outcome.after for outcome in self.outcomes)

    @property
    def change(self) -> Range:
        """After less before; the bounds are narrower than those of the two, which are unknown in the same way."""
        return _ranges(outcome.change for outcome in self.outcomes)

    def by_scenario(self) -> tuple[Row, ...]:
        """Whose work it was; what several scenarios share is a line of its own."""
        return self._split(lambda outcome, part: (outcome.label, outcome.label))

    def by_track(self) -> tuple[Row, ...]:
        """Which track's money it is."""
        return self._split(lambda outcome, part: (_track(part.was), _track(part.becomes)))

    def by_model(self) -> tuple[Row, ...]:
        """Who answered."""
        return self._split(lambda outcome, part: (part.was.model, part.becomes.model))

    def by_key(self) -> tuple[Row, ...]:
        """Who pays."""
        return self._split(lambda outcome, part: (self._key(outcome), self._key_after(outcome, part)))

    def _key(self, outcome: Outcome) -> str:
        key = self.keys.get(outcome.kind.key)
        return key.name if key else outcome.kind.key or "no key is known"

    def _key_after(self, outcome: Outcome, part: Part) -> str:
        if part.becomes.key == part.was.key:
            return self._key(outcome)
        if part.becomes.key == "local":
            return "nobody: on our own Macs"
        named = [key.name for key in self.keys.values() if key.track == part.becomes.key]
        return named[0] if len(named) == 1 else f"the {part.becomes.key} track's key"

    def _split(self, names: Callable[[Outcome, Part], tuple[str, str]]) -> tuple[Row, ...]:
        found: dict[str, Row] = {}

        def book(row: Row) -> None:
            found[row.name] = found.get(row.name, Row(row.name)) + row

        with localcontext(EXACT):
            for outcome in self.outcomes:
                for part in outcome.parts:
                    was, becomes = names(outcome, part)
                    book(Row(was, part.amounts.tokens, 0, part.amounts.billed, part.before))
                    book(Row(becomes, tokens_after=part.tokens_after, after=part.after))
        return tuple(sorted(found.values(), key=lambda row: (-max(row.before, row.after), row.name)))


def _track(where: Where) -> str:
    return {None: NO_TRACK, "local": "our own Macs"}.get(where.key, str(where.key))


def _sum(values: Iterable[Decimal]) -> Decimal:
    with localcontext(EXACT):
        return sum(values, NOTHING)


def _ranges(ranges: Iterable[Range]) -> Range:
    with localcontext(EXACT):
        return sum(ranges, Range())
