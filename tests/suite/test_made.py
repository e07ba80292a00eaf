"""Contexts and pictures: the same seed, the same bytes; the fact is where it should be, the picture is a PNG."""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.bitmap_font import GLYPHS, HEIGHT, WIDTH
from harness.bench.contexts import context
from harness.bench.images import Page, data_url, drawable, png
from harness.bench.patterns import is_slow, problem_of

MAKERS = ("log", "repository", "ledger")


@settings(max_examples=40)
@given(st.sampled_from(MAKERS), st.integers(200, 3000), st.integers(0, 2**31), st.floats(0, 1))
def test_the_fact_stands_once_and_about_where_it_should(
    make: Literal["log", "repository", "ledger"], tokens: int, seed: int, at: float
) -> None:
    made = context(make, tokens, seed, "THE NEEDED FACT", at)
    assert made == context(make, tokens, seed, "THE NEEDED FACT", at)
    assert made.count("THE NEEDED FACT") == 1
    largest_item = 1500
    assert abs(made.index("THE NEEDED FACT") - at * len(made)) <= largest_item + len(made) * 0.15
    assert tokens * 2 <= len(made) <= tokens * 4 + largest_item


def test_bytes_are_the_same_on_every_machine() -> None:
    made = "\n".join(context(make, 2000, 7, "fact {time} {date}", 0.5) for make in MAKERS)  # type: ignore[arg-type]
    assert (
        hashlib.sha256(made.encode()).hexdigest() == "2b83d497ec229633b0e62db95679a3311c7714ef3e76f2e6ba08bb4076ebecde"
    )
    page = Page("A 1", ("LINE",), (("X", "Y"), ("1", "2")), {"JAN": 40, "FEB": 60}, ("FOOT",))
    assert hashlib.sha256(png(page)).hexdigest() == "5616515dc331bf68de92c7c595743ea621c53cad3ae1bc207bb23bd1dcb5b2df"


def test_another_seed_gives_another_text() -> None:
    assert len({context("log", 500, seed, "x", 0.5) for seed in range(20)}) == 20


def test_a_log_stays_in_order_with_its_fact() -> None:
    lines = context("log", 2000, 3, "{time} ERROR it broke", 0.4).split("\n")
    stamps = [line.split(" ")[0] for line in lines]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == len(stamps)
    days = [line.split(";")[0] for line in context("ledger", 2000, 3, "{date};X", 0.4).split("\n")[1:]]
    assert days == sorted(days)


def read_png(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and rows of a one-bit PNG, with its checksums held."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (1, 0)
    rows = zlib.decompress(chunks[b"IDAT"])
    assert len(rows) == height * (1 + (width + 7) // 8)
    return width, height, rows


def test_a_picture_shows_its_words_and_nothing_else() -> None:
    width, height, rows = read_png(png(Page("HI")))
    stride = 1 + (width + 7) // 8

    def ink(x: int, y: int) -> bool:
        return not rows[y * stride + 1 + x // 8] >> (7 - x % 8) & 1

    for at, letter in enumerate("HI"):
        for row in range(HEIGHT):
            for column in range(WIDTH):
                seen = ink(24 + at * 18 + column * 3 + 1, 24 + row * 3 + 1)
                assert seen is (GLYPHS[letter][row][column] == "#"), (letter, row, column)
    assert not any(ink(x, y) for x in range(width) for y in (*range(24), *range(height - 24, height)))


def test_bars_are_as_high_as_their_values() -> None:
    width, height, rows = read_png(png(Page("T", bars={"A": 100, "B": 50})))
    stride = 1 + (width + 7) // 8
    left = 24 + 18 * 5

    def height_of(bar: int) -> int:
        x = left + 18 + bar * 96 + 1  # the outline
        return sum(not rows[y * stride + 1 + x // 8] >> (7 - x % 8) & 1 for y in range(100, height - 66))

    assert abs(height_of(0) - 2 * height_of(1)) <= 12


@settings(max_examples=20)
@given(
    st.lists(st.text("ABC 019.,:", max_size=20), max_size=4),
    st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 9999), max_size=4),
)
def test_every_page_is_a_png(lines: list[str], bars: dict[str, int]) -> None:
    page = Page("T", tuple(lines), bars=bars or None)
    read_png(png(page))
    assert data_url(page).startswith("data:image/png;base64,iVBORw0KGgo")


def test_what_the_font_lacks_is_named() -> None:
    assert drawable("Total: 3.50 (net)") is None
    assert drawable("3 €") == "€"


@pytest.mark.parametrize("pattern", [
    "(a+)+", "(a*)*b", "(a|b)*", "(a|ab)+c", "(?:x+y?)*", "((a+)?)+", "(a{1,})*", "([ab]+)*", "(?:(a|b)c){2,}",
])  # fmt: skip
def test_slow_patterns(pattern: str) -> None:
    assert is_slow(pattern)
    assert problem_of(pattern)


@pytest.mark.parametrize("pattern", [
    "(?:ab)+", "a+b+", r"\(a+\)+", "[(a+)+]+", "(a+)?", "(a|b){3}", r"(?=[\s\S]*a)(?![\s\S]*b)", "[]+]+(x)",
    "[^]+]+(x)", r"[\]+]+(x)*", "(?i:a|b)c", "^a.*b$", r"(?P<n>ab)+",
])  # fmt: skip
def test_patterns_that_end(pattern: str) -> None:
    assert not is_slow(pattern)
    assert problem_of(pattern) is None


@given(st.text("a|()+*?{}1,[]\\^x", max_size=15))
def test_no_pattern_makes_the_check_raise(pattern: str) -> None:
    assert is_slow(pattern) in (True, False)
