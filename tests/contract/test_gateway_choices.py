"""Nobody leads an agent of the real gateway to another model: not its clients, not its model, not its own upkeep."""

from __future__ import annotations

import pytest

from compiler.plan import Route
from tests.contract.gateway import COMMAND_PATIENCE
from tests.contract.turns import NUMBERS, ROUTES, TICKET, Bench, first_with_fallbacks, foreign, key_of, slug

SENSITIVE = [pytest.param(route, id=name) for name, route in ROUTES.items() if route.labels]


@pytest.mark.parametrize("route", SENSITIVE)
def test_another_model_is_refused_in_the_request(bench: Bench, route: Route) -> None:
    turn = bench.turn(route.scenario, {}, model=foreign(route))
    assert turn.answer.status_code == 400, turn.answer.text
    assert "is not allowed for agent" in turn.answer.json()["error"]["message"]
    assert turn.calls == ()


@pytest.mark.parametrize("route", SENSITIVE)
def test_another_model_is_refused_in_a_session(bench: Bench, route: Route) -> None:
    key = f"agent:{route.scenario}:patched"
    patched = bench.gateway.call("sessions.patch", {"key": key, "model": foreign(route)})
    assert patched.returncode != 0 and "model not allowed" in patched.stdout + patched.stderr


@pytest.mark.parametrize("route", SENSITIVE)
def test_another_model_is_refused_in_a_chat(bench: Bench, route: Route) -> None:
    mark = f"[chat {next(NUMBERS)}]"
    session = f"agent:{route.scenario}:chat"
    before = len(bench.upstream.calls)
    refused = bench.gateway.chat(session, f"/model {foreign(route)}")
    assert foreign(route) in refused and "is not allowed. Use /models" in refused
    assert f"/model {foreign(route)}" not in "".join(call.text for call in bench.upstream.calls[before:])
    bench.gateway.chat(session, f"Say hello. {TICKET} {mark}")
    assert [(call.model, key_of(call)) for call in bench.calls_with(mark)] == [(slug(route.hops[0]), route.hops[0].key)]


def test_a_model_of_the_route_is_taken_in_a_chat(bench: Bench) -> None:
    """The command works: else the refusals above would prove nothing."""
    route = first_with_fallbacks("dollar")
    other = route.hops[1]
    mark = f"[chat {next(NUMBERS)}]"
    session = f"agent:{route.scenario}:chosen"
    bench.gateway.chat(session, f"/model openrouter/{slug(other)}")
    bench.gateway.chat(session, f"Say hello. {TICKET} {mark}")
    assert [(call.model, key_of(call)) for call in bench.calls_with(mark)] == [(slug(other), other.key)]


@pytest.mark.parametrize("route", SENSITIVE)
def test_over_http_the_command_is_text_for_the_routes_own_model(bench: Bench, route: Route) -> None:
    mark = f"[slash {next(NUMBERS)}]"
    assert bench.gateway.ask(route.scenario, f"/model {foreign(route)} {TICKET} {mark}").status_code == 200
    assert {call.model for call in bench.calls_with(mark)} == {slug(route.hops[0])}


@pytest.mark.parametrize("wanted", [None, "model", "agentId"])
def test_sub_agents_stay_in_the_route(bench: Bench, wanted: str | None) -> None:
    route = next(route for route in ROUTES.values() if route.hops[0].key == "local")
    other = next(name for name in ROUTES if name != route.scenario)
    chosen = {"model": foreign(route), "agentId": other}
    mark = f"[child {next(NUMBERS)}]"
    task = {"task": f"Say hello. {mark}", **({wanted: chosen[wanted]} if wanted else {})}
    told = bench.use_tool(route.scenario, "sessions_spawn", task)
    if wanted:
        assert "not allowed" in told
    else:
        bench.upstream.wait_for(lambda call: mark in call.text and "[tool " not in call.text, COMMAND_PATIENCE)
    children = [call for call in bench.calls_with(mark) if "[tool " not in call.text]
    assert {(call.model, key_of(call)) for call in children} == (set() if wanted else {(slug(route.hops[0]), "local")})


def test_a_message_into_another_agents_session_is_refused(bench: Bench) -> None:
    sender = next(route for route in ROUTES.values() if route.hops[0].key == "local")
    mark = f"[smuggled {next(NUMBERS)}]"
    for other in ROUTES.keys() - {sender.scenario}:
        session = f"agent:{other}:letterbox"
        assert bench.gateway.ask(other, "Say hello.", session=session).status_code == 200
        told = bench.use_tool(sender.scenario, "sessions_send", {"sessionKey": session, "message": mark})
        assert "forbidden" in told
    assert {(call.model, key_of(call)) for call in bench.calls_with(mark)} == {(slug(sender.hops[0]), "local")}


def test_a_long_session_is_compacted_by_the_seat_and_nobody_else(bench: Bench) -> None:
    seat = next(route for route in ROUTES.values() if "compaction" in route.slots)
    route = first_with_fallbacks("token")
    session = f"agent:{route.scenario}:long"
    for part in range(3):
        text = f"[long {part}] " + "A line of a report that goes on and on. " * 1500
        assert bench.gateway.ask(route.scenario, text, session=session).status_code == 200
    before = len(bench.upstream.calls)
    compacted = bench.gateway.call("sessions.compact", {"key": session})
    assert compacted.returncode == 0, compacted.stdout + compacted.stderr
    readers = {call.model for call in bench.upstream.calls[before:] if "goes on and on" in call.text}
    assert readers == {slug(seat.hops[0])}
