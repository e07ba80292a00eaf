"""The week's picture: what it draws is what is archived, in any weather, and the same each time."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from compiler.cli import main
from harness.market import archive
from harness.market.charts import look, picture, top
from harness.market.charts.holdings import OTHER_VENDORS, UNLISTED, gaps, holdings, vendors
from harness.market.charts.palette import reduced
from harness.market.charts.window import Window, bars, bridges, runs, ways, window
from harness.market.charts.words import change, model_name, percent, safe, span, tokens
from harness.market.pictures import DARK_PNG, PNG, SVG, draw, draw_with
from harness.market.rankings import Ranked, Ranking, Section
from harness.weeks import Week
from tests.market.weeks import WEEK, ranking

SVG_SPACE = "{http://www.w3.org/2000/svg}"
TWELVE = {f"vendor-{number}/model-{number}": 10**12 - 7 * number for number in range(12)}


def week_of(week: Week, counts: Mapping[str, int], other: int | None = 10**12, exact: bool = True) -> Ranking:
    """A whole week with those tokens over all of its days, any names in it."""
    made = ranking(week)
    ranked = sorted(counts, key=lambda name: -counts[name])
    models = tuple(Ranked(number, name, counts[name]) for number, name in enumerate(ranked, 1))
    provenance = dataclasses.replace(made.provenance, exact=exact)
    return dataclasses.replace(made, platform=Section(models, other), provenance=provenance)


def shown(*rankings: Ranking, week: Week = WEEK) -> Window:
    """A window over these weeks and no other."""
    return window(week, {each.week: each for each in rankings}.get)


def values(spec: Any) -> Iterator[Mapping[str, Any]]:
    """Every row of data in a Vega-Lite specification."""
    for data in spec.get("datasets", {}).values():
        yield from data
    stack = [spec]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            yield from at.get("data", {}).get("values", ()) if isinstance(at.get("data"), dict) else ()
            stack.extend(at.values())
        elif isinstance(at, list):
            stack.extend(at)


def texts(svg: str) -> list[str]:
    """Every text that is drawn."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG_SPACE}text")]


def test_bars_and_shares_hold_the_archives_whole_numbers() -> None:
    odd = 2**53 + 1  # a float would lose the one
    counts = {"a/big-20260101": odd * 900, "b/small": odd}
    spec = picture.specification(shown(week_of(WEEK, counts, other=odd * 3)))
    rows = list(values(json.loads(json.dumps(spec))))
    drawn = {row["name"]: row["tokens"] for row in rows if "rank" in row}
    assert drawn == {"big": odd * 900, "small": odd}
    shares = {row["who"]: row["tokens"] for row in rows if "who" in row and "tokens" in row}
    assert shares == {"a": odd * 900, "b": odd, UNLISTED: odd * 3}


def test_changes_are_against_the_week_before() -> None:
    now = week_of(WEEK, {"a/up": 300, "b/down": 90, "c/same": 80, "d/new": 70})
    then = week_of(WEEK.before(), {"a/up": 200, "b/down": 100, "c/same": 80})
    said = [row["said"] for row in top.rows(bars(shown(now, then)), {})]
    assert said == ["+50 %", "−10 %", "±0 %", "new"]
    rounded = week_of(WEEK.before(), {"a/up": 200}, exact=False)
    assert next(row["said"] for row in top.rows(bars(shown(now, rounded)), {})) == "~+50 %"


@pytest.mark.parametrize(
    ("now", "then"),
    [(ranking(WEEK), None), (ranking(WEEK, days=3), ranking(WEEK.before())), (ranking(WEEK), ranking(WEEK.before(2)))],
    ids=["alone", "not over", "after a gap"],
)
def test_nothing_is_compared_that_cannot_be(now: Ranking, then: Ranking | None) -> None:
    seen = shown(now, *([then] if then else []))
    assert all(not bar.compared and bar.then is None for bar in bars(seen))
    assert all(row["said"] == "" for row in top.rows(bars(seen), {}))
    assert any("no change shown" in text for text in texts(picture.draw(seen)))


def test_the_sources_own_change_stands_in_and_says_so() -> None:
    made = week_of(WEEK, {"a/one": 5})
    claimed = dataclasses.replace(made.platform.models[0], claimed_percent=66)
    section = dataclasses.replace(made.platform, models=(claimed,))
    svg = picture.draw(shown(dataclasses.replace(made, platform=section)))
    assert "+66 %*" in texts(svg)
    assert any("* as the source gives it" in text for text in texts(svg))


