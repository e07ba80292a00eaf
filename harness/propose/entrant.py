"""A model that is new among the first and stays there may be tried in the gray pool, if it can do that pool's work."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.policy import TRACK_KEYS, Policies
from compiler.rules.models import routed_models
from harness.market.catalogue import shown
from harness.market.exposure import permaslug
from harness.market.families import parse
from harness.market.moves import Line, Moves
from harness.market.numbers import tokens
from harness.propose.edit import Edit
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.replacement import objections, price_of
from harness.propose.seats import Seat, seats
from harness.propose.signal import Signal
from harness.propose.week_evidence import LOCK, MARKET, PRICES, RANKINGS, WeekEvidence

RULE = "entrant"
#: One week in the Top N is often a launch with free tokens.
STAYS = 2


def entrant(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """New ones, and those of earlier weeks that are still there and not decided."""
    if evidence.moved is None:
        return
    moves = evidence.moved.moves
    for line in moves.top:
        key = f"{RULE} {parse(line.name).family}"
        weeks = evidence.history.weeks_seen(key)
        if not weeks and line not in moves.entrants:
            continue
        if not moves.is_like_for_like:
            why = "the week before is another source's, which lists fewer models: whether it is new is not known"
            yield NotProposed(RULE, line.name, why, key)
        else:
            yield from _judged(line, key, weeks, evidence)


def _judged(line: Line, key: str, weeks: int, evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    policies = evidence.policies
    model = _slug(line, policies)
    if model is None:
        yield _of_unpinned(line, key, evidence)
    elif model in {routed for routed, _ in routed_models(policies)}:
        yield NotProposed(RULE, model, "it is new among the first, and is routed already")
    elif pool := next((seat for seat in seats(policies) if seat.is_gray), None):
        why = "; ".join(dict.fromkeys(objections(model, pool.scenarios, evidence, gray=True)))
        if why:
            yield NotProposed(RULE, model, f"no candidate for the gray pool: {why}", key)
        else:
            yield Signal(key, _trial(line, model, pool, weeks + 1, evidence), (model,), wait=STAYS)
    else:
        yield NotProposed(RULE, model, "it is new among the first, and there is no gray pool to try it in", key)


def _slug(line: Line, policies: Policies) -> str | None:
    """The pinned model of a line; variants that are free by paying with data are none."""
    pinned = (model for model in policies.lock.models if permaslug(model, policies) in line.group.members)
    return min(pinned, key=lambda model: (":" in model, model), default=None)


def _of_unpinned(line: Line, key: str, evidence: WeekEvidence) -> Signal | NotProposed:
    """A ticket once; after that it is for people to watch it or not."""
    if week := evidence.history.proposed_in(key):
        return NotProposed(RULE, line.name, f"still among the first and not pinned; its ticket is of {week}", key)
    return Signal(key, _ticket(line, evidence), (line.name,))


def _entered(line: Line, moves: Moves) -> str:
    now, then = line.now, line.then
    assert now is not None  # it is in the Top N
    before = f"rank {then.rank} in {moves.then.week}" if then else f"not listed in {moves.then.week}"
    return f"rank {now.rank} of {moves.now.week} with {tokens(now.tokens)} tokens; {before}"


def _ticket(line: Line, evidence: WeekEvidence) -> Proposal:
    assert evidence.moved is not None
    return Proposal(
        rule=RULE,
        kind="ticket",
        title=f"{line.name} came into the Top {evidence.moved.moves.depth}: watch it?",
        evidence=(
            evidence.says(_entered(line, evidence.moved.moves), MARKET),
            Statement("the lock has no facts of it: neither price nor abilities are known", LOCK),
        ),
        edits=(),
        effect="No route changes by this. To let the next weeks judge it: its slug into `watch` of market.yaml, then "
        "`vane lock`.",
        confidence="low",
        because="one week among the first may be a launch",
        reversal="Nothing to take back.",
    )


def _at_most(price: Decimal, evidence: WeekEvidence) -> str:
    """What the pool would cost if all that it may take went to this model."""
    gray, market = evidence.policies.tracks.gray_pool, evidence.policies.market
    if gray is None or market is None:
        return ""
    return f": {price * gray.max_share * market.volume.tokens_per_month:.2f} USD a month at the very most"


def _trial(line: Line, model: str, pool: Seat, weeks: int, evidence: WeekEvidence) -> Proposal:
    assert evidence.moved is not None
    gray = evidence.policies.tracks.gray_pool
    price = price_of(model, evidence) or Decimal(0)
    most = f"{gray.max_share * 100:.0f} %" if gray else "its ceiling"
    return Proposal(
        rule=RULE,
        kind="gray-candidate",
        title=f"Try {model} in the gray pool",
        evidence=(
            evidence.says(_entered(line, evidence.moved.moves), MARKET),
            evidence.says(f"{weeks} weeks in a row in the Top {evidence.moved.moves.depth}", RANKINGS),
            evidence.says(f"it asks {shown('mix', price)} for the team's mix", PRICES)
            if evidence.catalogue
            else Statement(f"it asks {shown('mix', price)} for the team's mix, by the lock", LOCK),
            Statement(f"it can do what {' and '.join(pool.scenarios) or 'the gray pool'} needs", LOCK),
        ),
        edits=(Edit("tracks.yaml", "insert", (TRACK_KEYS["gray"], "models", len(pool.models)), model),),
        effect=f"Trials on public data may reach it, up to {most} of all tokens{_at_most(price, evidence)}.",
        confidence="medium",
        because="others use it; our own harness has not seen it",
        reversal="Its tool-call errors rise by the points of gray_pool.rollback, or it leaves the catalogue.",
    )
