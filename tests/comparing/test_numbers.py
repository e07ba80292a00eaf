"""Numbers in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.bench.numbers import change_words, counted, milliseconds, names, percentile_words, rate_words, usd
from harness.bench.stats.intervals import Interval, wilson
from harness.bench.stats.percentiles import Timing, percentile
from harness.bench.summary import Rate


@pytest.mark.parametrize(
    ("money", "words"),
    [
        ("0", "$0.00"),
        ("1", "$1.00"),
        ("0.1305300", "$0.13053"),
        ("1234.5", "$1234.50"),
        ("0.0000004", "< $0.000001"),
        ("0.000001", "$0.000001"),
    ],
)
def test_usd(money: str, words: str) -> None:
    assert usd(Decimal(money)) == words


def test_rates_say_their_counts() -> None:
    assert rate_words(Rate(40, 1000, wilson(40, 1000))) == "4.0 % (3.0 … 5.4), 40 of 1000"
    assert rate_words(Rate(0, 0, Interval(None, None))) == "–, none of 0"


def test_changes_have_signs_and_zero_has_no_minus() -> None:
    assert change_words(0.0123, -0.004, 0.029, "points") == "+1.2 points (−0.4 … +2.9)"
    assert change_words(-0.0001, None, 0.5, "percent") == "+0.0 % (? … +50.0)"


def test_percentiles_say_what_is_missing() -> None:
    assert percentile_words(None) == "–"
    assert percentile_words(percentile([Timing(60_000.0, True)] * 3, 0.95)) == "≥ 60.0 s (? … ?)"
    assert milliseconds(9_999.4) == "9999 ms"


def test_many_names_are_counted() -> None:
    assert names(["a", "b"]) == "a, b"
    assert names(list("abcdef")) == "a, b, c, d and 2 more"
    assert counted([("wrong_value", 4), ("no_call", 2)]) == "wrong_value 4, no_call 2"
