"""What the guard adds to a turn on the real gateway:  python -m tests.contract.guard_latency [TURNS]

Two gateways with the same configuration, one with the guard and one without, answer short turns one after the other and
change places after each pair, so that neither has the quieter moments. The difference within each pair counts.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.contract.guards import Guarded, configuration, guarded, stub

SCENARIO = "agent-loops"
#: The first turns of an agent load it.
WARM = 8


def without_guard(content: bytes) -> bytes:
    """The same configuration, by which OpenClaw loads no guard."""
    data = json.loads(content)
    data["plugins"].pop("load")
    data["plugins"]["entries"].pop("vane-guard")
    data["plugins"]["allow"].remove("vane-guard")
    return json.dumps(data).encode()


def milliseconds(bench: Guarded) -> float:
    """One turn, as its client sees it."""
    begun = time.perf_counter()
    assert bench.gateway.ask(SCENARIO, "Say hello.").status_code == 200
    return (time.perf_counter() - begun) * 1000


def middle_of(differences: list[float]) -> tuple[float, float, float]:
    """The median, and its 95 % interval by 10,000 resamples."""
    chance = random.Random(1)
    found = sorted(statistics.median(chance.choices(differences, k=len(differences))) for _ in range(10_000))
    return statistics.median(differences), found[249], found[9749]


def main(turns: int) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name, stub(Path(name)) as (upstream, certificate):
        folder, content = Path(name), configuration(upstream.mlx.port)
        plain = without_guard(content)
        with (
            guarded(folder / "with", upstream, certificate, content, is_timed=True) as one,
            guarded(folder / "without", upstream, certificate, plain) as other,
        ):
            pairs = []
            for number in range(-WARM, turns):
                first, second = (one, other) if number % 2 else (other, one)
                took = {id(bench): milliseconds(bench) for bench in (first, second)}
                if number >= 0:
                    pairs.append((took[id(one)], took[id(other)]))
            assert not (other.folder / "state").exists() and len(one.lines) >= turns
            inside = one.milliseconds[WARM:]
    held, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
    middle, low, high = middle_of([with_it - without for with_it, without in pairs])
    sys.stdout.write(
        f"a turn with the guard {held:.1f} ms, without {bare:.1f} ms (medians of {turns})\n"
        f"with it {middle:+.1f} ms longer (median of the pairs; 95 %: {low:+.1f} to {high:+.1f})\n"
        f"the guard's own hooks: {statistics.median(inside):.2f} ms of a turn (median)\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
