"""The weekly pull request's text. Short where nothing happened; every word from outside is escaped here.

Sections are in the order in which a reviewer decides: what to merge, what to decide, why, what nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from posixpath import relpath
from urllib.parse import quote

from harness.guards.page import parts, sentences
from harness.market.page import days
from harness.outside import inert, markdown
from harness.propose.decide import Decided, Made
from harness.propose.proposal import NotProposed, Proposal, Statement, confidence
from harness.propose.signal import Signal
from harness.report.checklist import Item
from harness.report.stored.decisions import Decisions
from harness.report.words import cut, several

FILE = "pull-request.md"
#: GitHub takes titles of 256 letters; nobody reads so many.
_TITLE, _SENTENCE = 100, 400
_FENCE = re.compile(r"`{3,}")
_MARKS = {"ok": "x", "not": " ", "unknown": " "}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the text says beside the decisions. `web` is the branch's address on the web, for links that work in a pull
    request; without it links are relative to the file."""

    checklist: tuple[Item, ...]
    citations: tuple[str, ...]
    #: names of the week's pictures that are there: light, then dark
    pictures: tuple[str, ...]
    web: str | None = None
    #: what the guards' logs come to; None where none was imported
    guards: Decisions | None = None


def title(decided: Decided) -> str:
    """The decision in a line."""
    asked = several(len(decided.tickets), "ticket") if decided.tickets else ""
    if not decided.made:
        rest = [asked, several(len(decided.left_out), "proposal") + " left out" if decided.left_out else ""]
        changes = "nothing new" if decided.beneath else "no route changes"
        return f"{decided.week}: {changes}; {', '.join(each for each in rest if each) or 'nothing to decide'}"
    first, *others = decided.made
    said = inert(cut(first.proposal.title, _TITLE))
    more = [f"{several(len(others), 'more change')}" if others else "", asked]
    return f"{decided.week}: {said}" + "".join(f"; {each}" for each in more if each)


def pull_request(decided: Decided, facts: Facts) -> str:
    """The whole text; its first line is the title as a heading."""
    blocks = [f"# {markdown(title(decided))}", _lead(decided)]
    if decided.made:
        blocks += ["## Proposals", "\n".join(_table(decided)), *(_details(decided, facts))]
    if decided.tickets:
        blocks += ["## Tickets: somebody has to decide, nothing changes", "\n".join(_tickets(decided, facts))]
    if decided.left_out:
        blocks += ["## Left out: it does not hold", "\n".join(_left_out(decided))]
    blocks += _picture(decided, facts)
    blocks += _guards(facts.guards) if facts.guards else ()
    blocks += _looked(decided.not_proposed)
    if decided.missing:
        blocks += ["## Missing", "\n".join(f"- {_text(each)}" for each in decided.missing)]
    blocks += ["## Checklist", "\n".join(_box(item, decided, facts) for item in facts.checklist)]
    blocks += map(_text, facts.citations)
    return "\n\n".join(blocks) + "\n"


def _text(words: str) -> str:
    return markdown(cut(words, _SENTENCE))


def _lead(decided: Decided) -> str:
    said = f"Evidence of {days(decided.week)}, in `generated/weeks/{decided.week}/`."
    if decided.beneath:
        said += f" People committed to this branch, so merging it also merges: {_text(', '.join(decided.beneath))}."
    if decided.peoples:
        said += f" Not as it is told below, because people changed it here or took it back: {_keys(decided)}."
    if not decided.made:
        return said if decided.beneath else f"{said} Merging it changes no route: it archives the evidence."
    return (
        f"{said} One commit a proposal, each with its policy lines alone: to drop one, `git revert` it and run "
        "`vane compile`. The last commit is what follows from them: evidence, lock and `generated/`."
    )


def _keys(decided: Decided) -> str:
    return _text(", ".join(map(repr, decided.peoples)))


def _table(decided: Decided) -> Iterator[str]:
    yield "| | proposal | rule | USD a month | confidence |"
    yield "|---:|---|---|---:|---|"
    for number, made in enumerate(decided.made, 1):
        proposal = made.proposal
        cells = (_text(proposal.title), proposal.rule, _usd(made.effect.usd_per_month), proposal.confidence)
        yield f"| {number} | {' | '.join(cells)} |"


def _usd(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:+.2f}" if amount else "0.00"


