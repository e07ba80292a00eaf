"""What `vane market` takes. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from compiler.arguments import Commands, add_command, add_format, add_project


def add(commands: Commands) -> None:
    """`vane market`."""
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
