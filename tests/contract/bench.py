"""One gateway for all cases, with the agents on which to try what closes a key or takes minutes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.contract.gateway import TOKEN_VARIABLE, home, overlay, running
from tests.contract.installation import command
from tests.contract.table import Row
from tests.contract.turns import FILES, KEYS, ROUTES, VARIABLES, Bench, Turn, first_with_fallbacks, slug
from tests.fakes.upstream import BUSY, FAILED, KEY_LIMIT, NO_CREDITS, Answer, Upstream, self_signed

#: What a primary may answer instead of an answer. OpenClaw repeats the first two for minutes.
STORMS: Mapping[str, Answer] = {"429": BUSY, "500": FAILED}
DRY: Mapping[str, Answer] = {"402": NO_CREDITS, "403": KEY_LIMIT}
#: The agents whose primary breaks off in the middle: the client of one waits for the whole answer, of the other not.
BROKEN: Mapping[str, Answer] = dict.fromkeys(("broken", "broken-stream"), Answer(text="The first half of", broken=True))
#: The agent whose own settings allow one repetition, and the one that the harness asks.
PATIENT, ASKED = "one-repetition", "private-desk"
ONE_REPETITION = {"retry": {"provider": {"maxRetries": 1}}}


def twin(scenario: str, status: str) -> str:
    """The agent on which a scenario's refusal is tried: what it closes stays closed to that agent alone."""
    return f"{scenario}-{status}"


#: All agents that the compiled file does not have, and whose copies they are.
TWINS: Mapping[str, str] = {
    **{twin(name, status): name for name in ROUTES for status in (*STORMS, *DRY)},
    **dict.fromkeys((*BROKEN, PATIENT), first_with_fallbacks("token").scenario),
}
#: Agents whose turn takes minutes, and what their primary answers.
STORMY: Mapping[str, Answer] = {
    **{twin(name, status): answer for name in ROUTES for status, answer in STORMS.items()},
    **BROKEN,
}


def guard_overlay(content: bytes, twins: Mapping[str, str]) -> bytes:
    """The guard's data with the same agents again; and without a gray share, which takes more turns than there are."""
    data = json.loads(content)
    scenarios = data["scenarios"]
    return json.dumps(
        {**data, "gray": None, "scenarios": scenarios | {t: scenarios[a] for t, a in twins.items()}}
    ).encode()


def storm(bench: Bench, agent: str) -> Turn:
    """The turn that takes minutes."""
    primary = ROUTES[TWINS[agent]].hops[0]
    return bench.turn(agent, {slug(primary): STORMY[agent]}, stream=agent == "broken-stream")


@contextmanager
def opened(folder: Path, seen: list[Row]) -> Iterator[Bench]:
    """The gateway Mac's own files in a throw-away home, and the gateway on them."""
    certificate = self_signed(folder)
    upstream = Upstream(certificate)
    files = {
        **FILES,
        "openclaw.json": overlay(FILES["openclaw.json"], upstream.mlx.port, TWINS),
        "guard/guard.json": guard_overlay(FILES["guard/guard.json"], TWINS),
        **{f"agents/{name}/agent/settings.json": json.dumps(ONE_REPETITION).encode() for name in (PATIENT, ASKED)},
    }
    environment = {
        **home(folder, files),
        **{VARIABLES[key]: value for value, key in KEYS.items()},
        TOKEN_VARIABLE: secrets.token_hex(32),
    }
    with upstream.running(), running(command(), environment, folder, upstream, certificate[0]) as gateway:
        bench = Bench(gateway, upstream, seen)
        upstream.rule = bench.decide
        yield bench