def _details(decided: Decided, facts: Facts) -> Iterator[str]:
    for number, made in enumerate(decided.made, 1):
        yield f"### {number}. {_text(made.proposal.title)}"
        yield "\n".join((*_statements(made.proposal, decided, facts), *_judgement(made)))
        yield fenced(made.diff, "diff")


def _statements(proposal: Proposal, decided: Decided, facts: Facts) -> Iterator[str]:
    return (f"- {_said(statement, decided, facts)}" for statement in proposal.evidence)


def _said(statement: Statement, decided: Decided, facts: Facts) -> str:
    name = statement.file.rpartition("/")[2]
    return f"{_text(statement.text)} ([{markdown(name)}]({_address(statement.file, decided, facts)}))"


def _judgement(made: Made) -> Iterator[str]:
    proposal = made.proposal
    yield f"- **Effect:** {_text(proposal.effect)} {' '.join(map(_text, made.effect.words))}".rstrip()
    yield f"- **Confidence:** {_text(confidence(proposal))}."
    yield f"- **Taken back if:** {_text(proposal.reversal)}"


def fenced(text: str, language: str) -> str:
    """A code block that its content cannot end."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _tickets(decided: Decided, facts: Facts) -> Iterator[str]:
    yield "| ticket | evidence | confidence |"
    yield "|---|---|---|"
    for ticket in decided.tickets:
        yield f"| {' | '.join(_ticket(ticket, decided, facts))} |"


def _ticket(ticket: Signal, decided: Decided, facts: Facts) -> tuple[str, str, str]:
    """With a link to the first file; the reason of a confidence only where there is a doubt."""
    proposal = ticket.proposal
    first, *others = proposal.evidence
    evidence = "; ".join((_said(first, decided, facts), *(_text(each.text) for each in others)))
    sure = confidence(proposal) if proposal.confidence == "low" else proposal.confidence
    return _text(proposal.title), evidence, _text(sure)


def _left_out(decided: Decided) -> Iterator[str]:
    for proposal, findings in decided.left_out:
        why = "; ".join(f"{each.code} {each.place.file}:{each.place.line} {each.message}" for each in findings[:3])
        yield f"- {_text(proposal.title)}: {_text(why)}"


def _picture(decided: Decided, facts: Facts) -> Iterator[str]:
    if not facts.pictures:
        return
    light, *dark = (_address(f"generated/weeks/{decided.week}/{name}", decided, facts, raw=True)
                    for name in facts.pictures)  # fmt: skip
    alone = f'<img alt="Top 10 of {decided.week}, with ranks over eight weeks" src="{light}" width="720">'
    if dark:
        source = f'<source media="(prefers-color-scheme: dark)" srcset="{dark[0]}">'
        alone = f"<picture>{source}{alone}</picture>"
    yield alone


def _guards(found: Decisions) -> Iterator[str]:
    """Counts alone; how tool-call errors changed stands with the proposals, and in the week's page."""
    yield "## What the guards did"
    yield "\n".join(f"- {_text(each)}" for each in sentences(found))
    if acts := parts(found)[1].rows:
        head = "| done | because of | label | scenario | turns |\n|---|---|---|---|---:|"
        yield "\n".join((head, *(f"| {' | '.join(map(_text, row))} |" for row in acts)))


def _looked(found: Sequence[NotProposed]) -> Iterator[str]:
    if not found:
        return
    yield f"<details><summary>Looked at and not proposed ({len(found)})</summary>"
    yield "\n".join(f"- {_text(each.about)}: {_text(each.why)}" for each in found)
    yield "</details>"


def _box(item: Item, decided: Decided, facts: Facts) -> str:
    unknown = "not known: " if item.state == "unknown" else ""
    where = ""
    if item.place:
        line = f"#L{item.place.line}" if item.place.line > 1 else ""
        where = (
            f" ([{markdown(item.place.file.rpartition('/')[2])}]({_address(item.place.file, decided, facts)}{line}))"
        )
    return f"- [{_MARKS[item.state]}] {_text(item.title)}: {unknown}{_text(item.fact)}{where}"


def _address(file: str, decided: Decided, facts: Facts, *, raw: bool = False) -> str:
    """Where a file of the project is, from the text."""
    if facts.web is None:
        return quote(relpath(file, f"generated/weeks/{decided.week}"))
    return f"{facts.web.replace('/blob/', '/raw/', 1) if raw else facts.web}/{quote(file)}"
