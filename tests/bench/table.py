"""Results of pytest-benchmark → the tables of a page: `python -m tests.bench.table <results.json> <page>`."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- made by `make bench` -->\n", "<!-- end -->\n"
Info = Mapping[str, Any]


def tables(results: Mapping[str, Any]) -> str:
    """All tables, and what they were measured on."""
    infos = [benchmark["extra_info"] for benchmark in results["benchmarks"]]
    cpu = results["machine_info"]["cpu"]
    where = f"{cpu.get('brand_raw', platform.machine())}, {cpu.get('count', '?')} cores, {platform.system()}"
    medium = "in memory (tmpfs)" if any(info.get("in_memory") for info in infos) else "on disk"
    python = results["machine_info"]["python_version"]
    return "\n".join(
        (
            f"{where}, Python {python}. Median of three cold runs. Files {medium}.\n",
            *compiles([info for info in infos if info["group"] == "compile"]),
            "",
            *checks([info for info in infos if info["group"] == "check"]),
            "",
            *likes(infos),
            "",
            *promises([info for info in infos if info["group"] == "promise"]),
            "",
            *histories(infos),
            "",
            *honesty([info for info in infos if info["group"] == "honesty"]),
            "",
            *calls([info for info in infos if info["group"] == "calls"]),
            "",
            *replays([info for info in infos if info["group"] == "simulate"]),
            "",
            *rollouts([info for info in infos if info["group"] == "rollout"]),
            "",
            *guards([info for info in infos if info["group"] == "guard"]),
            "",
        )
    )


def compiles(infos: Iterable[Info]) -> Iterator[str]:
    """Compiles beside their floors."""
    yield "| `vane compile` of | files | CPU | of it user | wall | peak memory | floor: CPU | CPU ÷ floor |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for info in infos:
        floor = info["floor"]["cpu"]
        cells = (fleet(info), f"{info['files']:,}", *figures(info), f"{floor:.2f} s", f"{info['cpu'] / floor:.1f}")
        yield f"| {' | '.join(cells)} |"


def checks(infos: Iterable[Info]) -> Iterator[str]:
    """Checks of what is up to date."""
    yield "| `vane compile --check`, up to date | CPU | of it user | wall | peak memory |"
    yield "|---|--:|--:|--:|--:|"
    for info in infos:
        yield f"| {' | '.join((fleet(info), *figures(info)))} |"


def likes(infos: Iterable[Info]) -> Iterator[str]:
    """The laptops of a mixed fleet in other languages, ours on top of each size."""
    yield "| The same laptops in | machines | CPU | of it user | wall | peak memory |"
    yield "|---|--:|--:|--:|--:|--:|"
    for machines in (1_000, 10_000):
        for info in infos:
            ours = info["group"] == "compile" and info["kind"] == "mixed"
            if info.get("machines") == machines and (ours or info["group"] == "like"):
                name = "`vane compile`, all that it does" if ours else info["language"]
                cells = (info["note"], "", "", "") if "note" in info else figures(info)
                yield f"| {' | '.join((name, f'{machines:,}', *cells))} |"


def promises(infos: Iterable[Info]) -> Iterator[str]:
    """What the statistics of the harness promise, and what they did."""
    yield "| Simulated weeks of the harness | weeks | promise | seen |"
    yield "|---|--:|--:|--:|"
    for info in infos:
        for row in info["rows"]:
            yield f"| {row['what']} | {row['weeks']:,} | {row['promise']} | {row['seen']} |"


def guards(infos: Iterable[Info]) -> Iterator[str]:
    """What Cursor waits for at each event."""
    yield "| Cursor's guard judges a prompt in a labelled checkout | runs | median CPU | a bare Python | wanted |"
    yield "|---|--:|--:|--:|--:|"
    for info in infos:
        yield f"| a process for each | {info['times']} | {info['guard']:.0f} ms | {info['bare']:.0f} ms | < 60 ms |"


def histories(infos: Iterable[Info]) -> Iterator[str]:
    """Questions about ten years of rankings, and what it takes to make their index."""
    yield "| `vane market history` of ten years | query: CPU | wall | process: CPU | of it user | wall | peak memory |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for info in infos:
        if info["group"] == "history":
            query = milliseconds(info["query_cpu"]), milliseconds(info["query"])
            yield f"| {' | '.join((info['what'], *query, *figures(info)))} |"
        if info["group"] == "history index":
            yield f"| the platform, index {info['what']} | | | {' | '.join(figures(info))} |"


def honesty(infos: Iterable[Info]) -> Iterator[str]:
    """What is reported of a known delay, and what a call costs: ours, a bare loop, and httpx with its own pool."""
    yield "| True delay | calls at once | by | P50 | P95 | CPU for each call | CPU ÷ bare loop |"
    yield "|---|--:|---|--:|--:|--:|--:|"
    names = {"ours": "`vane bench run`", "bare": "a bare loop, same transport", "pool": "a bare loop, httpx's own pool"}
    for info in infos:
        for key, name in names.items():
            p50, p95, cpu = info[key]
            cells = (f"{info['delay']} ms", str(info["concurrency"]), name, f"{p50:.1f} ms", f"{p95:.1f} ms",
                     f"{cpu:,.0f} µs", f"{cpu / info['bare'][2]:.2f}")  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def calls(infos: Iterable[Info]) -> Iterator[str]:
    """A large run."""
    yield "| `vane bench run`, no delay | calls at once | CPU | of it user | wall | peak memory |"
    yield "|---|--:|--:|--:|--:|--:|"
    for info in infos:
        yield f"| {info['calls']:,} calls | {' | '.join((str(info['concurrency']), *figures(info)))} |"


def replays(infos: Iterable[Info]) -> Iterator[str]:
    """A month of many calls under changed policies, and a bare scan of the same columns."""
    yield "| A month of calls | calls | CPU | of it user | wall | peak memory | CPU ÷ scan | wall ÷ scan |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for info in infos:
        calls = f"{info['calls']:,}"
        for name, key in (("DuckDB scans the same columns", "scan"), ("`vane simulate`", "replay")):
            ratios = (f"{info[key][unit] / info['scan'][unit]:.1f}" for unit in ("cpu", "wall"))
            yield f"| {' | '.join((name, calls, *figures(info[key]), *ratios))} |"


def rollouts(infos: Iterable[Info]) -> Iterator[str]:
    """Releases over a folder, ring by ring."""
    for info in infos:
        yield f"| {info['macs']} Macs over a folder | rounds | Macs reached | CPU | wall | fetched by all | reports |"
        yield "|---|--:|--:|--:|--:|--:|--:|"
        for row in info["rows"]:
            rounds, reached = str(row["rounds"] or ""), str(row.get("reached", ""))
            sizes = (f"{row[key] / 1e6:.1f} MB" for key in ("fetched", "reports"))
            cells = (row["what"], rounds, reached, f"{row['cpu']:.0f} s", f"{row['wall']:.0f} s", *sizes)
            yield f"| {' | '.join(cells)} |"


def fleet(info: Info) -> str:
    """What was compiled, in words."""
    if info["machines"] == "shipped":
        return "the shipped policies"
    if info["machines"] == 2:
        return "1 laptop and its gateway"
    unlike = ", each with a plan of its own" if info.get("kind") == "unlike" else ""
    return f"{info['machines']:,} machines{unlike}"


def figures(info: Info) -> tuple[str, str, str, str]:
    """CPU, user CPU, wall and memory of a run."""
    cpu, user, wall = (f"{info[key]:.2f} s" for key in ("cpu", "user", "wall"))
    return cpu, user, wall, f"{info['memory']:.0f} MB"


def milliseconds(seconds: float) -> str:
    """Short times."""
    return f"{seconds * 1000:.0f} ms"


def replace(page: str, made: str) -> str:
    """The page with new tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


if __name__ == "__main__":
    page = Path(sys.argv[2])
    made = tables(json.loads(Path(sys.argv[1]).read_text()))
    page.write_text(replace(page.read_text(encoding="utf-8"), made), encoding="utf-8")
    sys.stdout.write(made)
