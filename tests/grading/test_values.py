"""Accepted values: strict types, text exact or loose, and no digits that run together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.grade.values import accepts, loosened

STRING = {"type": "string"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("one", "other"), [
    ("April 1, 2024", "april 1 2024"), ("April 1, 2024", "April 1,2024"), ("New York, NY", "new york ny"),
    ("full-time", "Full Time"), ("it's", 'it"s'), ("x^2", "x2"), ("3 bedrooms.", "3 bedrooms"), ("10 - 5", "10-5"),
])  # fmt: skip
def test_loosely_equal(one: str, other: str) -> None:
    assert accepts(one, other, STRING, loose=True)
    assert not accepts(one, other, STRING, loose=False)


@pytest.mark.parametrize(("one", "other"), [
    ("10.5", "105"), ("-5", "5"), ("3,000", "3000"), ("2024-04-01", "20240401"), ("1.2.3.4", "1234"), (".5", "5"),
    ("between -5 and 5", "between 5 and 5"), ("2^10", "210"), ("Berlin", "Bern"), ("1, 2", "12"),
])  # fmt: skip
def test_loose_is_not_careless(one: str, other: str) -> None:
    assert not accepts(one, other, STRING, loose=True)


@pytest.mark.parametrize(("accepted", "given", "schema", "verdict"), [
    (5, 5, {"type": "integer"}, True), (5, 5.0, {"type": "integer"}, False), (5, 5.0, {"type": "number"}, True),
    (5.0, 5, {"type": "number"}, True), (5, 5.0, None, False), (5.0, 5, None, True), (1, True, {}, False),
    (True, 1, {}, False), (True, True, {}, True), (None, None, {}, True), (None, "", {}, False), ("5", 5, {}, False),
    ([1, 2], [1, 2], {}, True), ([1, 2], [2, 1], {}, False), ([1], [1, 1], {}, False), ([1], [True], {}, False),
    ({"a": 1}, {"a": 1}, {}, True), ({"a": 1}, {"a": 1, "b": 2}, {}, False), ({"a": 1}, {}, {}, False),
    ([5], [5.0], {"items": {"type": "number"}}, True), ([5], [5.0], {"items": {"type": "integer"}}, False),
    ({"a": 5}, {"a": 5.0}, {"properties": {"a": {"type": "number"}}}, True),
])  # fmt: skip
def test_types_are_strict(accepted: Any, given: Any, schema: Any, verdict: bool) -> None:
    assert accepts(accepted, given, schema, loose=False) is verdict


def test_a_word_where_another_type_was_declared_is_taken_to_the_letter() -> None:
    assert accepts("dontcare", "dontcare", {"type": "integer"}, loose=True)
    assert not accepts("dontcare", "DontCare", {"type": "integer"}, loose=True)


@given(JSON)
def test_every_value_accepts_itself(value: Any) -> None:
    assert accepts(value, value, None, loose=True)
    assert accepts(value, value, {"type": "string", "items": 3, "properties": []}, loose=False)


@given(JSON, JSON)
def test_strict_is_within_loose(one: Any, other: Any) -> None:
    assert accepts(one, other, None, loose=True) or not accepts(one, other, None, loose=False)


@given(st.text(alphabet="0123456789 .,-", max_size=12), st.text(alphabet="0123456789 .,-", max_size=12))
def test_numbers_that_differ_stay_different(one: str, other: str) -> None:
    if loosened(one) == loosened(other):
        digits = ["".join(filter(str.isdigit, text)) for text in (one, other)]
        assert digits[0] == digits[1]
        try:
            numbers = float(one), float(other)
        except ValueError:
            return
        assert numbers[0] == numbers[1]
