"""Rows under two plans: what each of them costs before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from compiler.diagnostics import Place, PolicyError
from harness.market.simulate.amounts import EXACT, NOTHING, Amounts
from harness.market.simulate.bill import Bill, Key, Outcome, Part
from harness.market.simulate.book import Book, is_ours
from harness.market.simulate.codes import NO_PRICE
from harness.market.simulate.factors import ASSUMED, Factors
from harness.market.simulate.pricing import Change, Offer, Range, conditions, price
from harness.market.simulate.routes import Routes, Where
from harness.market.simulate.settled import Kind, Settled
from harness.market.simulate.tariff import Cuts


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything that decides what a row costs."""

    routes: Routes
    book: Book
    factors: Factors
    cuts: Cuts
    keys: Mapping[str, Key]

    def bill(self, rows: Settled) -> Bill:
        """All rows. Raises PolicyError where work would go to a model without a price."""
        with localcontext(EXACT):
            return Bill(tuple(self._outcome(kind, amounts) for kind, amounts in rows.rows), self.keys)

    def _outcome(self, kind: Kind, amounts: Amounts) -> Outcome:
        key = self.keys.get(kind.key)
        was = Where(kind.model, key.track if key else None)
        verdict = self.routes.verdict(kind.scenario, was)
        pieces = amounts.split([target.weight for target in verdict.targets])
        parts = tuple(
            self._part(kind, piece, was, target.where) for piece, target in zip(pieces, verdict.targets, strict=True)
        )
        whole = [self._change(kind, amounts, was, target.where) for target in verdict.targets]
        return Outcome(
            kind, verdict, parts, whole[0].before,
            _either((change.after for change in whole), sum((part.after for part in parts), NOTHING)),
            _either((change.change for change in whole), sum((part.after - part.before for part in parts), NOTHING)),
            is_priced=self._offer(kind.model).has_price,
        )  # fmt: skip

    def _part(self, kind: Kind, amounts: Amounts, was: Where, becomes: Where) -> Part:
        change = self._change(kind, amounts, was, becomes)
        factor = self.factors.of(was.model, becomes.model)
        return Part(was, becomes, factor, amounts, change.before.point, change.after.point)

    def _change(self, kind: Kind, amounts: Amounts, was: Where, becomes: Where) -> Change:
        moved = was.model != becomes.model
        offers = self._offer(was.model), self._offer(becomes.model)
        if moved and not offers[1].has_price:
            said = f"work of {was.model} would go to {becomes.model}, which has no price of its own"
            raise PolicyError([NO_PRICE.at(Place("policies/models.lock.json"), said)])
        has_days = any(offer.tariff.has_days for offer in offers if offer.tariff)
        under = conditions(kind.is_call, kind.band, kind.slot, self.cuts, has_days)
        factor = self.factors.of(was.model, becomes.model) if moved else ASSUMED
        return price(amounts, *offers, factor, under, moved)

    def _offer(self, model: str) -> Offer:
        return Offer(self.book.tariffs.get(model), is_ours(model))


def _either(ranges: Iterable[Range], point: Decimal) -> Range:
    """Bounds over all that it may be; the point is what the parts come to."""
    found = tuple(ranges)
    return Range(point, min(each.low for each in found), max(each.high for each in found))
