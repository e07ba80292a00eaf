"""What is said of a week, as tables and sentences of plain text. Text and Markdown lay it out (layout.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from harness.market.catalogue import shown
from harness.market.exposure import Exposure
from harness.market.moved import Moved
from harness.market.moves import Line, Moves, Standing
from harness.market.numbers import share, signed, tokens, unsigned
from harness.market.price_moves import PriceMoves
from harness.weeks import Week

#: More vendors than this are the long tail.
_VENDORS = 12
_COUNTRIES = {"CN": "China", "US": "United States", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with a table or sentences below it. Columns that hold numbers are set to the right."""

    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numeric: frozenset[int] = frozenset()


def title(moves: Moves) -> str:
    """The page's heading."""
    return f"What moved in {moves.now.week} ({days(moves.now.week)}), against {moves.then.week}"


def days(week: Week) -> str:
    """8–14 June 2026."""
    first, last = week.monday, week.sunday
    if first.month == last.month:
        return f"{first.day}–{last.day} {last:%B %Y}"
    return f"{first.day} {first:%B}{'' if first.year == last.year else f' {first.year}'} – {last.day} {last:%B %Y}"


def parts(moved: Moved) -> Iterator[Part]:
    """The page from top to bottom."""
    moves = moved.moves
    yield Part("Platform", tuple(_platform(moved)))
    yield _top(moves)
    yield from changes(moves)
    yield _vendors(moves)
    yield Part("Concentration", (_concentration(moves), _origins(moves)))
    yield prices(moved.prices)
    if moved.exposure:
        yield from in_use(moved.exposure)


def changes(moves: Moves) -> Iterator[Part]:
    """Who rose, fell, came and went."""
    yield _movers(moves)
    if any(line.part_of_week for line in (*moves.top, *moves.movers)):
        yield Part("", ("(*) Not listed on all days of both weeks: the change is not like for like.",))
    yield Part("Entrants", tuple(f"{line.name}: {_came(line, moves)}" for line in moves.entrants) or ("none",))
    yield Part("Dropouts", tuple(f"{line.name}: {_went(line, moves)}" for line in moves.dropouts) or ("none",))
    yield Part("Successions", tuple(map(_succession, moves.successions)) or ("none",))


def in_use(found: Exposure) -> Iterator[Part]:
    """What all that means for the models of the policies."""
    yield Part("Policies", tuple(_flags(found)) or ("nothing happened to the models in use",))
    yield _in_use(found)


def _platform(moved: Moved) -> Iterator[str]:
    now, then = moved.moves.now.platform.total, moved.moves.then.platform.total
    if now is None:
        yield f"{moved.moves.now.week} does not know the platform's total"
    elif then is None:
        yield f"{tokens(now)} tokens; {moved.moves.then.week} does not know the platform's total"
    else:
        yield f"{tokens(now)} tokens, {signed(moved.moves.total_change)} (from {tokens(then)})"
    yield from (f"Note: {note}" for note in moved.notes)


def _top(moves: Moves) -> Part:
    total = moves.now.platform.total
    rows = tuple(
        (str(now.rank), _was(line.then), _marked(line), line.vendor.name,
         tokens(now.tokens), signed(line.change), unsigned(share(now.tokens, total)))
        for line in moves.top if (now := line.now)
    )  # fmt: skip
    columns = ("rank", "was", "model", "vendor", "tokens", "change", "share")
    return Part(f"Top {moves.top_asked}", (), columns, rows, frozenset({0, 1, 4, 5, 6}))


def _marked(line: Line) -> str:
    return f"{line.name} (*)" if line.part_of_week else line.name


def _was(standing: Standing | None) -> str:
    return str(standing.rank) if standing else "–"


def _movers(moves: Moves) -> Part:
    heading = f"Movers ({moves.threshold_percent.normalize():f} % or more, up or down)"
    claims = any(moves.claim(line) for line in moves.movers)
    columns = ["model", str(moves.then.week), str(moves.now.week), "change"]
    rows = [[_marked(line), _tokens(line.then), _tokens(line.now), signed(line.change)] for line in moves.movers]
    if claims:
        columns.append("by its source's own word")
        rows = [[*row, _claim(moves.claim(line))] for row, line in zip(rows, moves.movers, strict=True)]
    return Part(heading, () if rows else ("none",), tuple(columns), tuple(map(tuple, rows)), frozenset({1, 2, 3, 4}))


def _tokens(standing: Standing | None) -> str:
    return tokens(standing.tokens) if standing else "not listed"