def test_ways_enter_leave_and_cross_gaps() -> None:
    first = week_of(WEEK.before(3), {"a/old": 9, "b/stays": 8})
    # a week without a ranking is between
    eleven = {**{f"n/{number}": 100 - number for number in range(10)}, "a/old": 1}
    third = week_of(
        WEEK.before(1), {"b/stays": 200, **{f"n/{number}": 100 - number for number in range(9)}, "a/old": 1}
    )
    last = week_of(WEEK, {**eleven, "b/stays": 200})
    seen = shown(first, third, last)
    assert [str(week) for week in seen.weeks] == ["2026-W21", "2026-W22", "2026-W23", "2026-W24"]
    by_name = {way.name: way for way in ways(seen)}
    stays, old = by_name["b/stays"], by_name["a/old"]
    assert (stays.left, stays.ranks) == (None, {WEEK.before(3): 2, WEEK.before(1): 1, WEEK: 1})
    assert list(runs(seen, stays)) == [(WEEK.before(3),), (WEEK.before(1), WEEK)]
    assert list(bridges(seen, stays)) == [(WEEK.before(3), WEEK.before(1))]
    assert (old.left, old.now) == (WEEK.before(1), 12)
    assert not stays.entered
    assert "9" not in by_name  # rank 11 is in no Top 10


def test_a_new_permaslug_goes_on_as_the_same_line() -> None:
    then = week_of(WEEK.before(), {"d/flash-20260423": 90, "e/other": 50})
    now = week_of(WEEK, {"d/flash-20260731": 95, "e/other": 50, "d/flash-20260423": 2})
    (flash,) = (way for way in ways(shown(then, now)) if way.name.startswith("d/"))
    assert dict(flash.ranks) == {WEEK.before(): 1, WEEK: 1}
    assert not flash.entered


def test_a_week_without_a_total_has_no_shares() -> None:
    unknown = week_of(WEEK.before(2), {"a/one": 5}, other=None)
    known = week_of(WEEK, {"a/one": 5, "b/two": 3}, other=2)
    seen = shown(unknown, known)
    held = holdings(seen, vendors(seen))
    assert {part.week for part in held} == {WEEK}
    assert sum(part.tokens for part in held) == held[0].total == 10
    assert dict(gaps(seen)) == {WEEK.before(2): "total unknown", WEEK.before(1): "not archived"}
    drawn = texts(picture.draw(seen))
    assert "total unknown" in drawn and "not archived" in drawn


def test_what_is_too_small_for_a_hue_is_summed() -> None:
    seen = shown(week_of(WEEK, TWELVE, other=0))
    named = vendors(seen)
    held = {part.who: part.tokens for part in holdings(seen, named)}
    assert len(named) == 7
    rest = sum(count for name, count in TWELVE.items() if name.partition("/")[0] not in named)
    assert held[OTHER_VENDORS] == rest
    assert UNLISTED not in held


def test_no_source_knows_a_total() -> None:
    svg = picture.draw(shown(week_of(WEEK, {"a/one": 5}, other=None)))
    assert "Share of all tokens by vendor" not in texts(svg)
    assert any("No shares" in text for text in texts(svg))


def test_eight_weeks_are_shown_and_no_more() -> None:
    seen = shown(*(ranking(WEEK.before(back)) for back in range(12)))
    assert [str(week) for week in seen.weeks] == [f"2026-W{number}" for number in range(17, 25)]


def test_the_shipped_weeks_are_drawn_as_their_files_say() -> None:
    week = Week(2026, 25)
    file = Path(__file__).parents[2] / "generated/weeks/2026-W25/rankings.json"
    raw = {row["permaslug"]: row["tokens"] for row in json.loads(file.read_text())["platform"]["models"]}
    archived = {*archive.weeks(file.parents[3])}
    seen = window(week, lambda each: archive.read(file.parents[3], each) if each in archived else None)
    spec = json.loads(json.dumps(picture.specification(seen)))
    drawn = [row["tokens"] for row in values(spec) if "rank" in row]
    assert drawn[0] == raw["deepseek/deepseek-v4-flash-20260423"] == 4935252096935
    assert drawn[:8] == sorted(raw.values(), reverse=True)[:8]  # no family has two rows among them
    vendor = sum(tokens for slug, tokens in raw.items() if slug.startswith("deepseek/"))
    shares = {row["who"]: row["tokens"] for row in values(spec) if row.get("week") == "2026-W25" and "who" in row}
    assert shares["deepseek"] == vendor
    assert dict(gaps(seen)) == {
        Week(2026, 18): "total unknown", Week(2026, 19): "total unknown", Week(2026, 20): "not archived",
    }  # fmt: skip


