"""What the harness's commands take; `compiler/cli.py` adds them to the tool. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from pathlib import Path

from compiler.arguments import Commands, add_command, add_format, add_project


def add(commands: Commands) -> None:
    """Every command of the harness."""
    _add_market(commands)
    _add_spend(commands)
    _add_propose(commands)
    _add_bench(commands)
    _add_simulate(commands)
    _add_report(commands)
    _add_week(commands)


def _add_market(commands: Commands) -> None:
    market = add_command(commands, "market", "the week's rankings and prices: archive them, say what moved", [
        "vane market refresh                               last week, from OpenRouter",
        "vane market diff                                  what moved in the newest archived week",
        "vane market history deepseek/deepseek-v4-flash    one model over the years",
    ])  # fmt: skip
    steps = market.add_subparsers(dest="market", required=True, metavar="refresh|import|diff|history|chart")

    refresh = add_command(steps, "refresh", "fetch, check and archive a week; say what moved, draw it", [
        "vane market refresh                    the last complete week",
        "vane market refresh --week 2026-W24",
        "vane market refresh --dry-run          fetch and check, write nothing",
    ])  # fmt: skip
    refresh.add_argument(
        "--week", metavar="WEEK", help="an ISO week, such as 2026-W24 (default: the last complete one)"
    )
    refresh.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")
    refresh.add_argument("--dry-run", action="store_true", help="fetch and check; write nothing")

    take = add_command(steps, "import", "take a saved answer or an older archive into the archive", [
        "vane market import rankings-daily_2026-05-24_2026-07-05.json",
        "vane market import weekly-top10.csv --source 'owner/repository @commit'",
        "vane market import docs/market/2026-W21.article.yaml       a text's table, as what it is",
    ])  # fmt: skip
    take.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a saved answer of GET /datasets/rankings-daily, a CSV of snapshots, or an article's table",
    )
    take.add_argument("--source", metavar="TEXT", help="where the file comes from; kept in the archive")
    take.add_argument("--dry-run", action="store_true", help="read and check; write nothing")

    moved = add_command(steps, "diff", "what moved against another week", [
        "vane market diff                                    the newest archived week against the one before",
        "vane market diff 2026-W25 --against 2026-W23",
        "vane market diff 2026-W25 --json",
        "vane market diff 2026-W25 --write                   also write generated/weeks/2026-W25/market.md",
    ])  # fmt: skip
    moved.add_argument("week", nargs="?", metavar="WEEK", help="an archived ISO week (default: the newest)")
    moved.add_argument("--against", metavar="WEEK", help="an archived ISO week (default: the one before)")
    how = moved.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="as Markdown, for a pull request or an issue")
    how.add_argument("--json", action="store_true", help="as a JSON object")
    moved.add_argument("--write", action="store_true", help="also write market.md into the week's folder")

    history = add_command(steps, "history", "one model, vendor or the whole platform over the archived weeks", [
        "vane market history deepseek/deepseek-v4-flash",
        "vane market history anthropic                  all models of a vendor",
        "vane market history total --since 2026-W01 --json",
    ])  # fmt: skip
    history.add_argument("what", metavar="MODEL|VENDOR|total", help="a slug, a permaslug, a vendor, or `total`")
    history.add_argument("--since", metavar="WEEK", help="first ISO week")
    history.add_argument("--until", metavar="WEEK", help="last ISO week")
    history.add_argument("--json", action="store_true", help="as a JSON list")

    chart = add_command(steps, "chart", "draw the week: Top 10, ranks over eight weeks, shares by vendor", [
        "vane market chart                   rankings.svg and rankings.png of the newest archived week",
        "vane market chart 2026-W25",
        "vane market chart --screenshot      also the public page as it is now, if Playwright is installed",
    ])  # fmt: skip
    chart.add_argument("week", nargs="?", metavar="WEEK", help="an archived ISO week (default: the newest)")
    chart.add_argument("--screenshot", action="store_true", help="also rankings-page.png, where a browser is installed")

    for step in (refresh, take):
        add_format(step)
    for step in (refresh, take, moved, history, chart):
        add_project(step)


def _add_spend(commands: Commands) -> None:
    spend = add_command(commands, "spend", "the ledger: what was spent, on what, and where it leads", [
        "vane spend sync                     the last 30 completed days, from OpenRouter",
        "vane spend show                     this month against its caps, with a forecast",
        "vane spend tickets                  dollar-track calls without a ticket",
    ])  # fmt: skip
    steps = spend.add_subparsers(dest="spend", required=True, metavar="sync|import|show|tickets|export")

    sync = add_command(steps, "sync", "fetch what the account spent, and the live counters of the tracks' keys", [
        "vane spend sync",
        "vane spend sync --dry-run           what would be new or revised; writes nothing",
        "vane spend sync --json",
    ])  # fmt: skip
    sync.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")
    sync.add_argument("--json", action="store_true", help="as a JSON object")

    take = add_command(steps, "import", "take the dashboard's CSV export, a log of generations, or guards' logs", [
        "vane spend import openrouter_activity_2026-05-24.csv",
        "vane spend import generations.jsonl     answers of GET /generation, one a line",
        "vane spend import guard-log studio/decisions*.jsonl air-ana/decisions*.jsonl",
    ])  # fmt: skip
    take.add_argument("kind", nargs="?", choices=("guard-log",), metavar="guard-log",
                      help="the files are logs of the Macs' guards, as many as you like")  # fmt: skip
    take.add_argument("file", nargs="+", type=Path, metavar="FILE",
                      help="a CSV export of openrouter.ai/activity, or JSON lines")  # fmt: skip
    for step in (sync, take):
        step.add_argument("--dry-run", action="store_true", help="read and check; write nothing")
        add_format(step)

    _add_spend_questions(steps)
    export = add_command(steps, "export", "write the ledger as Parquet files, for another engine", [
        "vane spend export --out ledger",
        "vane spend show --ledger 'pyspark://local[2]?folder=ledger'",
    ])  # fmt: skip
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where a file for each table goes")
    for step in (sync, take, export):
        _add_ledger(step)


def _add_spend_questions(steps: Commands) -> None:
    show = add_command(steps, "show", "a month by track, scenario, model, provider and day, against its caps", [
        "vane spend show",
        "vane spend show 2026-05 --by scenario",
        "vane spend show 2026-05 --markdown --chart spend.svg",
        "vane spend show --ledger clickhouse://reader@warehouse/ledger",
    ])  # fmt: skip
    show.add_argument("month", nargs="?", metavar="MONTH", help="such as 2026-05 (default: this month, UTC)")
    show.add_argument("--by", choices=("track", "scenario", "model", "provider", "day"), help="only this split")
    how = show.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="as Markdown, for a pull request or a report")
    how.add_argument("--json", action="store_true", help="as a JSON object")
    show.add_argument("--chart", type=Path, metavar="FILE", help="also draw it: FILE.svg or FILE.png")

    tickets = add_command(steps, "tickets", "dollar-track calls without a ticket, as far as logs show them", [
        "vane spend tickets",
        "vane spend tickets 2026-05 --json",
    ])  # fmt: skip
    tickets.add_argument("month", nargs="?", metavar="MONTH", help="such as 2026-05 (default: this month, UTC)")
    tickets.add_argument("--json", action="store_true", help="as a JSON object")
    for step in (show, tickets):
        _add_ledger(step)


def _add_ledger(step: argparse.ArgumentParser) -> None:
    step.add_argument("--ledger", metavar="WHERE", help="a file, or another engine's address to ask there "
                      "(default: .vane/ledger.duckdb)")  # fmt: skip
    add_project(step)


def _add_propose(commands: Commands) -> None:
    propose = add_command(commands, "propose", "edit policies as the evidence says: downgrade, restore, gray share", [
        "vane propose --dry-run        what would change, and why",
        "vane propose                  write it into policies/; then look at git diff, and run vane compile",
        "vane propose --json",
    ])  # fmt: skip
    _add_ledger(propose)
    propose.add_argument("--dry-run", action="store_true", help="write nothing; say what would change")
    propose.add_argument("--json", action="store_true", help="as a JSON object")


def _add_bench(commands: Commands) -> None:
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


def _add_simulate(commands: Commands) -> None:
    command = add_command(commands, "simulate", "what a period's bill would have been under changed policies", [
        "vane simulate --set ide-assist.primary=anthropic/claude-sonnet-4.6   last month with another primary",
        "vane simulate --month 2026-05 --against main      what the working tree changes of May's bill",
        "vane simulate --since 2026-05-18 --until 2026-05-24 --policies proposal/policies",
    ])  # fmt: skip
    command.add_argument("--month", metavar="YYYY-MM", help="the month to replay (default: the last complete one)")
    command.add_argument("--since", metavar="DAY", help="first UTC day to replay, instead of a month")
    command.add_argument("--until", metavar="DAY", help="last UTC day to replay (default: yesterday)")
    command.add_argument("--against", metavar="REVISION",
                         help="the policies that the rows were made under (default: those of the project)")  # fmt: skip
    command.add_argument("--policies", type=Path, metavar="FOLDER",
                         help="the changed policies (default: those of the project)")  # fmt: skip
    command.add_argument("--set", action="append", default=[], metavar="SCENARIO.primary=MODEL",
                         help="another primary on top of the changed policies; may be repeated")  # fmt: skip
    how = command.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="as Markdown, for a pull request or an issue")
    how.add_argument("--json", action="store_true", help="as a JSON object, with every figure unrounded")
    _add_ledger(command)


def _add_report(commands: Commands) -> None:
    report = add_command(commands, "report", "the week's page and an index over all weeks, as self-contained HTML", [
        "vane report                    the newest week, into its folder in generated/weeks/",
        "vane report 2026-W25",
        "vane report --out /tmp/look    somewhere else, to look at it",
    ])  # fmt: skip
    report.add_argument("week", nargs="?", metavar="WEEK", help="an ISO week that has evidence (default: the newest)")
    report.add_argument("--out", type=Path, metavar="FOLDER", help="where the pages go (default: generated/weeks)")
    add_project(report)


#: In the order in which they run.
STEPS = ("refresh", "lock", "bench", "spend", "propose", "report")


def _add_week(commands: Commands) -> None:
    week = add_command(commands, "week", "Monday's work: market, lock, harness, spend, proposals, page, branch", [
        "vane week --max-usd 5                  the last complete week, into generated/weeks/",
        "vane week --commit --push              and a branch of one commit a proposal, for the pull request",
        "vane week --skip bench --skip spend",
        "vane week --from propose               the evidence is there; decide again",
        "vane week 2026-W24 --only propose --only report",
    ])  # fmt: skip
    week.add_argument("week", nargs="?", metavar="WEEK", help="an ISO week (default: the last complete one)")
    which = week.add_mutually_exclusive_group()
    which.add_argument("--only", action="append", choices=STEPS, metavar="STEP", help="only this; may be repeated")
    which.add_argument("--from", dest="since", choices=STEPS, metavar="STEP", help="this and what comes after it")
    week.add_argument("--skip", action="append", default=[], choices=STEPS, metavar="STEP",
                      help=f"not this; may be repeated: {', '.join(STEPS)}")  # fmt: skip
    week.add_argument("--leg", action="append", choices=("mlx", "openrouter", "remote"),
                      help="legs that the harness runs on (default: all); may be repeated")  # fmt: skip
    week.add_argument("--max-usd", metavar="USD", help="what the harness may spend (default: as much as it takes)")
    week.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")
    week.add_argument("--commit", action="store_true",
                      help="build the branch weathervane/WEEK: a commit a proposal, one for the evidence")  # fmt: skip
    week.add_argument("--push", action="store_true", help="push that branch to origin")
    _add_ledger(week)
