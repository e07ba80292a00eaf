"""The real gateway does what the plan says: which model is asked, with which key, and what comes next.

The gateway Mac's own files run in a throw-away home. OpenRouter's address stays the real one: a proxy of ours ends the
line. Not as compiled are only: the port of the MLX server, and what bench.py adds, agents of the same shape under
other names. A refusal may close a key to its agent for ten minutes, and there is more than one refusal to try.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from compiler.plan import Route
from tests.contract.bench import DRY, PATIENT, twin
from tests.contract.turns import ROUTES, Bench, body, first_with_fallbacks, key_of, said, slug, whole
from tests.fakes import upstream as stub
from tests.fakes.upstream import BUSY, KEY_LIMIT, NO_CREDITS, Answer

#: Below the two minutes that a `Retry-After` asks for, and far above the second or two of a quiet machine.
AT_ONCE = 100


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_scenario_asks_its_primary_with_its_key_and_preferences(bench: Bench, route: Route) -> None:
    turn = bench.turn(route.scenario, {})
    bench.note(route.scenario, "well", turn)
    first = route.hops[0]
    assert turn.answer.status_code == 200
    assert whole(turn) == stub.REPLY
    # exactly one call holds the text; counted again at the end, in test_gateway_storms.py
    assert [(call.model, key_of(call)) for call in turn.calls] == [(slug(first), first.key)]
    assert turn.calls[0].host == ("mlx" if first.key == "local" else stub.OPENROUTER)
    assert turn.calls[0].preferences == (None if first.key == "local" else body(first.preferences))


@pytest.mark.parametrize("route", [route for route in ROUTES.values() if route.ticket], ids=lambda r: r.scenario)
def test_an_agent_s_instructions_ask_for_the_ticket(bench: Bench, route: Route) -> None:
    turn = bench.turn(route.scenario, {})
    assert "look for a ticket number in the request" in turn.calls[0].text
    others = [bench.turn(other, {}) for other, its in ROUTES.items() if its.ticket is None]
    assert not any("look for a ticket number in the request" in call.text for each in others for call in each.calls)


def test_nobody_stands_in_for_an_agent_that_is_not_there(bench: Bench) -> None:
    """A paused scenario is not in the file."""
    turn = bench.turn("paused-scenario", {})
    assert 400 <= turn.answer.status_code < 500, turn.answer.text
    assert turn.calls == ()


def test_streaming_clients_get_the_answer_in_events(bench: Bench, storms: Mapping[str, object]) -> None:
    route = first_with_fallbacks("token")
    turn = bench.turn(route.scenario, {}, stream=True)
    assert said(turn) == stub.REPLY
    assert turn.answer.text.rstrip().endswith("data: [DONE]")
    assert storms


@pytest.mark.parametrize("status", DRY)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_dry_key_leads_to_the_compiled_fallback_at_once(bench: Bench, route: Route, status: str) -> None:
    primary, *rest = route.hops
    agent, streamed = twin(route.scenario, status), bool(rest) and status == "402"
    turn = bench.turn(agent, {slug(primary): DRY[status]}, stream=streamed)
    bench.note(route.scenario, status, turn)
    assert [(call.model, key_of(call)) for call in turn.calls] == [(slug(hop), hop.key) for hop in route.hops[:2]]
    assert turn.seconds < AT_ONCE
    assert turn.answer.status_code == (200 if rest else int(status)), turn.answer.text
    if rest:
        assert turn.calls[1].preferences == body(rest[0].preferences)
        assert (said(turn) if streamed else whole(turn)) == stub.REPLY

    again = bench.turn(agent, {})
    bench.note(route.scenario, f"again, after {status}", again)
    # dollar and gray stay closed to this agent, although they would answer; token and the Mac itself are never closed
    expected = [primary] if primary.key in ("token", "local") else rest[:1]
    assert [(call.model, key_of(call)) for call in again.calls] == [(slug(hop), hop.key) for hop in expected]
    assert again.answer.status_code == (200 if expected else 500), again.answer.text


def test_a_chain_is_asked_to_its_end_in_order(bench: Bench) -> None:
    route = max((route for route in ROUTES.values() if route.hops[0].key == "token"), key=lambda route: len(route.hops))
    *failing, last = route.hops
    refusals = (NO_CREDITS, KEY_LIMIT)
    turn = bench.turn(route.scenario, {slug(hop): refusals[at % 2] for at, hop in enumerate(failing)})
    bench.note(route.scenario, "402, then 403", turn)
    assert len(route.hops) > 2
    assert [(call.model, key_of(call)) for call in turn.calls] == [(slug(hop), hop.key) for hop in route.hops]
    assert turn.answer.status_code == 200 and turn.calls[-1].model == slug(last)


def test_a_long_retry_after_leads_on_at_once(bench: Bench) -> None:
    route = first_with_fallbacks("token")
    slow = Answer(BUSY.status, BUSY.text, headers={"Retry-After": "120"})
    turn = bench.turn(route.scenario, {slug(route.hops[0]): slow})
    bench.note(route.scenario, "429, Retry-After 120", turn)
    assert [call.model for call in turn.calls] == [slug(hop) for hop in route.hops[:2]]
    assert turn.seconds < AT_ONCE


def test_an_agents_own_settings_shorten_a_storm(bench: Bench) -> None:
    route = first_with_fallbacks("token")
    turn = bench.turn(PATIENT, {slug(route.hops[0]): BUSY})
    bench.note(route.scenario, "429, maxRetries 1", turn)
    first, second = (slug(hop) for hop in route.hops[:2])
    assert [call.model for call in turn.calls] == [first, first, second]
    assert turn.seconds < AT_ONCE
    assert turn.answer.status_code == 200
