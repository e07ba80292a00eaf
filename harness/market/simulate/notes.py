"""What a simulation cannot know, in words and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from harness.market.numbers import signed
from harness.market.numbers import tokens as shown
from harness.market.simulate.amounts import Amounts
from harness.market.simulate.bill import Outcome, Part
from harness.market.simulate.book import is_ours
from harness.market.simulate.factors import Ratio
from harness.market.simulate.money import signed_usd
from harness.market.simulate.report import Report
from harness.market.spend.money import shown_usd


@dataclass(frozen=True, slots=True)
class Note:
    """One thing; how many tokens it is about, where it is about tokens."""

    kind: str
    words: str
    tokens: int | None = None


def notes(report: Report) -> tuple[Note, ...]:
    """All that applies."""
    return (
        *_model_error(report), *_whose(report), *_factors(report), *_caches(report), *_conditions(report),
        *_ledger(report),
    )  # fmt: skip


def _model_error(report: Report) -> Iterator[Note]:
    billed, priced = report.bill.billed, report.bill.before.point
    off = signed(Fraction(priced - billed) / Fraction(billed) if billed else None)
    yield Note(
        "pricing",
        f"Re-priced by the lock, the rows as they were come to {signed_usd(priced - billed)} against the bill ({off}). "
        "OpenRouter bills the provider that it chose, and the lock has one list price a model; pictures, audio and web "
        "search are in no ledger. The change has both sides at the same prices.",
    )  # fmt: skip


def _whose(report: Report) -> Iterator[Note]:
    yield from _shared(report)
    cases: tuple[tuple[str, Callable[[Outcome], bool], str], ...] = (
        ("unattributed", lambda o: not o.verdict.scenarios, "are of no route in force, and stay as they were."),
        ("fallback", lambda o: o.verdict.at_fallback, "are of models that are only fallbacks, and are read as such."),
        ("off-route", lambda o: o.verdict.off_route, "have a scenario whose route does not hold the model."),
        ("unpriced", lambda o: not o.is_priced, "are of models without a price in the lock, and count as billed."),
    )
    for kind, applies, words in cases:
        found = _of(report, applies)
        if found != Amounts():
            yield Note(kind, f"{_words(found)} {words}", found.tokens)


def _shared(report: Report) -> Iterator[Note]:
    by_label: dict[str, list[Outcome]] = {}
    for outcome in report.bill.outcomes:
        if len(outcome.verdict.scenarios) > 1:
            by_label.setdefault(outcome.label, []).append(outcome)
    for label, outcomes in sorted(by_label.items()):
        found = sum((outcome.amounts for outcome in outcomes), Amounts())
        said = f"{_words(found)} are of {label}: key and model do not tell of which."
        apart = "They would go apart: the point takes the expected shares, the bounds give all to one."
        together = "They would go the same way, so that it makes no difference here."
        is_apart = any(len(outcome.parts) > 1 for outcome in outcomes)
        yield Note("shared", f"{said} {apart if is_apart else together}", found.tokens)


def _factors(report: Report) -> Iterator[Note]:
    moved: dict[tuple[str, str], list[Part]] = {}
    for part in _moved(report):
        moved.setdefault((part.was.model, part.becomes.model), []).append(part)
    for (was, becomes), parts in sorted(moved.items()):
        count, factor = sum(part.amounts.tokens for part in parts), parts[0].factor
        if is_ours(becomes):
            said = f"{shown(count)} tokens would move from {was} to {becomes}, on our own Macs: no bill."
            yield Note("ours", said, count)
        elif factor.prompts:
            said = f"{becomes} takes prompt {_ratio(factor.prompt)}, completion {_ratio(factor.completion)} of {was}'s"
            of = f"by {factor.prompts} prompts that both answered in runs of the harness"
            yield Note("factor", f"{said} tokens, {of} ({shown(count)} tokens).", count)
        else:
            said = f"{becomes} is taken to use as many tokens as {was} (factor 1, {shown(count)} tokens)"
            yield Note("assumed-factor", f"{said}: an assumption; no run of the harness has enough of both.", count)


def _caches(report: Report) -> Iterator[Note]:
    def asks(outcome: Outcome, price: str) -> bool:
        offers = (report.book.tariffs.get(model) for model in _models(outcome))
        return any(offer and getattr(offer.pricing, price) is not None for offer in offers)

    outcomes = report.bill.outcomes
    uncounted = sum(o.amounts.uncounted for o in outcomes if asks(o, "input_cache_read"))
    if uncounted:
        said = "do not say what of them came from a cache: the point takes none of them, one bound all."
        yield Note("cached-unknown", f"{shown(uncounted)} prompt tokens {said}", uncounted)
    unwritten = sum(o.amounts.unwritten for o in outcomes if asks(o, "input_cache_write"))
    if unwritten:
        said = "do not say whether a cache took them in, for a price: the point takes none of them, one bound all."
        yield Note("written-unknown", f"{shown(unwritten)} prompt tokens {said}", unwritten)
    warm = sum(part.amounts.cached for part in _moved(report))
    if warm:
        said = "came from a cache: the point takes them from the new model's, one bound none."
        yield Note("warm-cache", f"{shown(warm)} prompt tokens {said}", warm)


def _conditions(report: Report) -> Iterator[Note]:
    def may_vary(outcome: Outcome) -> bool:
        offers = (report.book.tariffs.get(model) for model in _models(outcome))
        return not outcome.kind.is_call and any(offer and offer.pricing.overrides for offer in offers)

    found = _of(report, may_vary)
    if found != Amounts():
        said = (
            f"{_words(found)} are of models that ask more for long prompts or at some hours, and known by the day alone"
        )
        bounds = "the point takes the mean length and no such hour, the bounds every length and hour"
        yield Note("conditions", f"{said}: {bounds}.", found.tokens)


def _ledger(report: Report) -> Iterator[Note]:
    if count := report.rows.contradicting:
        said = f"{shown(count)} tokens of logs contradict the bill of their day, key and model; the bill counts alone."
        yield Note("contradicting", said, count)
    if missing := len(report.span.days) - len(report.rows.days):
        yield Note(
            "days", f"{missing} of {len(report.span.days)} days have no row in the ledger; they count as nothing."
        )


def _of(report: Report, applies: Callable[[Outcome], bool]) -> Amounts:
    return sum((outcome.amounts for outcome in report.bill.outcomes if applies(outcome)), Amounts())


def _models(outcome: Outcome) -> frozenset[str]:
    return frozenset({outcome.kind.model, *(part.becomes.model for part in outcome.parts)})


def _moved(report: Report) -> Iterator[Part]:
    return (part for outcome in report.bill.outcomes for part in outcome.parts if part.moved)


def _words(found: Amounts) -> str:
    return f"{shown(found.tokens)} tokens ({shown_usd(found.billed)} as billed)"


def _ratio(ratio: Ratio) -> str:
    return f"{_plain(ratio.point)} times ({_plain(ratio.low)} … {_plain(ratio.high)})"


def _plain(value: Decimal) -> str:
    return f"{value:.2f}"
