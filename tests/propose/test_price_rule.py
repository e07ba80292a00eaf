"""Prices: a rise is a ticket, a fall is none, and a cheaper provider has to last."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from harness.market.catalogue import Endpoint
from harness.propose.price import price
from tests.propose.known import FLASH, GEMINI, MIMO, OPUS, catalogue, evidence, looked, signals
from tests.shipped import shipped

LOCKED = shipped().policies.lock.models


def priced(slug: str, factor: str) -> dict[str, Any]:
    """A model whose prompts cost so many times as much."""
    pricing = LOCKED[slug].pricing
    return {slug: {"pricing": pricing.model_copy(update={"prompt": pricing.prompt * Decimal(factor)})}}


def offered_by(slug: str, tag: str, factor: str) -> dict[str, tuple[Endpoint, ...]]:
    """A provider that asks so many times the listed price."""
    was = LOCKED[slug].pricing
    pricing = was.model_copy(
        update={"prompt": was.prompt * Decimal(factor), "completion": was.completion * Decimal(factor)}
    )
    return {slug: (Endpoint(tag.title(), tag, pricing, frozenset({"tools"})),)}


def test_a_rise_is_a_ticket_from_the_threshold_on() -> None:
    (found,) = signals(price, evidence(offered=catalogue(changed=priced(FLASH, "1.1")), offered_before=catalogue()))
    assert found.is_ticket and "costs more" in found.proposal.title and found.models == (FLASH,)
    below = evidence(offered=catalogue(changed=priced(FLASH, "1.09")), offered_before=catalogue())
    assert signals(price, below) == []
    assert "below the threshold" in looked(price, below)[FLASH]


def test_the_week_before_counts_and_not_a_lock_of_today() -> None:
    dear = catalogue(changed=priced(FLASH, "1.5"))
    assert signals(price, evidence(offered=dear, offered_before=dear)) == []
    assert len(signals(price, evidence(offered=dear))) == 1, "with no older week, the lock is what is known"


def test_a_fall_and_what_is_only_watched_are_no_tickets() -> None:
    known = evidence(offered=catalogue(changed={**priced(FLASH, "0.5"), **priced(MIMO, "2")}))
    assert signals(price, known) == []
    assert "costs less" in looked(price, known)[FLASH] and MIMO not in looked(price, known)


def test_a_cheaper_provider_is_taken_where_nobody_chose_one() -> None:
    known = evidence(offered=catalogue(endpoints=offered_by(GEMINI, "acme", "0.8")))
    assert "sorts by price" in looked(price, known)[GEMINI]
    policies = shipped().policies
    token = policies.tracks.token_track
    plain = token.model_copy(update={"provider": token.provider.model_copy(update={"sort": None})})
    bare = replace(policies, tracks=policies.tracks.model_copy(update={"token_track": plain}))
    (found,) = signals(price, evidence(offered=known.catalogue, policies=bare))
    assert (found.wait, found.routes) == (2, ("multimodal-docs",))
    assert [str(edit) for edit in found.proposal.edits] == ["scenarios/multimodal-docs.yaml: set provider.sort price"]
    # last week's may have been another provider's
    lasts = "20 % less; some provider has asked less for 1 week in a row"
    assert [each.text for each in found.proposal.evidence][1] == lasts


def test_a_chosen_provider_is_somebodys_decision() -> None:
    known = evidence(offered=catalogue(endpoints=offered_by(OPUS, "acme", "0.8")))
    assert signals(price, known) == []
    assert "somebody's decision" in looked(price, known)[OPUS]


def test_without_prices_nothing_is_said() -> None:
    assert list(price(evidence())) == []
