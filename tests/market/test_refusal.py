"""Odd data stops a refresh: a finding, exit 1, and the archive as it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.market import archive
from harness.weeks import Week
from tests.fakes.openrouter_market import APPS, RANKINGS, ranked, tokens_of
from tests.market.desk import Desk

pytestmark = pytest.mark.usefixtures("bare")

Rows = list[dict[str, Any]]
WEEK, NEXT = Week(2026, 24), Week(2026, 25)
#: The platform's own question, a modality's and a category's.
PLATFORM, TOOLS, PROGRAMMING = "period=day", "modality=tool_calling", "category=programming"
#: Snapshots of a page scraper, where they are at hand; never copied here.
SNAPSHOTS = Path(
    os.environ.get("PAGE_SNAPSHOTS") or Path(__file__).parents[3] / "shared" / "data" / "rankings" / "page-snapshots"
)


def rows(change: Callable[[Rows], object]) -> Callable[[Any], Any]:
    """A change of the rows in place."""

    def changed(answer: Any) -> Any:
        change(answer["data"])
        return answer

    return changed


def tokens(change: Callable[[int], object]) -> Callable[[Any], Any]:
    """A change of every count."""
    return rows(lambda found: [row.update(total_tokens=change(int(row["total_tokens"]))) for row in found])


def first(**change: Any) -> Callable[[Any], Any]:
    """A change of the first row."""
    return rows(lambda found: found[0].update(change))


def meta(**change: Any) -> Callable[[Any], Any]:
    return lambda answer: {**answer, "meta": {**answer["meta"], **change}}


def without(day: str) -> Callable[[Any], Any]:
    return lambda answer: {**answer, "data": [row for row in answer["data"] if row["date"] != day]}


def first_models(count: int) -> Callable[[Any], Any]:
    """Fewer rows a day, as a page shows them."""

    def changed(answer: Any) -> Any:
        kept: Rows = []
        for day in sorted({row["date"] for row in answer["data"]}):
            of_day = [row for row in answer["data"] if row["date"] == day]
            kept += [*of_day[:count], of_day[-1]]
        return {**answer, "data": kept}

    return changed


def move(found: Rows, at: int, to: int) -> None:
    found.insert(to, found.pop(at))


ODD: dict[str, tuple[str, Callable[[Any], Any], str, str]] = {
    "empty": (PLATFORM, rows(lambda found: found.clear()), "VM108", "holds no row"),
    "empty section": (PROGRAMMING, rows(lambda found: found.clear()), "VM108", "category=programming: it holds no row"),
    "only other": (PLATFORM, first_models(0), "VM108", "holds no model"),
    "nine models": (PLATFORM, first_models(9), "VM109", "9 models on 2026-06-08, and 40 is the fewest"),
    "four in a section": (TOOLS, first_models(4), "VM109", "4 models"),
    "a day missing": (PLATFORM, without("2026-06-11"), "VM110", "1 of 7 days are missing: 2026-06-11"),
    "the last day missing": (PLATFORM, without("2026-06-14"), "VM110", "2026-06-14"),
    "a day missing in a section": (TOOLS, without("2026-06-08"), "VM110", "2026-06-08"),
    "another week's day": (PLATFORM, rows(lambda f: [r.update(date="2026-06-01") for r in f[:51]]), "VM110", "06-01"),
    "the week before in a category": (
        PROGRAMMING, rows(lambda f: [r.update(date="2026-06-01") for r in f]), "VM110", "which was not asked for",
    ),
    "in billions": (PLATFORM, tokens(lambda n: str(n // 10**9)), "VM112", "the fewest"),
    "in millions": (PLATFORM, tokens(lambda n: str(n // 10**6)), "VM112", "the fewest"),
    "in thousands": (PLATFORM, tokens(lambda n: str(n // 10**3)), "VM112", "the fewest"),
    "rounded": (PLATFORM, tokens(lambda n: str(n // 10**9 * 10**9)), "VM112", "end in 000"),
    "rounded section": (TOOLS, tokens(lambda n: str(n // 10**6 * 10**6)), "VM112", "end in 000"),
    "a section in billions": (PROGRAMMING, tokens(lambda n: str(n // 10**9)), "VM112", "of the platform's"),
    "one day in thousands": (
        PLATFORM, rows(lambda f: [r.update(total_tokens=str(int(r["total_tokens"]) // 1000)) for r in f[:51]]), "VM112",
        "on 2026-06-08",
    ),
    "one day halved": (
        PLATFORM, rows(lambda f: [r.update(total_tokens=str(int(r["total_tokens"]) // 3)) for r in f[:51]]), "VM111",
        "on 2026-06-08",
    ),
    "a JSON number": (PLATFORM, tokens(int), "VM105", "decimal string"),
    "a float": (PLATFORM, tokens(float), "VM105", "decimal string"),
    "a float's string": (PLATFORM, tokens(lambda n: f"{n:.3e}"), "VM105", "decimal string"),
    "with separators": (PLATFORM, tokens(lambda n: f"{n:,}"), "VM105", "decimal string"),
    "with a unit": (PLATFORM, first(total_tokens="2.03T"), "VM105", "2.03T"),
    "null": (PLATFORM, first(total_tokens=None), "VM105", "None"),
    "negative": (PLATFORM, first(total_tokens="-1"), "VM105", "-1"),
    "beyond 64 bits": (PLATFORM, first(total_tokens=str(2**63)), "VM105", "9223372036854775808"),
    "far beyond 64 bits": (PLATFORM, first(total_tokens="9" * 5000), "VM105", "999"),
    "Arabic digits": (PLATFORM, first(total_tokens="٩٩"), "VM105", "\\u0669"),
    "escape sequence": (PLATFORM, first(model_permaslug="a/b\x1b[2J"), "VM104", "\\x1b"),
    "line end": (PLATFORM, first(model_permaslug="a/b\n"), "VM104", "\\n"),
    "direction override": (PLATFORM, first(model_permaslug="a/\u202eb"), "VM104", "\\u202e"),
    "null byte": (PLATFORM, first(model_permaslug="a/b\x00"), "VM104", "\\x00"),
    "a display name": (PLATFORM, first(model_permaslug="DeepSeek V4 Flash"), "VM104", "not author/model"),
    "no author": (PLATFORM, first(model_permaslug="gpt-4"), "VM104", "not author/model"),
    "a path": (PLATFORM, first(model_permaslug="../../etc/passwd"), "VM104", "not author/model"),
    "HTML": (PLATFORM, first(model_permaslug="a/<img src=x>"), "VM104", "not author/model"),
    "a long one": (PLATFORM, first(model_permaslug=f"a/{'b' * 5000}"), "VM104", "5002 letters"),
    "no permaslug": (PLATFORM, rows(lambda f: f[0].pop("model_permaslug")), "VM104", "None"),
    "a row twice": (PLATFORM, rows(lambda f: f.insert(1, dict(f[0]))), "VM106", "stands twice on 2026-06-08"),
    "other twice": (PLATFORM, rows(lambda f: f.append(dict(f[-1]))), "VM106", "other stands twice"),
    "other first": (PLATFORM, rows(lambda f: move(f, 50, 0)), "VM107", "not the last row"),
    "other missing": (PLATFORM, rows(lambda f: f.pop(50)), "VM107", "no row `other`"),
    "rows shuffled": (PLATFORM, rows(lambda f: move(f, 3, 0)), "VM107", "fewer tokens"),
    "days descend": (PLATFORM, rows(lambda f: f.sort(key=lambda r: r["date"], reverse=True)), "VM107", "stands after"),
    "no such day": (PLATFORM, first(date="2026-02-30"), "VM103", "not YYYY-MM-DD"),
    "a time": (PLATFORM, first(date="2026-06-08T00:00:00Z"), "VM103", "not YYYY-MM-DD"),
    "no row": (PLATFORM, rows(lambda f: f.insert(0, None)), "VM103", "no object"),  # type: ignore[arg-type]
    "no meta": (PLATFORM, lambda answer: {"data": answer["data"]}, "VM103", "no `meta`"),
    "no data": (PLATFORM, lambda answer: {"meta": answer["meta"]}, "VM103", "under `data`"),
    "a list": (PLATFORM, lambda answer: answer["data"], "VM103", "under `data`"),
    "version 2": (PLATFORM, meta(version="v2"), "VM103", "knows v1"),
    "no as_of": (PLATFORM, meta(as_of=None), "VM103", "as_of"),
    "as_of without zone": (PLATFORM, meta(as_of="2026-06-15T00:00:00"), "VM103", "as_of"),
    "as_of before the week is over": (PLATFORM, meta(as_of="2026-06-14T23:59:59Z"), "VM113", "was over"),
    "as_of of the future": (PLATFORM, meta(as_of="2026-06-16T00:00:00Z"), "VM113", "it is 2026-06-15"),
    "as_of of year 1": (PLATFORM, meta(as_of="0001-01-01T00:00:00+14:00"), "VM103", "as_of"),
    "modality ignored": (
        TOOLS, lambda answer: {**answer, "data": [r for d in WEEK.days for r in ranked(str(d), tokens_of(d))]}, "VM114",
        "its filter was ignored",
    ),
    "a section above the platform": (
        TOOLS, rows(lambda f: f[0].update(total_tokens=str(10**12))), "VM114", "on 2026-06-08, and the platform",
    ),
    "a section larger than all": (PROGRAMMING, tokens(lambda n: str(n * 1000)), "VM114", "more than the platform's"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "change", "code", "said"), ODD.values(), ids=ODD.keys())
def test_odd_rankings_are_refused(desk: Desk, path: str, change: Callable[[Any], Any], code: str, said: str) -> None:
    desk.changed(path, change)
    if path == PLATFORM:  # the first question: sections by day are not changed with it
        desk.market.faults[0].times = 1
    done = desk()
    assert done.code == 1
    assert f"generated/weeks/2026-W24/rankings.json:1:1 {code} " in done.err
    assert said in done.err
    assert all(c.isprintable() or c == "\n" for c in done.err)
    assert desk.files == {}


AGAINST_LAST_WEEK: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "fallen by more than half": (tokens(lambda n: str(n * 49 // 100)), "VM111", "-50% is the most"),
    "tenfold": (tokens(lambda n: str(n * 11)), "VM112", "more than tenfold in a week"),
    "a hundredth": (tokens(lambda n: str(n // 100)), "VM112", "more than tenfold in a week"),
    "other models": (
        rows(lambda f: [r.update(model_permaslug=r["model_permaslug"].replace("/", "/image-")) for r in f]), "VM114",
        "0 of the 10 first models of 2026-W24 are listed at all",
    ),
    "an answer of last week's": (meta(as_of="2026-06-15T06:17:02Z"), "VM113", "older than the archived 2026-W24's"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "code", "said"), AGAINST_LAST_WEEK.values(), ids=AGAINST_LAST_WEEK.keys())
def test_what_is_odd_against_the_archive(desk: Desk, change: Callable[[Any], Any], code: str, said: str) -> None:
    assert desk().code == 0
    before = desk.files
    desk.pass_days(7)
    desk.changed(RANKINGS, change)
    done = desk()
    assert done.code == 1
    assert code in done.err
    assert said in done.err
    assert desk.files == before
    desk.market.faults.clear()
    assert desk().code == 0
    assert archive.weeks(desk.project) == (WEEK, NEXT)


def test_a_fall_by_less_than_half_is_news_and_no_oddity(desk: Desk) -> None:
    assert desk().code == 0
    desk.pass_days(7)
    desk.changed(RANKINGS, tokens(lambda n: str(n * 52 // 100)))
    assert desk().code == 0


def test_an_older_answer_for_an_archived_week_is_refused(desk: Desk) -> None:
    desk.pass_days(1)
    assert desk().code == 0
    before = desk.files
    desk.market.now = desk.market.now.replace(hour=1)
    done = desk()
    assert (done.code, "VM113" in done.err) == (1, True)
    assert desk.files == before


def test_a_broken_archive_is_said_and_not_overwritten(desk: Desk) -> None:
    assert desk().code == 0
    file = archive.folder(desk.project, WEEK) / archive.RANKINGS
    file.write_bytes(file.read_bytes()[:-100])
    before = desk.files
    done = desk()
    assert (done.code, "VM150" in done.err) == (1, True)
    assert desk.files == before


# ---- what a scraper of the page has


def page(name: str) -> Any:
    """A small likeness of what a scraper made of the page: good, another section's numbers, empty."""
    counts = {"good": 2_677_968_406_380, "another section": 49_948_733, "empty": 0}
    models = [
        {"rank": n, "model_id": f"acme/model-{n}", "tokens": counts[name] // n, "tokens_display": "2.68T"}
        for n in range(1, 10 if counts[name] else 1)
    ]
    return {"meta": {"source_url": "https://openrouter.ai/rankings", "counts": {"models": 9}}, "models": models}


def as_data_set(snapshot: Any) -> Any:
    """The same numbers put into the data set's form: what a careless import would make of them."""
    meta = {"as_of": "2026-06-15T06:00:00Z", "version": "v1", "start_date": "2026-06-08", "end_date": "2026-06-14"}
    data = [
        {"date": str(day), "model_permaslug": model["model_id"], "total_tokens": str(model["tokens"] // 7)}
        for day in WEEK.days
        for model in [*snapshot["models"], {"model_id": "other", "tokens": 0}]
    ]
    return {"data": data, "meta": meta}


LIKENESSES = [page(name) for name in ("good", "another section", "empty")]


@pytest.mark.parametrize("shape", [lambda page: page, as_data_set], ids=["as it is", "as the data set"])
@pytest.mark.parametrize("has_archive", [False, True])
def test_no_page_passes(desk: Desk, shape: Callable[[Any], Any], has_archive: bool) -> None:
    refuse_each(desk, shape, has_archive, LIKENESSES)


@pytest.mark.skipif(
    not SNAPSHOTS.is_dir(), reason="real snapshots are neither beside the project nor in PAGE_SNAPSHOTS"
)
@pytest.mark.parametrize("shape", [lambda page: page, as_data_set], ids=["as it is", "as the data set"])
@pytest.mark.parametrize("has_archive", [False, True])
def test_no_real_page_passes(desk: Desk, shape: Callable[[Any], Any], has_archive: bool) -> None:
    real = [json.loads(file.read_text("utf-8")) for file in sorted(SNAPSHOTS.glob("*.json"))]
    assert len(real) == 4
    refuse_each(desk, shape, has_archive, real)


def refuse_each(desk: Desk, shape: Callable[[Any], Any], has_archive: bool, snapshots: Sequence[Any]) -> None:
    if has_archive:
        assert desk("--week", "2026-W23").code == 0
    before = desk.files
    for snapshot in snapshots:
        desk.market.faults.clear()
        desk.fault(RANKINGS, body=json.dumps(shape(snapshot)).encode())
        done = desk()
        assert done.code == 1
        assert "VM10" in done.err
        assert desk.files == before


# ---- prices and apps


def priced(**change: Any) -> Callable[[Any], Any]:
    def changed(answer: Any) -> Any:
        for model in answer["data"] if isinstance(answer["data"], list) else answer["data"]["endpoints"]:
            model["pricing"].update(change)
        return answer

    return changed


ODD_PRICES: dict[str, tuple[str, Callable[[Any], Any], str, str]] = {
    "per million": ("/models", priced(prompt="0.112", completion="0.224"), "VM115", "0.112 USD a token"),
    "a number": ("/models", priced(prompt=0.000000112), "VN701", "decimal strings"),
    "words": ("/models", priced(prompt="cheap"), "VN701", "price"),
    "no models": ("/models", lambda answer: {"data": []}, "VN701", "no list of models"),
    "a page of them": ("/models", lambda a: {**a, "links": {"next": "/models?offset=9"}}, "VN701", "only a page"),
    "zdr": ("/endpoints/zdr", lambda answer: {}, "VN701", "no list of endpoints"),
    "endpoints": ("v4-flash/endpoints", lambda answer: {"data": []}, "VN701", "no list of endpoints"),
    "endpoint per million": ("v4-flash/endpoints", priced(prompt="0.112"), "VM115", "0.112 USD a token"),
    "endpoint in words": ("v4-flash/endpoints", priced(prompt="a\x1b[2J"), "VM115", "decimal string"),
    "no apps": (APPS, rows(lambda found: found.clear()), "VM116", "data"),
    "app twice": (APPS, rows(lambda found: found[1].update(app_id=found[0]["app_id"])), "VM116", "twice"),
    "app ranks": (APPS, rows(lambda found: found[1].update(rank=7)), "VM116", "ranks"),
    "app tokens": (APPS, rows(lambda found: found[1].update(total_tokens=5)), "VM116", "total_tokens"),
}


@pytest.mark.parametrize(("path", "change", "code", "said"), ODD_PRICES.values(), ids=ODD_PRICES.keys())
def test_odd_prices_and_apps_are_refused(
    desk: Desk, path: str, change: Callable[[Any], Any], code: str, said: str
) -> None:
    desk.changed(path, change)
    if path == "/models":
        desk.market.faults[0].times = 1
    done = desk()
    assert done.code == 1
    assert code in done.err
    assert said in done.err
    assert "\x1b" not in done.err
    assert desk.files == {}
