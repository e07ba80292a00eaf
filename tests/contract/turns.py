"""A turn of a scenario as the client and the stub saw it, and what the plan says it should be."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from compiler.compile import Compiled, compile_policies
from compiler.plan import MLX_PREFIX, Hop, KeyClass, MachinePlan, Preferences, Route
from tests.contract.gateway import Gateway
from tests.contract.npm import PROJECT
from tests.contract.table import Row
from tests.fakes.upstream import Answer, Call, Upstream

#: The variable that holds the key of a track; models on the Mac have none.
VARIABLES: Mapping[KeyClass, str] = {
    "token": "OPENROUTER_TOKEN_KEY",
    "dollar": "OPENROUTER_DOLLAR_KEY",
    "gray": "OPENROUTER_GRAY_KEY",
}
KEYS: Mapping[str, KeyClass] = {f"stub-{key}-{secrets.token_hex(8)}": key for key in VARIABLES}
NUMBERS = count(1)
#: What the guard asks for where a scenario needs a ticket.
TICKET = "SEC-1"
#: Only what a tool said has it in what a model reads.
TOLD = '"role": "tool"'


def compiled() -> Compiled:
    return compile_policies(PROJECT / "policies")


def gateway_mac(result: Compiled) -> tuple[str, MachinePlan]:
    """The Mac with the role gateway, as things stand."""
    return next((name, plan) for name, plan in result.plans[0].machines.items() if "gateway" in plan.roles)


COMPILED = compiled()
MAC, PLAN = gateway_mac(COMPILED)
ROUTES = {route.scenario: route for route in PLAN.on("openclaw")}
FILES = {
    artifact.path: artifact.content
    for bundle in COMPILED.bundles
    if MAC in bundle.machines and bundle.situation == "standing"
    for artifact in bundle.by_target["openclaw"]
}


def slug(hop: Hop) -> str:
    """The model's name on the wire."""
    return hop.model.removeprefix(MLX_PREFIX)


def body(preferences: Preferences) -> dict[str, Any]:
    """Preferences in OpenRouter's words."""
    names = ("data_collection", "zdr", "sort", "order", "only", "ignore", "allow_fallbacks", "require_parameters")
    found = {name: getattr(preferences, name) for name in names}
    prices = {"prompt": preferences.max_prompt_price, "completion": preferences.max_completion_price}
    wanted = {name: format(price, "f") for name, price in prices.items() if price is not None}
    return {
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value not in (None, ())
        },
        **({"max_price": wanted} if wanted else {}),
    }


def key_of(call: Call) -> str:
    return "local" if call.bearer is None else KEYS.get(call.bearer, "unknown")


@dataclass(frozen=True)
class Turn:
    """One turn: what the client got, and what the stub was asked for it until then."""

    mark: str
    answer: httpx.Response
    calls: tuple[Call, ...]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Models and keys in the order of the first call to each."""
        return list(dict.fromkeys((call.model, key_of(call)) for call in self.calls))

    @property
    def seconds(self) -> float:
        """From the first call to the last."""
        return self.calls[-1].at - self.calls[0].at


@dataclass(frozen=True)
class Bench:
    """The gateway, the stub behind it, and what the stub answers to which turn."""

    gateway: Gateway
    upstream: Upstream
    seen: list[Row]
    script: dict[tuple[str, str], Answer] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)

    def decide(self, call: Call) -> Answer:
        script = tuple(self.script.items())  # at once: turns run side by side
        return next((said for (mark, model), said in script if mark in call.text and model == call.model), Answer())

    def turn(
        self, scenario: str, said: Mapping[str, Answer], *, stream: bool = False, model: str | None = None
    ) -> Turn:
        """A turn in which models answer as told; each turn has a mark by which its calls are found."""
        mark = f"[turn {next(NUMBERS)}]"
        self.script.update({(mark, model): answer for model, answer in said.items()})
        answer = self.gateway.ask(scenario, f"Say hello. {TICKET} {mark}", stream=stream, model=model)
        turn = Turn(mark, answer, self.calls_with(mark))
        self.turns.append(turn)
        return turn

    def calls_with(self, text: str) -> tuple[Call, ...]:
        """All calls so far that hold a text."""
        return tuple(call for call in self.upstream.calls if text in call.text)

    def use_tool(self, scenario: str, tool: str, arguments: Mapping[str, str], session: str | None = None) -> str:
        """A turn in which the model asks once for a tool: what the tool told the model."""
        mark = f"[tool {next(NUMBERS)}]"

        def decide(call: Call) -> Answer:
            if mark in call.text and TOLD not in call.text:
                return Answer(tool=("tool_call", {"id": tool, "args": arguments}))
            return self.decide(call)

        self.upstream.rule = decide
        try:
            answer = self.gateway.ask(scenario, f"Use the tool. {mark}", session=session)
        finally:
            self.upstream.rule = self.decide
        assert answer.status_code == 200, answer.text
        return next(call.text for call in self.calls_with(mark) if TOLD in call.text)

    def note(self, scenario: str, primary_answers: str, turn: Turn) -> None:
        """A row for the table; attempts and seconds stand where the primary was asked more than once."""
        if not turn.calls:
            nobody = f"nobody (HTTP {turn.answer.status_code})"
            self.seen.append(Row(scenario, primary_answers, nobody, "-", "-"))
            return
        (model, key), *rest = turn.asked
        attempts = sum(call.model == model for call in turn.calls)
        storm = (
            f" ({attempts} times, {sum(c.size for c in turn.calls) // 1000} kB in {turn.seconds:.0f} s)"
            if attempts > 1
            else ""
        )
        then = " → ".join(f"{name} [{its_key}]" for name, its_key in rest)
        self.seen.append(Row(scenario, primary_answers + storm, model, key, then or "-"))


def first_with_fallbacks(key: KeyClass) -> Route:
    """A route of a key that has somewhere to go."""
    return next(route for route in ROUTES.values() if route.hops[0].key == key and len(route.hops) > 1)


def whole(turn: Turn) -> str:
    """The text of an answer in one piece."""
    return str(turn.answer.json()["choices"][0]["message"]["content"])


def said(turn: Turn) -> str:
    """The text of a streamed answer."""
    events = [line.removeprefix("data: ") for line in turn.answer.text.splitlines() if line.startswith("data: {")]
    choices = [choice for event in events for choice in json.loads(event).get("choices", [])]  # an error has none
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def foreign(route: Route) -> str:
    """A model of the same file that another scenario may use, and this one may not."""
    allowed: dict[str, list[str]] = {
        name: agent["modelPolicy"]["allow"]
        for name, agent in json.loads(FILES["openclaw.json"])["agents"]["entries"].items()
    }
    return next(name for names in allowed.values() for name in names if name not in allowed[route.scenario])
