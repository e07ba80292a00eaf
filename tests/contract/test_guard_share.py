"""A thousand short turns on real gateways: gray tokens stay within a tenth at every moment, at each and in sum."""

from __future__ import annotations

import random
import statistics
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.contract.guards import AT_ONCE, Guarded, guarded, stub
from tests.contract.turns import ROUTES, key_of
from tests.fakes.upstream import Answer, Call, tokens

GATEWAYS, SESSIONS, TURNS = 2, 250, 4
SETTLED = 100
#: How often a session of each scenario comes; gray is asked for three times more often than it may be had.
MIX = {"gray-trials": 30, "agent-loops": 40, "batch": 20, "security-audit": 10}
#: The part of a turn that the guard may take, in the middle of all turns, however slow the machine.
SLOW = 0.02


class Meter:
    """What the stub served, in its own order: gray tokens and all tokens after each answer, by gateway."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.moments: list[tuple[str, int, int]] = []

    def serve(self, call: Call) -> Answer:
        """Each text says for which gateway it is."""
        gateway = next(f"gateway {at}" for at in range(GATEWAYS) if f"gateway {at}" in call.text)
        with self._lock:
            chance = random.Random(len(self.moments))
            usage = tokens(chance.randint(200, 4000), chance.randint(10, 900))
            self.moments.append((gateway, usage["total_tokens"] * (key_of(call) == "gray"), usage["total_tokens"]))
        return Answer(usage=usage)

    def shares(self, gateway: str = "") -> list[float]:
        """The gray share after each answer, of one gateway or of all."""
        gray = total = 0
        found = []
        for name, of_gray, of_all in self.moments:
            if name.startswith(gateway):
                gray, total = gray + of_gray, total + of_all
                found.append(gray / total)
        return found


def talk(bench: Guarded, gateway: int, scenario: str, name: int) -> list[tuple[int, float]]:
    """A session: its turns one after the other, each with what HTTP said and how many milliseconds it took."""
    session, ticket = f"agent:{scenario}:{name}", "SEC-7 " if ROUTES[scenario].ticket else ""
    said = [f"{ticket}Say hello {turn} to gateway {gateway}." for turn in range(TURNS)]
    answers = [bench.gateway.ask(scenario, text, session=session) for text in said]
    return [(answer.status_code, answer.elapsed.total_seconds() * 1000) for answer in answers]


def conversations(benches: Sequence[Guarded]) -> list[tuple[int, float]]:
    """All sessions, side by side and shared out between the gateways."""
    scenarios = random.Random(7).choices(list(MIX), list(MIX.values()), k=SESSIONS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [
            pool.submit(talk, benches[at % len(benches)], at % len(benches), scenario, at)
            for at, scenario in enumerate(scenarios)
        ]
        return [turn for job in jobs for turn in job.result()]


def test_gray_tokens_stay_within_a_tenth_at_every_moment(tmp_path: Path, notes: list[str]) -> None:
    meter = Meter()
    with stub(tmp_path) as (upstream, certificate), ExitStack() as stack:
        upstream.rule = meter.serve
        benches = [
            stack.enter_context(guarded(tmp_path / str(at), upstream, certificate, is_timed=True))
            for at in range(GATEWAYS)
        ]
        turns = conversations(benches)
        assert {status for status, _ in turns} == {200}
        milliseconds = [each for bench in benches for each in bench.milliseconds]
    assert len(meter.moments) == SESSIONS * TURNS
    for gateway in ("", *(f"gateway {at}" for at in range(GATEWAYS))):
        shares = meter.shares(gateway)
        notes.append(
            f"gray share {gateway or 'in sum'}: at most {max(shares[SETTLED:]):.2%}, at the end {shares[-1]:.2%}"
        )
        assert max(shares[SETTLED:]) <= 0.10
        assert shares[-1] >= 0.05
    middle, turn = statistics.median(milliseconds), statistics.median(took for _, took in turns)
    notes.append(f"the guard took {middle:.2f} ms of a turn of {turn:.0f} ms (medians of {len(milliseconds)})")
    assert middle < SLOW * turn
