"""What the real gateway repeats for minutes, and what only the whole run can say. The last cases: they wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from compiler.plan import Hop, Route
from tests.contract.bench import BROKEN, STORMS, TWINS, twin
from tests.contract.turns import ROUTES, Bench, Turn, key_of, said, slug, whole
from tests.fakes import upstream as stub

PATIENCE = 480
#: What a client gets when nobody is left to ask: a fault of the server becomes one of the gateway.
NOBODY_LEFT = {"429": 429, "500": 502}


def asked_again_and_again(turn: Turn, hops: tuple[Hop, ...]) -> None:
    """The primary several times, then the fallback once, where there is one."""
    assert turn.asked == [(slug(hop), hop.key) for hop in hops[:2]]
    assert 2 <= sum(call.model == slug(hops[0]) for call in turn.calls) <= 10
    assert [sum(call.model == slug(hop) for call in turn.calls) for hop in hops[1:2]] == [1 for _ in hops[1:2]]


@pytest.mark.parametrize("status", STORMS)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_what_openclaw_repeats_ends_in_the_fallback(
    bench: Bench, storms: Mapping[str, Future[Turn]], route: Route, status: str
) -> None:
    turn = storms[twin(route.scenario, status)].result(PATIENCE)
    bench.note(route.scenario, status, turn)
    asked_again_and_again(turn, route.hops)
    assert turn.answer.status_code == (200 if len(route.hops) > 1 else NOBODY_LEFT[status]), turn.answer.text
    # nothing stays closed by it; a cooldown shorter than the wait for this turn would go unseen
    again = bench.turn(twin(route.scenario, status), {})
    assert again.asked == [(slug(route.hops[0]), route.hops[0].key)]


@pytest.mark.parametrize("agent", BROKEN)
def test_a_stream_that_breaks_off_is_repeated_and_ends_in_the_fallback(
    bench: Bench, storms: Mapping[str, Future[Turn]], agent: str
) -> None:
    route = ROUTES[TWINS[agent]]
    turn = storms[agent].result(PATIENCE)
    bench.note(route.scenario, "a stream that breaks off" + (", to one that reads along" if "-" in agent else ""), turn)
    asked_again_and_again(turn, route.hops)
    assert turn.answer.status_code == 200
    if agent == "broken":
        assert whole(turn) == stub.REPLY
    else:  # what is sent cannot be taken back
        assert "cannot be represented as an append-only response stream" in turn.answer.text
        assert stub.REPLY not in said(turn)


def test_nobody_read_along_later(bench: Bench, storms: Mapping[str, Future[Turn]]) -> None:
    """Each turn's text is in the calls that were there when its client had the answer, and in none since."""
    for storm in storms.values():
        storm.result(PATIENCE)
    assert len(bench.turns) > len(storms)
    later = {turn.mark: bench.calls_with(turn.mark)[len(turn.calls) :] for turn in bench.turns}
    assert {mark: [call.model for call in calls] for mark, calls in later.items() if calls} == {}


#: OpenClaw's list of plug-ins, read at each start; there is no setting against it (docs/openclaw.md).
CATALOG = {"clawhub.ai"}


def test_the_gateway_called_nobody_but_openrouter(bench: Bench) -> None:
    assert set(bench.upstream.proxy.strangers) <= CATALOG
    assert all(call.path.endswith("/v1/chat/completions") for call in bench.upstream.calls)
    assert {key_of(call) for call in bench.upstream.calls} <= {
        hop.key for route in ROUTES.values() for hop in route.hops
    }
