"""What `vane bench` takes. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from compiler.arguments import Commands, add_command, add_project


def add(commands: Commands) -> None:
    """`vane bench`."""
    bench = add_command(commands, "bench", "the weekly harness: the same prompts on every leg", [
        "vane bench run --dry-run            cases and worst-case cost, no call",
        "vane bench run --max-usd 2.50",
        "vane bench compare 2026-W24 2026-W25",
        "vane bench serve-mlx               a Mac's local server, as launchd starts it",
    ])  # fmt: skip
    steps = bench.add_subparsers(dest="bench", required=True, metavar="run|show|compare|merge|import|serve-mlx")

    _add_bench_run(steps)
    show = add_command(steps, "show", "a run in numbers, with their intervals", [
        "vane bench show                     the newest run",
        "vane bench show 2026-W25 --markdown",
    ])  # fmt: skip
    show.add_argument("run", nargs="?", metavar="WEEK|FILE", help="a week, or a run's file (default: the newest)")

    compare = add_command(steps, "compare", "one run against another on the same cases: rollback, promote or hold", [
        "vane bench compare 2026-W24 2026-W25",
        "vane bench compare base.jsonl candidate.jsonl --json",
    ])  # fmt: skip
    compare.add_argument("base", metavar="BASE", help="a week, or a run's file")
    compare.add_argument("candidate", metavar="CANDIDATE", help="a week, or a run's file")
    for step in (show, compare):
        how = step.add_mutually_exclusive_group()
        how.add_argument("--markdown", action="store_true", help="as Markdown")
        how.add_argument("--json", action="store_true", help="as a JSON object")

    merge = add_command(steps, "merge", "make one run of the shards or legs of many runners", [
        "vane bench merge shard-*.jsonl --out .vane/runs/2026-W25.jsonl",
        "vane bench merge mac.jsonl openrouter.jsonl --out .vane/runs/2026-W25.jsonl     a leg each",
    ])  # fmt: skip
    merge.add_argument("shards", nargs="+", type=Path, metavar="FILE")
    merge.add_argument("--out", type=Path, required=True, metavar="FILE")

    take = add_command(steps, "import", "make a suite of promptfoo tests or of BFCL-format JSON lines", [
        "vane bench import promptfooconfig.yaml --scenario agent-loops --out bench/ours",
        "vane bench import BFCL_v4_simple.json --answers possible_answer/BFCL_v4_simple.json --out bench/bfcl",
    ])  # fmt: skip
    take.add_argument("file", type=Path, metavar="FILE", help="promptfoo YAML, or BFCL-format JSON lines")
    take.add_argument("--answers", type=Path, metavar="FILE", help="BFCL's accepted answers")
    take.add_argument("--scenario", default="agent-loops", metavar="NAME", help="(default: agent-loops)")
    take.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the new suite's folder")

    serve = add_command(steps, "serve-mlx", "start a Mac's MLX server as its compiled property list does", [
        "vane bench serve-mlx --machine air-ana",
        "vane bench serve-mlx --machine air-ana --dry-run     the command and its environment",
    ])  # fmt: skip
    serve.add_argument("--machine", metavar="NAME", help="which Mac's (default: the only one with an MLX server)")
    serve.add_argument("--dry-run", action="store_true", help="say what would be started; start nothing")
    serve.add_argument("--json", action="store_true", help="as a JSON object; one line when it answers")

    for step in (show, compare, merge, take, serve):
        add_project(step)


def _add_bench_run(steps: Commands) -> None:
    run = add_command(steps, "run", "run the suite and keep every attempt", [
        "vane bench run --max-usd 2.50",
        "vane bench run --leg openrouter --scenario agent-loops --repeats 3 --concurrency 4",
        "vane bench run --dry-run --json",
        "vane bench run --resume .vane/runs/2026-W25.jsonl",
        "vane bench run --shard 2/8             one runner's part; see `vane bench merge`",
    ])  # fmt: skip
    run.add_argument("--suite", type=Path, metavar="FOLDER", help="another suite (default: the shipped fifty prompts)")
    run.add_argument("--leg", action="append", choices=("mlx", "openrouter", "remote"), help="may be repeated")
    run.add_argument("--scenario", action="append", metavar="NAME", help="may be repeated")
    run.add_argument("--repeats", type=int, metavar="N", help="how often each prompt runs (default: acceptance.yaml)")
    run.add_argument("--concurrency", type=int, default=1, metavar="N", help="calls in flight on each leg (default: 1)")
    run.add_argument("--rate", type=float, metavar="PER_SECOND",
                     help="start calls on a clock, however slow the answers are (open loop)")  # fmt: skip
    run.add_argument("--seed", type=int, default=1, metavar="N", help="order of the calls (default: 1)")
    run.add_argument("--max-usd", metavar="USD", help="stop before a call that may pass this")
    run.add_argument("--until-decided", action="store_true",
                     help="buy repeats until --against is decided or the money is gone")  # fmt: skip
    run.add_argument("--against", metavar="WEEK|FILE", help="the run to compare with (default: the last one)")
    run.add_argument("--week", metavar="WEEK", help="the ISO week that the run is evidence for (default: this one)")
    run.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="of one call (default: 120)")
    run.add_argument("--warm-up", type=int, default=2, metavar="N", help="uncounted calls for each leg (default: 2)")
    run.add_argument("--no-stream", action="store_true", help="whole answers: no time to first token")
    run.add_argument("--keep-text", action="store_true", help="keep prompts and answers, not only their hashes")
    run.add_argument("--resume", type=Path, metavar="FILE", help="go on with a run that was cut off")
    run.add_argument("--shard", metavar="K/N", help="every N-th case, from the K-th")
    run.add_argument("--out", type=Path, metavar="FILE", help="the run's file (default: in .vane/runs/)")
    run.add_argument("--api", metavar="URL", help="another address of OpenRouter's API, for tests and proxies")
    run.add_argument("--mlx-url", metavar="URL", help="an MLX server that runs already; else one is started")
    run.add_argument("--remote-url", metavar="URL", help="the remote Mac's gateway (default: the fleet's)")
    run.add_argument("--dry-run", action="store_true", help="cases and worst-case cost; no call")
    run.add_argument("--json", action="store_true", help="as a JSON object")
    add_project(run)
