"""A thousand short turns on real gateways: gray tokens stay within a tenth at every moment, at each and in sum."""

from __future__ import annotations

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.contract.guards import AT_ONCE, Guarded, guarded, stub
from tests.contract.turns import ROUTES, key_of
from tests.fakes.upstream import Answer, Call, tokens

SESSIONS, TURNS = 250, 4
SETTLED = 100
#: How often a session of each scenario comes; gray is asked for three times more often than it may be had.
MIX = {"gray-trials": 30, "agent-loops": 40, "batch": 20, "security-audit": 10}


@dataclass
class Meter:
    """What the stub served, in its own order: (gray tokens, all tokens of models in the cloud) after each answer."""

    gray: int = 0
    total: int = 0
    moments: list[tuple[int, int]] = field(default_factory=list)

    def serve(self, call: Call) -> Answer:
        chance = random.Random(f"{len(self.moments)}")
        usage = tokens(chance.randint(200, 4000), chance.randint(10, 900))
        if (key := key_of(call)) != "local":
            self.total += usage["total_tokens"]
            self.gray += usage["total_tokens"] if key == "gray" else 0
            self.moments.append((self.gray, self.total))
        return Answer(usage=usage)


def talk(bench: Guarded, scenario: str, name: int) -> list[int]:
    """A session: its turns one after the other."""
    session = f"agent:{scenario}:{name}"
    ticket = "SEC-7 " if ROUTES[scenario].ticket else ""
    return [
        bench.gateway.ask(scenario, f"{ticket}Say hello {turn}.", session=session).status_code for turn in range(TURNS)
    ]


def conversations(benches: Iterable[Guarded]) -> list[int]:
    """All sessions, side by side and shared out between the gateways."""
    all_benches = list(benches)
    chance = random.Random(7)
    scenarios = chance.choices(list(MIX), list(MIX.values()), k=SESSIONS)
    with ThreadPoolExecutor(AT_ONCE * len(all_benches)) as pool:
        jobs = [pool.submit(talk, all_benches[at % len(all_benches)], each, at) for at, each in enumerate(scenarios)]
        return [status for job in jobs for status in job.result()]


def test_gray_tokens_stay_within_a_tenth_at_every_moment(tmp_path: Path) -> None:
    with stub(tmp_path) as (upstream, certificate), ExitStack() as stack:
        meter = Meter()
        upstream.rule = meter.serve
        benches = [stack.enter_context(guarded(tmp_path / str(at), upstream, certificate)) for at in range(1)]
        assert set(conversations(benches)) == {200}
        assert len(meter.moments) == SESSIONS * TURNS
        shares = [gray / total for gray, total in meter.moments[SETTLED:]]
        print(f"max {max(shares):.4f}, end {shares[-1]:.4f}")
        assert all(gray * 10 <= total for gray, total in meter.moments[SETTLED:]), max(shares)
        assert shares[-1] >= 0.05
