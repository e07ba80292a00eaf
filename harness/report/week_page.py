"""A week's page: what its template is given, section by section."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compiler.compile import Compiled
from harness.guards.page import parts
from harness.market.moved import citation
from harness.market.numbers import signed, tokens, unsigned
from harness.market.page import Part, changes, days, in_use
from harness.market.page import prices as said_of_prices
from harness.market.rankings import Ranking
from harness.report.charts import intervals, routes, spend, top
from harness.report.charts.prices import HEIGHT as PRICE_HEIGHT
from harness.report.charts.prices import history
from harness.report.charts.ranks import ROW, ranks
from harness.report.checklist import checklist
from harness.report.evidence import Evidence, Missing
from harness.report.rendering import render
from harness.report.words import dollars, minus, several

PAGE = "index.html"
_TEMPLATE = "week.html.j2"


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the few numbers at the top."""

    value: str
    words: str
    section: str


def week_page(evidence: Evidence, files_at: str = "") -> bytes:
    """The page. `files_at` is the way from it to the week's folder."""
    boxes = checklist(evidence.facts)
    values = {
        "week": evidence.week,
        "dates": days(evidence.week),
        "lead": lead(evidence),
        "headlines": headlines(evidence, sum(box.is_ticked for box in boxes), len(boxes)),
        "changes": _changes(evidence),
        "ours": _ours(evidence),
        "proposals": evidence.proposals,
        "ranking": _ranking(evidence),
        "prices": _prices(evidence),
        "harness": _harness(evidence),
        "spend": _spend(evidence),
        "guards": evidence.decisions if isinstance(evidence.decisions, Missing) else parts(evidence.decisions),
        "routes": _routes(evidence),
        "checklist": boxes,
        "citations": _citations(evidence),
        "files": sorted(name for name in evidence.files if name != PAGE and not name.startswith(".")),
        "files_at": files_at,
        "policies": _policies(evidence),
        "is_missing": lambda found: isinstance(found, Missing),
    }
    return render(_TEMPLATE, values)


def lead(evidence: Evidence) -> str:
    """The week in two sentences."""
    if isinstance(evidence.rankings, Missing):
        return f"What the market did is not known: {evidence.rankings.reason}."
    if isinstance(evidence.moved, Missing):
        return f"What moved is not known: {evidence.moved.reason}."
    moves = evidence.moved.moves
    total, then = moves.now.platform.total, moves.then.week
    moved = minus(signed(moves.total_change))
    size = f"{tokens(total)} tokens, {moved} on {then}." if total is not None else "The platform's total is not known."
    counts = (
        several(len(moves.movers), "mover"), several(len(moves.entrants), "entrant"),
        several(len(moves.dropouts), "dropout"),
    )  # fmt: skip
    return f"{size} {', '.join(counts)} in the Top {moves.depth}."


def headlines(evidence: Evidence, ticked: int, boxes: int) -> tuple[Headline, ...]:
    """What a reviewer asks first; a dash where nobody knows."""
    moved, found = evidence.moved, evidence.proposals
    exposure = None if isinstance(moved, Missing) else moved.exposure
    return (
        Headline("–" if isinstance(found, Missing) else str(len(found.proposals)), "open proposals", "proposals"),
        Headline("–" if exposure is None else str(len(exposure.flags)), "flags on models in use", "changes"),
        Headline(_outcome(evidence), "the harness says", "harness"),
        Headline(_dollars(evidence), "of the dollar cap", "spend"),
        Headline(f"{ticked}/{boxes}", "boxes ticked", "checklist"),
    )


def _outcome(evidence: Evidence) -> str:
    """The gravest of the legs' outcomes."""
    run = evidence.harness
    if isinstance(run, Missing) or run.comparison is None:
        return "–"
    found = {leg.outcome for leg in run.comparison.legs}
    return next((outcome for outcome in ("rollback", "hold", "promote") if outcome in found), "–")


def _dollars(evidence: Evidence) -> str:
    tracks = () if isinstance(evidence.spend, Missing) else evidence.spend.standings
    dollar = next((track for track in tracks if track.track == "dollar" and track.limit_usd), None)
    return f"{dollar.spent_usd * 100 / dollar.limit_usd:.0f} %" if dollar and dollar.limit_usd else "–"


