"""The text that people see on Monday: what it says, how short it is, and that words from outside do nothing in it."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from markdown_it import MarkdownIt

from compiler.diagnostics import Finding, Place
from harness.outside import inert
from harness.propose.decide import Decided, Made, decide
from harness.propose.edit import Edit
from harness.propose.effect import Effect
from harness.propose.proposal import Kind, NotProposed, Proposal, Statement
from harness.propose.pull_request import Facts, fenced, pull_request, title
from harness.propose.signal import Signal
from harness.propose.store import proposals_json
from harness.propose.trial import Trial
from harness.report.checklist import Item
from harness.weekly.commits import message, trailers
from harness.weeks import Week
from tests.propose.known import evidence
from tests.shipped import PROJECT, targets

WEEK = Week(2026, 24)
FOLDER = "generated/weeks/2026-W24"
HOSTILE = (
    "](http://x) @team <script>alert(1)</script>",
    "::set-output name=x::y",
    "##[add-path]/tmp\n::error::x",
    "x | y | z\n\n# heading\n- [x] done",
    "\u202ereversed\u2066 closes #1",
    "![](http://x/p.png) `code` ~~gone~~ www.x.example http://x.example",
    "<!-- --><img src=x onerror=alert(1)>&lt;",
    "```\nend of fence\n```",
)


def proposal(name: str, kind: Kind = "price") -> Proposal:
    edits = () if kind == "ticket" else (Edit("tracks.yaml", "set", ("token_track", "primary"), "a/b"),)
    said = (Statement(f"{name} says so", f"{FOLDER}/market.md"), Statement(name, "policies/tracks.yaml"))
    return Proposal(f"rule-{kind}", kind, name, said, edits, name, "medium", name, name)


def decided(name: str = "acme/model", *kinds: Kind, auto_merge: frozenset[str] = frozenset()) -> Decided:
    """A week with a proposal of each kind, a ticket, one that is left out and one that was looked at."""
    made = tuple(
        Made(
            Signal(f"{kind} {name}", each := proposal(name, kind), (name,)),
            Trial(each, (("tracks.yaml", "x"),), ()),
            Effect(Decimal("12.5"), ("batch",), 2, (f"Bill: {name}",)),
            "--- policies/tracks.yaml\n+++ policies/tracks.yaml\n-a\n+b",
        )
        for kind in kinds
    )
    finding = Finding("VN801", name, Place("policies/tests.yaml", 5), "fix")
    return Decided(
        WEEK,
        made,
        (Signal("t", proposal(name, "ticket"), (name,)),),
        ((proposal(name), (finding,)),),
        (NotProposed("rule", name, name),),
        (name,),
        ("seen",),
        auto_merge,
    )


def facts(name: str = "fine", web: str | None = None) -> Facts:
    items = (Item(name, "ok", name, Place("policies/tracks.yaml", 14)), Item("Harness", "unknown", "nobody knows"))
    return Facts(items, (f"Source: {name}.",), ("rankings.png", "rankings-dark.png"), web)


def empty(**more: object) -> Decided:
    return Decided(WEEK, (), (), (), (), (), (), frozenset())


def test_the_title_says_the_decision() -> None:
    assert title(decided("Do it", "price")) == "2026-W24: Do it; 1 ticket"
    assert title(decided("Do it", "price", "gone")) == "2026-W24: Do it; 1 more change; 1 ticket"
    assert title(decided("Do it")) == "2026-W24: no route changes; 1 ticket, 1 proposal left out"
    assert empty().is_silent and not decided("x").is_silent


def test_it_holds_what_a_reviewer_needs() -> None:
    text = pull_request(decided("Do it", "price"), facts())
    assert text.startswith("# 2026-W24: Do it; 1 ticket\n")
    for part in (
        "| 1 | Do it | rule-price | +12.50 | medium |",
        "- **Effect:** Do it Bill: Do it",
        "- **Confidence:** medium: Do it.",
        "- **Taken back if:** Do it",
        "-a\n+b\n```",
        "([market.md](market.md))",
        "([tracks.yaml](../../../policies/tracks.yaml#L14))",
        "- [x] fine: fine",
        "- [ ] Harness: not known: nobody knows",
        "VN801 policies/tests.yaml:5",
        'srcset="rankings-dark.png"',
        "Source: fine.",
        "`git revert`",
    ):
        assert part.replace(":5", "\\:5") in text, part


def test_links_work_in_a_pull_request() -> None:
    text = pull_request(decided("x", "price"), facts(web="https://github.com/acme/routes/blob/weathervane/2026-W24"))
    assert f"(https://github.com/acme/routes/blob/weathervane/2026-W24/{FOLDER}/market.md)" in text
    assert f'src="https://github.com/acme/routes/raw/weathervane/2026-W24/{FOLDER}/rankings.png"' in text


def test_a_week_without_changes_is_short() -> None:
    text = pull_request(decided(), facts())
    assert "## Proposals" not in text and "Merging it changes no route" in text
    assert len(text.splitlines()) < 45


@pytest.mark.parametrize("name", [*HOSTILE, "n" * 2_000_000, "\u202e" * 2_000_000])
def test_words_from_outside_do_nothing(name: str) -> None:
    text = pull_request(decided(name, "price", "gone"), facts(name))
    assert len(text) < 40_000
    assert all(c.isprintable() or c == "\n" for c in text)
    harmless = pull_request(decided("acme", "price", "gone"), facts("acme"))
    assert shape(text) == shape(harmless), "no link, heading, row, box or tag more than a harmless name makes"
    assert "@team" not in text and not re.search(r"(?<!\\)<(script|img src=x)", text)
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def shape(text: str) -> list[str]:
    """What Markdown makes of a text, without the words: tags, link targets and block HTML."""
    found: list[str] = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        found.append(token.type)
        if token.type == "html_block":
            found += [word for word in token.content.split() if word.startswith("<")]
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                found.append(str(child.attrs.get("href") or child.attrs.get("src")))
            elif child.type.startswith("html") and child.content != "<!-- -->":
                found.append(child.content.split()[0])
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_titles_and_commits_call_nobody_and_command_nothing(name: str) -> None:
    whole = decided(name, "price")
    for text in (title(whole), message(whole.made[0]), *trailers(whole.made[0]), inert(name)):
        assert not {"@", "#"} & {*text} and "::" not in text
        assert all(c.isprintable() or c == "\n" for c in text)
    said = message(whole.made[0]).splitlines()
    assert len(said[0]) <= 80 and said[1] == ""
    assert trailers(whole.made[0])[0] == f"Weathervane-Proposal: {inert(f'price {name}')}"


def test_a_fence_holds_its_content() -> None:
    assert fenced("````\nx", "diff").startswith("`````diff\n")


def test_the_file_for_programs_is_plain_data() -> None:
    data = json.loads(proposals_json(decided(HOSTILE[0], "price")))
    assert data["proposals"][0]["title"] == HOSTILE[0], "data is data: whoever shows it escapes it"
    assert data["proposals"][0]["evidence"][0]["file"] == "market.md"
    assert data["pull_request"] is True and data["title"] == title(decided(HOSTILE[0], "price"))


@pytest.mark.parametrize(
    ("kinds", "allowed", "labels"),
    [
        (("downgrade",), {"downgrade", "rollback"}, ["auto-merge"]),
        (("downgrade", "rollback"), {"downgrade", "rollback"}, ["auto-merge"]),
        (("downgrade", "price"), {"downgrade"}, []),
        (("rollback",), {"downgrade"}, []),
        ((), {"downgrade"}, []),
    ],
)
def test_only_what_tracks_yaml_allows_merges_by_itself(
    kinds: tuple[Kind, ...], allowed: set[str], labels: list[str]
) -> None:
    data = json.loads(proposals_json(decided("x", *kinds, auto_merge=frozenset(allowed))))
    assert data["labels"] == labels


@pytest.mark.parametrize("name", [*HOSTILE, "n" * 2_000_000])
def test_a_hostile_name_in_the_rankings_does_nothing(name: str) -> None:
    """From the rules on: a model of that name comes in first place."""
    tail = {f"acme/small-{n}": 10 - n for n in range(10)}
    found = decide(evidence({name: 900, **tail}, tail), PROJECT / "policies", targets())
    harmless = decide(evidence({"acme/new": 900, **tail}, tail), PROJECT / "policies", targets())
    assert [each.rule for each in (ticket.proposal for ticket in found.tickets)] == ["entrant"]
    assert shape(pull_request(found, facts())) == shape(pull_request(harmless, facts()))
    assert "::" not in title(found) and len(pull_request(found, facts())) < 5_000
