"""What moved: properties that hold for any two weeks, and single cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.market.moves import Moves, moves
from harness.market.numbers import change, percent, signed, tokens
from harness.market.rankings import Provenance, Ranked, Ranking, Section
from harness.market.vendors import UNKNOWN, is_own_provider, vendor
from harness.weeks import Week
from tests.market.weeks import ORIGIN

NOW, THEN = Week(2026, 25), Week(2026, 24)
_VENDORS, _BASES = ("tencent", "deepseek", "nobody-knows"), ("hy3", "v4-flash", "v4-pro")
_ENDS = ("", "-preview", "-20260423", "-20260731", "-preview-20260421")
SLUGS = [f"{v}/{b}{e}{x}" for v in _VENDORS for b in _BASES for e in _ENDS for x in ("", ":free")]
#: beyond 2**53, where a float would lose the last digit
WEEKS = st.dictionaries(st.sampled_from(SLUGS), st.integers(1, 2**56), min_size=1, max_size=30)
OTHERS = st.integers(0, 2**56)


def week(of: Mapping[str, int], at: Week = NOW, other: int | None = 0, origin: Provenance = ORIGIN) -> Ranking:
    ordered = sorted(of.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = tuple(Ranked(rank, slug, count) for rank, (slug, count) in enumerate(ordered, 1))
    return Ranking(at, None, at.days, origin, Section(rows, other))


def compared(now: Ranking, then: Ranking, top: int = 10, named: frozenset[str] = frozenset()) -> Moves:
    return moves(now, then, top, Decimal(30), named)


@given(now=WEEKS, then=WEEKS, other=OTHERS)
@settings(deadline=None)
def test_tokens_are_conserved(now: Mapping[str, int], then: Mapping[str, int], other: int) -> None:
    found = compared(week(now, other=other), week(then, THEN))
    assert sum(line.now.tokens for line in found.lines if line.now) == sum(now.values())
    assert sum(line.then.tokens for line in found.lines if line.then) == sum(then.values())
    members = [slug for line in found.lines for slug in line.group.members]
    assert sorted(members) == sorted(now.keys() | then.keys())
    for line in found.successions:
        assert line.now is None or line.now.tokens == sum(now.get(slug, 0) for slug in line.group.members)
        assert line.then is None or line.then.tokens == sum(then.get(slug, 0) for slug in line.group.members)


@given(now=WEEKS, then=WEEKS, other=OTHERS)
@settings(deadline=None)
def test_shares_add_up(now: Mapping[str, int], then: Mapping[str, int], other: int) -> None:
    found = compared(week(now, other=other), week(then, THEN))
    total = sum(now.values()) + other
    vendors = [row.share for row in found.vendors]
    assert sum((share for share in vendors if share), Fraction(0)) + Fraction(other, total) == 1
    countries = [found.origins.share(country) for country in found.origins.tokens]
    assert sum((share for share in countries if share), Fraction(0)) + Fraction(other, total) == 1
    concentration = found.concentration()
    one, five, ten, hhi = (concentration[key] for key in ("top1", "top5", "top10", "hhi"))
    assert one is not None and five is not None and ten is not None and hhi is not None
    assert 0 < one <= five <= ten <= 1
    assert 0 < hhi <= 10_000


@given(now=WEEKS, other=OTHERS)
@settings(deadline=None)
def test_a_week_against_itself_is_quiet(now: Mapping[str, int], other: int) -> None:
    found = compared(week(now, other=other), week(now, other=other), named=frozenset(SLUGS))
    assert (found.movers, found.entrants, found.dropouts, found.successions) == ((), (), (), ())
    assert all(line.change == 0 and line.climbed == 0 for line in found.lines)
    assert found.total_change == 0


@given(now=WEEKS, then=WEEKS)
@settings(deadline=None)
def test_there_and_back(now: Mapping[str, int], then: Mapping[str, int]) -> None:
    """Who enters one way drops out the other way, unless a family goes on under another name only one way."""
    there, back = compared(week(now), week(then, THEN)), compared(week(then, THEN), week(now))
    if not there.successions and not back.successions:
        assert {line.group.members for line in there.entrants} == {line.group.members for line in back.dropouts}


def test_a_succession_is_no_entrant_and_no_mover() -> None:
    rest = {f"google/model-{letter}": 10**11 for letter in "abc"}
    old, new = "deepseek/deepseek-v4-flash-20260423", "deepseek/deepseek-v4-flash-20260731"
    found = compared(week({new: 67 * 10**11, old: 10**12, **rest}), week({old: 7 * 10**12, **rest}, THEN))
    assert [line.name for line in found.successions] == [new]
    assert found.entrants == found.dropouts == found.movers == ()
    assert percent(found.successions[0].change) == Decimal("10.0")


def test_the_threshold_is_met_up_and_down_and_not_missed_by_a_rounding() -> None:
    then = {"google/a": 1000, "google/b": 1000, "google/c": 10**16, "google/d": 10**16}
    now = {"google/a": 1300, "google/b": 700, "google/c": 13 * 10**15 - 1, "google/d": 7 * 10**15 + 1}
    assert {line.name for line in compared(week(now), week(then, THEN)).movers} == {"google/a", "google/b"}


def test_below_the_top_only_what_the_policies_name_is_a_mover() -> None:
    then = {f"google/m{number:02d}": 1000 - number for number in range(20)}
    now = then | {"google/m19": 1, "google/m18": 2}
    assert compared(week(now), week(then, THEN)).movers == ()
    named = compared(week(now), week(then, THEN), named=frozenset({"google/m19"}))
    assert [line.name for line in named.movers] == ["google/m19"]


def test_what_a_source_does_not_know_is_not_known() -> None:
    scrape = replace(ORIGIN, kind="scrape", exact=False)
    found = compared(week({"google/a": 5}, other=None, origin=scrape), week({"google/a": 4, "google/b": 3}, THEN))
    assert found.total_change is None
    assert set(found.concentration().values()) == {None}
    assert found.origins.share("US") is None
    assert not found.is_like_for_like
    notes = list(found.notes())
    assert "not from the official data set; its numbers are rounded; it does not know the platform's total" in notes[0]
    assert notes[1] == "both weeks list only a Top 1: entrants and dropouts are those of the Top 1"
    assert found.dropouts == ()


def test_numbers() -> None:
    assert [tokens(n) for n in (0, 999, 1000, 999_994_000_000, 4_935_000_000_001, 46_656_698_226_967)] == [
        "0", "999", "1.00 K", "1.00 T", "4.94 T", "46.66 T",
    ]  # fmt: skip
    assert [signed(change(new, old)) for new, old in ((118, 100), (1, 3), (5, 5), (5, 0), (None, 5))] == [
        "+18.0 %", "-66.7 %", "0.0 %", "–", "–",
    ]  # fmt: skip


def test_vendors() -> None:
    assert (vendor("deepseek/x").country, vendor("anthropic").country) == ("CN", "US")
    assert (vendor("openrouter/owl-alpha").country, vendor("nobody/x").country) == (UNKNOWN, UNKNOWN)
    assert vendor("nobody/x").name == "nobody"
    assert is_own_provider(vendor("google/x"), "google-vertex/us-east5")
    assert not is_own_provider(vendor("deepseek/x"), "deepinfra/fp4")