def _changes(evidence: Evidence) -> tuple[Part, ...] | Missing:
    if isinstance(evidence.moved, Missing):
        return evidence.moved
    moves = evidence.moved.moves
    is_marked = any(line.part_of_week for line in moves.movers)  # else the note on the mark stands with no mark
    return tuple(part for part in changes(moves) if part.title or is_marked)


def _ours(evidence: Evidence) -> tuple[Part, ...]:
    """What it means for the models of the policies: flags, then all of them."""
    exposure = None if isinstance(evidence.moved, Missing) else evidence.moved.exposure
    return () if exposure is None else tuple(in_use(exposure))


def _ranking(evidence: Evidence) -> Mapping[str, object] | Missing:
    if isinstance(evidence.rankings, Missing):
        return evidence.rankings
    moved = evidence.moved
    mine = frozenset[str]() if isinstance(moved, Missing) else top.ours(moved)
    rows = () if isinstance(moved, Missing) else tuple(top.rows(moved))
    return {
        "top": rows,
        "signs": tuple(top.signs(rows)),
        "against": moved.reason if isinstance(moved, Missing) else str(moved.moves.then.week),
        "ranks": ranks(evidence.rankings, mine),
        "row": ROW,
        "notes": () if isinstance(moved, Missing) else moved.notes,
    }


def _prices(evidence: Evidence) -> Mapping[str, object] | Missing:
    if not evidence.prices:
        return Missing(f"no prices are archived for {evidence.week}, nor for the weeks before it")
    locked = None if isinstance(evidence.compiled, Missing) else evidence.compiled.policies.lock
    moved = evidence.moved
    return {
        "history": history(evidence.week, evidence.prices, locked),
        "height": PRICE_HEIGHT,
        "said": () if isinstance(moved, Missing) else said_of_prices(moved.prices).sentences,
        "is_current": evidence.week in evidence.prices,
    }


def _harness(evidence: Evidence) -> Mapping[str, object] | Missing:
    if isinstance(evidence.harness, Missing):
        return evidence.harness
    return {"run": evidence.harness, "charts": tuple(intervals.charts(evidence.harness))}


def _spend(evidence: Evidence) -> Mapping[str, object] | Missing:
    if isinstance(evidence.spend, Missing):
        return evidence.spend
    of = evidence.spend
    unknown = None if of.unattributed_usd is None else dollars(of.unattributed_usd)
    gray = of.gray and {"share": unsigned(of.gray.share), "most": f"{(of.gray.max_share * 100).normalize():f} %"}
    unknown_days = sorted({day for track in of.standings for day in track.unknown_days})
    return {"of": of, "rows": tuple(spend.rows(of)), "unattributed": unknown, "gray": gray, "holes": unknown_days}


def _routes(evidence: Evidence) -> routes.Map | Missing:
    return evidence.compiled if isinstance(evidence.compiled, Missing) else routes.route_map(evidence.compiled.plans[0])


def _citations(evidence: Evidence) -> tuple[str, ...]:
    """What the data's licence asks for, of every week that a chart shows."""
    if isinstance(evidence.rankings, Missing):
        return ()
    shown = evidence.rankings.rankings
    return cited(shown[week] for week in sorted(shown, reverse=True))


def cited(rankings: Iterable[Ranking]) -> tuple[str, ...]:
    """Each source once, with its licence."""
    found = (f"{citation(each)} {each.provenance.licence or ''}".strip() for each in rankings)
    return tuple(dict.fromkeys(found))


def _policies(evidence: Evidence) -> str | None:
    """Which policies the page speaks of."""
    return None if isinstance(evidence.compiled, Missing) else digest(evidence.compiled)


def digest(compiled: Compiled) -> str:
    """One short name for all policy files as they were read."""
    whole = "".join(f"{name}\0{sha}\n" for name, sha in compiled.inputs.items())
    return hashlib.sha256(whole.encode()).hexdigest()[:12]