def _claim(percent: int | None) -> str:
    return "–" if percent is None else f"{percent:+d} %"


def _came(line: Line, moves: Moves) -> str:
    rank = line.now.rank if line.now else 0
    return f"rank {rank}, {_before(line, moves)}"


def _before(line: Line, moves: Moves) -> str:
    return f"before {line.then.rank} ({signed(line.change)})" if line.then else f"not listed in {moves.then.week}"


def _went(line: Line, moves: Moves) -> str:
    was = line.then.rank if line.then else 0
    now = f"now {line.now.rank} ({signed(line.change)})" if line.now else f"not listed in {moves.now.week}"
    return f"rank {was} before, {now}"


def _succession(line: Line) -> str:
    names = f"{', '.join(line.group.predecessors)} → {', '.join(line.group.successors)}"
    return f"{names}: together {_tokens(line.then)} → {_tokens(line.now)} ({signed(line.change)})"


def _vendors(moves: Moves) -> Part:
    """Of weeks of different kinds only the present one's: a Top 10 and a top fifty hold different parts of a vendor."""
    listed = [row for row in moves.vendors if row.now][:_VENDORS]
    rows = tuple(
        (row.vendor.name, _COUNTRIES.get(row.vendor.country, row.vendor.country), tokens(row.now or 0),
         _at_least(row.share), signed(row.change) if moves.is_like_for_like else "–")
        for row in listed
    )  # fmt: skip
    said = (
        "Listed models only: each share is a lower bound."
        if moves.is_like_for_like
        else "The two sources list to different depths: changes of vendors cannot be told."
    )
    return Part("Vendors", (said,), ("vendor", "country", "tokens", "share", "change"), rows, frozenset({2, 3, 4}))


def _at_least(value: Fraction | None) -> str:
    return "–" if value is None else f">= {unsigned(value)}"


def _concentration(moves: Moves) -> str:
    found = moves.concentration()
    if found["hhi"] is None:
        return "Shares of the platform cannot be told: its total is not known."
    shares = ", ".join(f"Top {count} {unsigned(found[f'top{count}'])}" for count in (1, 5, 10))
    return f"{shares}; Herfindahl index >= {round(found['hhi'])} of 10000"


def _origins(moves: Moves) -> str:
    found = moves.origins
    if not found.total:
        return "Shares by country cannot be told: the platform's total is not known."
    named = [f"{_COUNTRIES[code]} {_at_least(found.share(code))}" for code in _COUNTRIES]
    rest = unsigned(share(found.unlisted or 0, found.total))
    return f"By the vendor's country: {', '.join(named)}; not listed {rest}"


def prices(moved: PriceMoves) -> Part:
    """What moved in prices, or why nothing can be said."""
    if moved.reason:
        return Part("Prices", (f"prices: {moved.reason}",))
    said = [
        f"{each.model}: {each.name} {_price(each.name, each.old)} → {_price(each.name, each.new)} "
        f"({signed(each.change)} since the lock){'' if each.passes else ', below the threshold'}"
        for each in moved.changes
    ]
    said += [
        f"{each.model}: {each.provider} ({each.tag}) asks {shown('mix', each.price)} for the team's mix, "
        f"the lock says {shown('mix', each.locked)}{', new this week' if each.is_new else ''}"
        for each in moved.cheaper
    ]
    said += [
        f"{each.model}: its maker's own endpoint ({each.own.tag}) asks {shown('mix', each.own_price)}, "
        f"the cheapest other ({each.other.tag}) {shown('mix', each.other_price)}"
        for each in moved.own_or_other
    ]
    return Part("Prices", tuple(said) or ("no price moved since the lock",))


def _price(name: str, price: Decimal | None) -> str:
    return "none" if price is None else shown(name, price)


def _flags(found: Exposure) -> Iterator[str]:
    for flag in found.flags:
        lines = ", ".join(f"{place.file}:{place.line}" for place in flag.use.places)
        where = f"routed at {lines}" if lines else "watched only"
        yield f"{flag.kind}: {flag.use.model}: {flag.message} ({where})"


def _in_use(found: Exposure) -> Part:
    rows = tuple(
        (use.model, ", ".join(use.scenarios) or ("a track" if use.places else "watched"),
         str(line.now.rank) if line and line.now else "–", _was(line.then if line else None),
         signed(line.change if line else None))
        for use, line in found.models
    )  # fmt: skip
    return Part("Models in use", (), ("model", "scenarios", "rank", "was", "change"), rows, frozenset({2, 3, 4}))
