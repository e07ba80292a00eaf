"""A price that passes market.yaml's threshold, and a provider that asks less where a route does not take it by itself.

Prices are held against the week before's, because the lock may be as new as this week.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.market import Market
from compiler.policy.tracks import ProviderPreferences
from harness.market.catalogue import shown
from harness.market.exposure import Use, uses
from harness.market.numbers import signed
from harness.market.price_moves import CheaperProvider, PriceChange, PriceMoves, price_moves
from harness.propose.edit import Edit
from harness.propose.mover import carries
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.seats import Seat, seats_of
from harness.propose.signal import Signal
from harness.propose.week_evidence import PRICES, WeekEvidence
from harness.report.words import several

RULE = "price"
#: A provider's offer of one week is often a mistake or a promotion.
LASTS = 2


def price(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """Tickets for rises; for a lasting cheaper provider the edit that takes it."""
    market = evidence.policies.market
    if evidence.catalogue is None or market is None:
        return
    moved = _moved(evidence, market)
    used = {use.model: use for use in uses(evidence.policies) if use.places}
    for change in moved.changes:
        if change.model in used and change.name in ("prompt", "completion"):
            yield _of_change(change, used[change.model], evidence)
    best: dict[str, CheaperProvider] = {}
    for offer in moved.cheaper:
        best.setdefault(offer.model, offer)  # the cheapest comes first
    for model, offer in best.items():
        for seat in seats_of(model, evidence.policies) if model in used else ():
            yield _of_offer(offer, seat, evidence, market)


def _moved(evidence: WeekEvidence, market: Market) -> PriceMoves:
    now, before, lock = evidence.catalogue, evidence.catalogue_before, evidence.policies.lock
    assert now is not None  # the rule has looked
    held = lock.model_copy(update={"models": before.models}) if before else lock
    return price_moves(now, before, held, market.prices.change_percent, market.volume.prompt_share)


def _of_change(change: PriceChange, use: Use, evidence: WeekEvidence) -> Signal | NotProposed:
    said = f"{change.name} {_price(change.name, change.old)} → {_price(change.name, change.new)}"
    is_rise = change.new is not None and change.new > (change.old or Decimal(0))
    if not is_rise or not change.passes:
        why = "below the threshold" if is_rise else "it costs less: the lock takes it, and no route has to change"
        return NotProposed(RULE, change.model, f"{said} ({signed(change.change)}): {why}")
    proposal = Proposal(
        rule=RULE,
        kind="ticket",
        title=f"{change.model} costs more: {said}",
        evidence=(
            evidence.says(f"{said} ({signed(change.change)})", PRICES),
            Statement(*carries(use)),
        ),
        edits=(),
        effect="No route changes by this; the next bills do, by as much as the price.",
        confidence="high",
        because="it is the list price",
        reversal="Nothing to take back: close it when somebody has decided.",
    )
    return Signal(f"price rise {change.model} {change.name}", proposal, (change.model,))


def _price(name: str, value: Decimal | None) -> str:
    return "none" if value is None else shown(name, value)


def _of_offer(offer: CheaperProvider, seat: Seat, evidence: WeekEvidence, market: Market) -> Signal | NotProposed:
    said = f"{offer.provider} ({offer.tag}) asks {shown('mix', offer.price)}, listed are {shown('mix', offer.locked)}"
    key = f"cheaper {offer.model} {seat.route}"
    wish = _preferences(seat, evidence.policies)
    saving = (offer.locked - offer.price) * 100 / offer.locked
    if saving < market.prices.change_percent:
        return NotProposed(RULE, offer.model, f"{said}: a saving below the threshold")
    if wish.sort == "price":
        return NotProposed(RULE, offer.model, f"{said}: {seat.route} sorts by price, and takes it by itself")
    if wish.order or wish.only or wish.sort:
        return NotProposed(
            RULE, offer.model, f"{said}: {seat.route} names its providers, and that is somebody's decision", key
        )
    weeks = evidence.history.weeks_seen(key) + 1
    return Signal(key, _proposal(offer, said, saving, weeks, seat, evidence), (offer.model,), wait=LASTS)


def _preferences(seat: Seat, policies: Policies) -> ProviderPreferences:
    """Those of the list's own level; a scenario's own, key by key, are for the compile to add."""
    if seat.file == "tracks.yaml":
        track = next(track for track, key in TRACK_KEYS.items() if key == seat.route)
        found = policies.track(track)
        return found.provider if found else ProviderPreferences()
    scenario = policies.scenarios[seat.route]
    track_of = policies.track(scenario.track) if scenario.track else None
    return scenario.provider or (track_of.provider if track_of else ProviderPreferences())


def _proposal(
    offer: CheaperProvider, said: str, saving: Decimal, weeks: int, seat: Seat, evidence: WeekEvidence
) -> Proposal:
    lasts = f"{saving:.0f} % less; some provider has asked less for {several(weeks, 'week')} in a row"
    at = ("provider", "sort") if seat.file != "tracks.yaml" else (seat.route, "provider", "sort")
    return Proposal(
        rule=RULE,
        kind="price",
        title=f"{seat.route}: ask the cheapest provider of {offer.model}",
        evidence=(evidence.says(said, PRICES), evidence.says(lasts, PRICES)),
        edits=(Edit(seat.file, "set", at, "price"),),
        effect=f"Up to {saving:.0f} % less for {offer.model}; all of {seat.route} goes to its cheapest provider.",
        confidence="medium",
        because="the price is listed; how fast and how well that provider answers is not known",
        reversal="The harness calls its P95 or its errors worse, or the offer ends.",
    )