def test_days_off_the_list_are_marked() -> None:
    then = week_of(WEEK.before(), {"a/one": 100})
    now = ranking(WEEK)
    late = (Ranked(1, "a/one", 150, dict.fromkeys(WEEK.days[4:], 50)),)
    seen = shown(then, dataclasses.replace(now, platform=Section(late, 5)))
    assert [row["said"] for row in top.rows(bars(seen), {})] == ["+50 %†"]
    assert any("† listed on some days only" in text for text in texts(picture.draw(seen)))


HOSTILE = [
    "x/<script>alert(1)</script>",
    'x/"><style>*{display:none}</style>',
    "x/]]>&amp;&#0;<!--",
    "x/\x00\x1b[31mred\r\nnext",
    "x/\u202egnp.exe\u2066",
    "x/🦊模型العربية",
    f"x/{'m' * 200}",
    'x/fill="#ffffff"',
    "no vendor at all",
    "/",
]


def test_strange_names_are_only_text() -> None:
    seen = shown(week_of(WEEK, {name: 1000 - place for place, name in enumerate(HOSTILE)}))
    svg = picture.draw(seen)
    root = ElementTree.fromstring(svg)
    kinds = {node.tag.removeprefix(SVG_SPACE) for node in root.iter()}
    assert kinds <= {"svg", "title", "desc", "rect", "g", "path", "text", "line"}
    assert "<script>alert(1)</script>" in texts(svg)
    assert all("\u202e" not in text and "\x1b" not in text and "🦊" not in text for text in texts(svg))
    assert size(picture.png(svg))[0] < 1400


def test_the_svg_says_what_it_shows_and_cites_its_source() -> None:
    seen = shown(ranking(WEEK), ranking(WEEK.before()))
    root = ElementTree.fromstring(picture.draw(seen))
    title, description = root[0], root[1]
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "picture-title picture-description")
    assert (title.tag, title.text) == (f"{SVG_SPACE}title", "OpenRouter rankings, week 2026-W24")
    assert description.tag == f"{SVG_SPACE}desc"
    assert "1. deepseek-v4-flash: 4.90k, ±0 %." in str(description.text)
    cited = "Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-15T00:10:38Z. CC BY 4.0"
    assert cited in texts(picture.draw(seen))
    assert cited in str(description.text)


def test_same_week_same_bytes(tmp_path: Path) -> None:
    for back in range(3):
        archive.write(tmp_path, ranking(WEEK.before(back)))
    once = draw(tmp_path, WEEK)
    assert {*once} == {SVG, PNG, DARK_PNG}
    assert draw(tmp_path, WEEK) == once
    asked = (
        "import hashlib, sys; from pathlib import Path;"
        "from harness.market.pictures import draw; from harness.weeks import Week;"
        "print(*(hashlib.sha256(c).hexdigest() for c in draw(Path(sys.argv[1]), Week(2026, 24)).values()))"
    )
    # another process with another order of sets, another home and another time zone
    other = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", asked, str(tmp_path)], env=other, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [hashlib.sha256(content).hexdigest() for content in once.values()]


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_themes_differ_in_paper_and_not_in_shape() -> None:
    drawn = draw_with(WEEK, {WEEK: ranking(WEEK)}.get)
    assert size(drawn[PNG]) == size(drawn[DARK_PNG])
    assert corner(drawn[PNG]) == look.PAPER.light
    assert corner(drawn[DARK_PNG]) == look.PAPER.dark
    svg = drawn[SVG].decode()
    assert "@media (prefers-color-scheme:dark)" in svg
    body = svg.partition("</style>")[2]
    drawn_in = {part[:7] for part in body.split('="#')[1:]}
    known = {pair.light.lstrip("#") for pair in look.PAIRS}
    assert {colour[:6] for colour in drawn_in} <= known  # each has a stand-in on a dark page


