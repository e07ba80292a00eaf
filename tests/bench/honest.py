"""What `vane bench run` reports and costs, beside a bare loop over the same transport, in turns, in one process.

`python -m tests.bench.honest URL CONCURRENCY CALLS ROUNDS` prints a JSON object. The server is a process of its own.
"""

from __future__ import annotations

import asyncio
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import httpx

from harness.bench.grade import grade
from harness.bench.legs import Way
from harness.bench.prepare import Pair
from harness.bench.progress import Lines
from harness.bench.runner import Settings
from harness.bench.session import Session
from harness.bench.stats.percentiles import Timing, percentile
from harness.bench.store import RunHeader, RunLeg, Store, read_run
from harness.bench.tasks import Task, request_of
from harness.bench.transport import open_transport
from tests.fakes.chat import KEY
from tests.runs.conftest import suite_of, tool_case
from tests.runs.test_store import HEADER

Figures = tuple[float, float, float]
SUITE = suite_of(*(tool_case(f"case-{number}") for number in range(50)))


def way(url: str) -> Way:
    """The `openrouter` leg with the fake behind it, and prices, so that money is counted as in a real run."""
    from harness.bench.cost import Prices

    return Way(
        leg="openrouter", scenario="agent-loops", route="agent-loops", model="a/b", wire_model="a/b", base_url=url,
        key_variable="KEY", provider={"data_collection": "deny"}, prices=Prices(Decimal("1e-7"), Decimal("2e-7")),
        modalities=frozenset({"text"}), key=KEY,
    )  # fmt: skip


def header(repeats: int, concurrency: int) -> RunHeader:
    from dataclasses import replace

    legs = (RunLeg("openrouter", "agent-loops", "agent-loops", "a/b"),)
    return replace(HEADER, legs=legs, repeats=repeats, concurrency=concurrency)


def middle(latencies: list[float]) -> tuple[float, float]:
    """P50 and P95 as `vane bench show` has them, in milliseconds."""
    found = [Timing(value, censored=False) for value in latencies]
    p50, p95 = percentile(found, 0.5), percentile(found, 0.95)
    assert p50 and p95
    return p50.ms, p95.ms


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def ours(url: str, concurrency: int, calls: int) -> Figures:
    """A run as `vane bench run` makes it, from its tasks to its rows. P50, P95 (ms) and CPU for each call (µs)."""
    pairs: list[Pair] = [(case, way(url)) for case in SUITE.cases]
    repeats = -(-calls // len(pairs))
    settings = Settings(concurrency=concurrency)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.jsonl"
        begun = cpu()
        asked = header(repeats, concurrency)
        with Store(file, asked) as store:
            session = Session({"openrouter": pairs}, asked, None, settings, Decimal(100), grade, 2)
            session.run(store, Lines({}, io.StringIO()))
        used = cpu() - begun
        rows = [row for row in read_run(file).attempts if row.final]
    assert not (odd := [(row.error, row.error_detail) for row in rows if row.error]), odd[:5]
    return (*middle([row.total_ms for row in rows]), used / len(rows) * 1e6)


def bare(url: str, concurrency: int, calls: int, transport: Callable[[], httpx.AsyncClient] | None = None) -> Figures:
    """A loop that sends the same bytes and reads the answer to its end, and does nothing else."""
    request = request_of(Task(SUITE.cases[0], way(url), 1), 1, stream=True)
    calls = -(-calls // len(SUITE.cases)) * len(SUITE.cases)
    latencies: list[float] = []

    async def loop() -> None:
        client = transport() if transport else httpx.AsyncClient(transport=open_transport(url, concurrency), timeout=60)
        left = iter(range(calls))

        async def work() -> None:
            for _ in left:
                at = time.perf_counter()
                async with client.stream(
                    "POST", request.url, content=request.body, headers=dict(request.headers)
                ) as response:
                    async for _ in response.aiter_raw():
                        pass
                latencies.append((time.perf_counter() - at) * 1000)

        async with client:
            await asyncio.gather(*(work() for _ in range(concurrency)))

    begun = cpu()
    asyncio.run(loop())
    return (*middle(latencies), (cpu() - begun) / calls * 1e6)


def own_pool(concurrency: int) -> Callable[[], httpx.AsyncClient]:
    """httpx as it comes."""
    return lambda: httpx.AsyncClient(limits=httpx.Limits(max_connections=concurrency), timeout=60, trust_env=False)


def beside(url: str, concurrency: int, calls: int, rounds: int) -> dict[str, list[Figures]]:
    """Both in turns: the machine's moods meet them alike. The first round of each warms up."""
    found: dict[str, list[Figures]] = {"ours": [], "bare": []}
    for number in range(rounds + 1):
        for name, measure in (("ours", ours), ("bare", bare)):
            figures = measure(url, concurrency, calls)
            if number:
                found[name].append(figures)
    return found


if __name__ == "__main__":
    url_, concurrency_, calls_, rounds_ = sys.argv[1], *map(int, sys.argv[2:5])
    result: dict[str, object] = dict(beside(url_, concurrency_, calls_, rounds_))
    if len(sys.argv) > 5:
        result["pool"] = [bare(url_, concurrency_, calls_, own_pool(concurrency_))]
    json.dump(result, sys.stdout)
