"""The real gateway does what the plan says: which model is asked, with which key, what comes next, what is refused.

The gateway Mac's own files run in a throw-away home. OpenRouter's address stays the real one: a proxy of ours ends the
line. Only two things are not as compiled: the port of the MLX server, and twins of the agents whose key goes into
cooldown, because a refusal closes such a key to its agent for ten minutes, and there is more than one refusal to try.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from compiler.plan import MachinePlan, Route
from tests.contract.conftest import Row
from tests.contract.gateway import COMMAND_PATIENCE, TOKEN_VARIABLE, Gateway, home, overlay, running
from tests.contract.installation import PROJECT, command
from tests.contract.turns import (
    COMPILED,
    FILES,
    KEYS,
    NUMBERS,
    ROUTES,
    TWIN,
    VARIABLES,
    Bench,
    Turn,
    body,
    first_with_fallbacks,
    foreign,
    key_of,
    said,
    slug,
    twins,
)
from tests.fakes import upstream as stub
from tests.fakes.upstream import BUSY, FAILED, KEY_LIMIT, NO_CREDITS, Answer, Call, Upstream

#: A proxy that refuses every connection: port 9 is for discarding.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, seen: list[Row]) -> Iterator[Bench]:
    """One gateway for all cases."""
    folder = tmp_path_factory.mktemp("gateway")
    certificate = stub.self_signed(folder)
    upstream = Upstream(certificate)
    files = {
        **FILES,
        "openclaw.json": overlay(FILES["openclaw.json"], upstream.mlx.port, {n: n + TWIN for n in twins()}),
    }
    environment = {
        **home(folder, files),
        **{VARIABLES[key]: value for value, key in KEYS.items()},
        TOKEN_VARIABLE: secrets.token_hex(32),
    }
    with upstream.running(), running(command(), environment, folder, upstream, certificate[0]) as gateway:
        made = Bench(gateway, upstream, seen)
        upstream.rule = made.decide
        yield made


@pytest.fixture(scope="module")
def storms(bench: Bench) -> Iterator[Mapping[str, tuple[Route, Future[Turn]]]]:
    """The two failures that OpenClaw repeats for minutes: side by side, while the other cases run."""
    busy, failed = first_with_fallbacks("token", 1), first_with_fallbacks("token", 0)
    with ThreadPoolExecutor(2) as pool:
        yield {
            "429": (busy, pool.submit(bench.turn, busy.scenario, {slug(busy.hops[0]): BUSY})),
            "500": (failed, pool.submit(bench.turn, failed.scenario, {slug(failed.hops[0]): FAILED})),
        }


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_scenario_asks_its_primary_with_its_key_and_preferences(bench: Bench, route: Route) -> None:
    turn = bench.turn(route.scenario, {})
    bench.note(route.scenario, "well", turn)
    first = route.hops[0]
    assert turn.answer.status_code == 200, bench.gateway.log
    assert turn.answer.json()["choices"][0]["message"]["content"] == stub.REPLY
    # exactly one call holds the text: no utility, decision or recap model reads along
    assert [(call.model, key_of(call)) for call in turn.calls] == [(slug(first), first.key)]
    assert turn.calls[0].host == ("mlx" if first.key == "local" else stub.OPENROUTER)
    assert turn.calls[0].preferences == (None if first.key == "local" else body(first.preferences))


def test_streaming_clients_get_the_answer_in_events(bench: Bench, storms: Mapping[str, object]) -> None:
    route = first_with_fallbacks("token")
    turn = bench.turn(route.scenario, {}, stream=True)
    assert said(turn) == stub.REPLY
    assert turn.answer.text.rstrip().endswith("data: [DONE]")
    assert storms


CAPPED = [
    pytest.param(name + suffix, ROUTES[name], refusal, id=f"{name}-{refusal.status}")
    for name in twins()
    for suffix, refusal in (("", KEY_LIMIT), (TWIN, NO_CREDITS))
]


@pytest.mark.parametrize(("agent", "route", "refusal"), CAPPED)
def test_a_dry_key_leads_to_the_compiled_fallback_at_once(
    bench: Bench, agent: str, route: Route, refusal: Answer
) -> None:
    primary, *rest = route.hops
    turn = bench.turn(agent, {slug(primary): refusal}, stream=bool(rest) and agent != route.scenario)
    bench.note(agent, str(refusal.status), turn)
    assert [(call.model, key_of(call)) for call in turn.calls] == [(slug(hop), hop.key) for hop in route.hops[:2]]
    again = bench.turn(agent, {})
    bench.note(agent, f"again, after {refusal.status}", again)
    # the key stays closed to this agent, although it would answer again
    assert [(call.model, key_of(call)) for call in again.calls] == [(slug(hop), hop.key) for hop in rest[:1]]
    if rest:
        assert turn.calls[1].preferences == body(rest[0].preferences)
        assert turn.answer.status_code == again.answer.status_code == 200, bench.gateway.log
        assert (
            said(turn) if agent != route.scenario else turn.answer.json()["choices"][0]["message"]["content"]
        ) == stub.REPLY
    else:
        assert turn.answer.status_code in (402, 403, 500) and again.answer.status_code == 500, turn.answer.text


@pytest.mark.parametrize("refusal", [NO_CREDITS, KEY_LIMIT], ids=["402", "403"])
def test_a_refusal_of_the_token_key_leads_on_and_closes_nothing(bench: Bench, refusal: Answer) -> None:
    route = first_with_fallbacks("token")
    turn = bench.turn(route.scenario, {slug(route.hops[0]): refusal})
    bench.note(route.scenario, str(refusal.status), turn)
    assert [call.model for call in turn.calls] == [slug(hop) for hop in route.hops[:2]]
    again = bench.turn(route.scenario, {})
    assert [call.model for call in again.calls] == [slug(route.hops[0])]


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


SENSITIVE = [pytest.param(route, id=name) for name, route in ROUTES.items() if route.labels]


@pytest.mark.parametrize("route", SENSITIVE)
def test_another_model_is_refused_in_the_request(bench: Bench, route: Route) -> None:
    turn = bench.turn(route.scenario, {}, model=foreign(route))
    assert turn.answer.status_code == 400, turn.answer.text
    assert "is not allowed for agent" in turn.answer.json()["error"]["message"]
    assert turn.calls == ()


def test_another_model_is_refused_in_a_session(bench: Bench) -> None:
    route = next(route for route in ROUTES.values() if route.hops[0].key == "local")
    key = f"agent:{route.scenario}:override"
    patched = bench.gateway.call("sessions.patch", {"key": key, "model": foreign(route)})
    assert patched.returncode != 0 and "model not allowed" in patched.stdout + patched.stderr
    # over HTTP, `/model` is text and no command: the route's own model reads it
    turn = bench.gateway.ask(route.scenario, f"/model {foreign(route)} [slash]")
    assert turn.status_code == 200, bench.gateway.log
    assert {call.model for call in bench.upstream.calls if "[slash]" in call.text} == {slug(route.hops[0])}


@pytest.mark.parametrize("wanted", [None, "model", "agentId"])
def test_sub_agents_stay_in_the_route(bench: Bench, wanted: str | None) -> None:
    route = next(route for route in ROUTES.values() if route.hops[0].key == "local")
    other = next(name for name in ROUTES if name != route.scenario)
    chosen = {"model": foreign(route), "agentId": other}
    mark = f"[child {next(NUMBERS)}]"
    task = {"task": f"Say hello. {mark}", **({wanted: chosen[wanted]} if wanted else {})}
    asks = f"[parent of {mark[1:-1]}]"

    def decide(call: Call) -> Answer:
        if asks in call.text and "tool" not in [message["role"] for message in call.body["messages"]]:
            return Answer(tool=("tool_call", {"id": "sessions_spawn", "args": task}))
        return bench.decide(call)

    bench.upstream.rule = decide
    try:
        assert bench.gateway.ask(route.scenario, f"Delegate. {asks}").status_code == 200, bench.gateway.log
        told = next(call.text for call in bench.upstream.calls if asks in call.text and '"role": "tool"' in call.text)
        if wanted:
            assert "not allowed" in told
        else:
            bench.upstream.wait_for(lambda call: mark in call.text and asks not in call.text, COMMAND_PATIENCE)
    finally:
        bench.upstream.rule = bench.decide
    children = [call for call in bench.upstream.calls if mark in call.text and asks not in call.text]
    assert {(call.model, key_of(call)) for call in children} == (set() if wanted else {(slug(route.hops[0]), "local")})


def test_a_long_session_is_compacted_by_the_seat_and_nobody_else(bench: Bench) -> None:
    seat = next(route for route in ROUTES.values() if "compaction" in route.slots)
    route = first_with_fallbacks("token")
    key = f"agent:{route.scenario}:long"
    for part in range(3):
        text = f"[long {part}] " + "A line of a report that goes on and on. " * 1500
        done = bench.gateway.ask(route.scenario, text, headers={"x-openclaw-session-key": key})
        assert done.status_code == 200, bench.gateway.log
    before = len(bench.upstream.calls)
    compacted = bench.gateway.call("sessions.compact", {"key": key})
    assert compacted.returncode == 0, compacted.stdout + compacted.stderr
    readers = {call.model for call in bench.upstream.calls[before:] if "goes on and on" in call.text}
    assert readers == {slug(seat.hops[0])}


#: Lines of OpenClaw's own checks that stay, each explained in docs/openclaw.md.
EXPLAINED = {
    "core/doctor/node-hosting-preconditions",
    "gateway.http.session_key_override_enabled",
    "models.small_params",
    "summary.attack_surface",
}
CHECKS = {
    "doctor": ("doctor", "--lint", "--json"),
    "audit": ("security", "audit", "--json"),
    "policy": ("policy", "check", "--json", "--agent", next(iter(ROUTES))),
}


@pytest.mark.parametrize("name", CHECKS)
def test_openclaws_own_checks_find_nothing_unexplained(bench: Bench, name: str) -> None:
    done = bench.gateway.run(*CHECKS[name])
    assert done.stdout.strip(), done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert [finding for finding in findings if finding["checkId"] not in EXPLAINED] == []
    explained = (PROJECT / "docs" / "openclaw.md").read_text("utf-8")
    assert [finding["checkId"] for finding in findings if f"`{finding['checkId']}`" not in explained] == []


def policy_findings(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """What `openclaw policy check` says about files at rest."""
    environment = {**home(folder, files), **dict.fromkeys((*VARIABLES.values(), TOKEN_VARIABLE), "stub")}
    agent = next(iter(json.loads(files["openclaw.json"])["agents"]["entries"]))
    gateway = Gateway(command(), environment, NOWHERE, folder, 0)
    done = gateway.run("policy", "check", "--json", "--agent", agent)
    assert done.stdout.strip(), done.stderr
    return sorted({finding["checkId"] for finding in json.loads(done.stdout)["findings"]})


def test_a_client_mac_is_as_its_policy_says(tmp_path: Path) -> None:
    bundle = next(b for b in COMPILED.bundles if isinstance(b.plan, MachinePlan) and b.plan.gateway)
    assert policy_findings(tmp_path, {each.path: each.content for each in bundle.by_target["openclaw"]}) == []


def test_openclaw_itself_reports_drift_of_the_configuration(tmp_path: Path) -> None:
    data = json.loads(FILES["openclaw.json"])
    data["gateway"]["bind"] = "lan"
    data["models"]["providers"]["elsewhere"] = {"baseUrl": "https://elsewhere.example/v1", "models": []}
    assert policy_findings(tmp_path, {**FILES, "openclaw.json": json.dumps(data).encode()}) == [
        "policy/gateway-non-loopback-bind",
        "policy/models-unapproved-provider",
    ]


def test_openclaw_itself_reports_a_policy_made_to_fit(tmp_path: Path) -> None:
    edited = FILES["policy.jsonc"].replace(b'"requireAuth": true', b'"requireAuth": false')
    assert edited != FILES["policy.jsonc"]
    assert policy_findings(tmp_path, {**FILES, "policy.jsonc": edited}) == ["policy/policy-hash-mismatch"]


@pytest.mark.parametrize("status", ["429", "500"])
def test_what_openclaw_repeats_ends_in_the_fallback(
    bench: Bench, storms: Mapping[str, tuple[Route, Future[Turn]]], status: str
) -> None:
    route, future = storms[status]
    turn = future.result(timeout=480)
    bench.note(route.scenario, status, turn)
    assert turn.answer.status_code == 200, bench.gateway.log
    assert turn.asked == [(slug(hop), hop.key) for hop in route.hops[:2]]
    attempts = sum(call.model == slug(route.hops[0]) for call in turn.calls)
    assert 2 <= attempts <= 10
    assert sum(call.model == slug(route.hops[1]) for call in turn.calls) == 1


#: OpenClaw's list of plug-ins, read at each start; there is no setting against it (docs/openclaw.md).
CATALOG = {"clawhub.ai"}


def test_the_gateway_called_nobody_but_openrouter(bench: Bench) -> None:
    assert set(bench.upstream.proxy.strangers) <= CATALOG
    assert all(call.path.endswith("/v1/chat/completions") for call in bench.upstream.calls)
    assert {key_of(call) for call in bench.upstream.calls} <= {
        hop.key for route in ROUTES.values() for hop in route.hops
    }