def corner(png: bytes) -> str:
    """The colour of the first pixel of a PNG with a palette."""
    chunks = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += 12 + length
    first = zlib.decompress(chunks[b"IDAT"])[1]
    return f"#{chunks[b'PLTE'][first * 3 : first * 3 + 3].hex()}"


def test_what_is_no_known_png_stays_as_it_is() -> None:
    assert reduced(b"\x89PNG\r\n\x1a\n") == b"\x89PNG\r\n\x1a\n"


# Machado, Oliveira, Fernandes 2009, severity 1.0: linear RGB as eyes without one kind of cones see it
EYES = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour: str) -> tuple[float, ...]:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def oklab(rgb: tuple[float, ...]) -> tuple[float, ...]:
    """Björn Ottosson's perceptual space: equal distances look equally far apart."""
    long = 0.4122214708 * rgb[0] + 0.5363325363 * rgb[1] + 0.0514459929 * rgb[2]
    middle = 0.2119034982 * rgb[0] + 0.6806995451 * rgb[1] + 0.1073969566 * rgb[2]
    short = 0.0883024619 * rgb[0] + 0.2817188376 * rgb[1] + 0.6299787005 * rgb[2]
    a, b, c = (max(part, 0.0) ** (1 / 3) for part in (long, middle, short))
    return (
        0.2104542553 * a + 0.7936177850 * b - 0.0040720468 * c,
        1.9779984951 * a - 2.4285922050 * b + 0.4505937099 * c,
        0.0259040371 * a + 0.7827717662 * b - 0.8086757660 * c,
    )


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it."""
    lights = sorted(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_apart_for_all_eyes_and_from_the_paper(theme: str) -> None:
    paper = getattr(look.PAPER, theme)
    hues = [getattr(pair, theme) for pair in (*look.HUES, look.GREY)]
    assert min(contrast(hue, paper) for hue in hues) >= 3.0  # graphics
    assert min(contrast(getattr(pair, theme), paper) for pair in (look.INK, look.MUTED, look.RISE, look.FALL)) >= 4.5
    for eyes, rows in EYES.items():
        seen = [oklab(tuple(sum(m * c for m, c in zip(row, linear(hue), strict=True)) for row in rows)) for hue in hues]
        nearest = min(
            sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 for a, b in itertools.combinations(seen, 2)
        )
        assert nearest > 0.06, eyes


def test_words() -> None:
    assert model_name("anthropic/claude-4.7-opus-20260416") == "claude-4.7-opus"
    assert model_name("tencent/hy3-preview-20260421:free") == "hy3-preview:free"
    assert [tokens(count, True) for count in (4935252096935, 721000000000, 41_460, 999)] == [
        "4.94T",
        "721B",
        "41.5k",
        "999",
    ]
    assert tokens(1_350_000_000_000, False) == "~1.35T"
    assert change(570, 100, True) == "+470 %"
    assert change(1234, 100, False) == "~×12"
    assert (percent(1, 3), percent(1, 1000), percent(0, 5)) == ("33 %", "<1 %", "0 %")
    assert span(Week(2026, 1)) == "29 Dec 2025–4 Jan 2026"
    assert safe("a\u200bb\u0600") == "a□b□"


def test_the_command_writes_the_pictures_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write(tmp_path, ranking(WEEK))
    assert main(["market", "chart", "-C", str(tmp_path)]) == 0
    folder = archive.folder(tmp_path, WEEK)
    assert {file.name for file in folder.iterdir()} == {archive.RANKINGS, SVG, PNG, DARK_PNG}
    assert "generated/weeks/2026-W24/rankings.svg" in capsys.readouterr().out


def test_the_command_refuses_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["market", "chart", "-C", str(tmp_path)]) == 1
    assert "the archive holds no week" in capsys.readouterr().err
    archive.write(tmp_path, ranking(WEEK))
    assert main(["market", "chart", "2026-W23", "-C", str(tmp_path)]) == 1
    assert "2026-W23 is not in the archive" in capsys.readouterr().err
    assert main(["market", "chart", "last week", "-C", str(tmp_path)]) == 2
    assert {file.name for file in archive.folder(tmp_path, WEEK).iterdir()} == {archive.RANKINGS}


def test_no_other_command_waits_for_altair() -> None:
    asked = "import sys, harness.market.chart_command, harness.market.pictures; print('altair' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
