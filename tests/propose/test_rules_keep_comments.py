"""Every rule's edits on the shipped policies: each comment stays, and only lines that are meant change."""

from __future__ import annotations

from difflib import unified_diff
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.propose.edit import Edit, edited
from harness.propose.entrant import entrant
from harness.propose.gone import gone
from harness.propose.gray_rollback import gray_rollback
from harness.propose.signal import Signal
from harness.propose.verdict import verdict
from harness.propose.yaml_nodes import EditRefused
from tests.propose.known import FLASH, HY3, M27, OPUS, OWL, catalogue, evidence, leg, permaslugs, run_of
from tests.shipped import PROJECT

NAME = permaslugs()
MODELS = sorted(NAME)
TAIL = {f"acme/small-{n}": 10 - n for n in range(10)}
WORSE: Any = {"tool_error": (0.03, 0.01, 0.05, "worse")}


@st.composite
def proposals(draw: st.DrawFn) -> list[Signal]:
    """What the rules would propose in a week in which some models are gone, came, or got worse."""
    missing = draw(st.sets(st.sampled_from(MODELS), max_size=4))
    new = draw(st.sampled_from(MODELS))
    candidate = draw(st.sampled_from([FLASH, HY3, M27, OPUS, OWL]))
    outcome = draw(st.sampled_from(["rollback", "promote"]))
    known = evidence(
        {NAME[new]: 900, **TAIL}, TAIL, offered=catalogue(missing), run=run_of(leg(outcome, FLASH, candidate, **WORSE))
    )
    found = [said for rule in (gone, entrant, verdict, gray_rollback) for said in rule(known)]
    return [each for each in found if isinstance(each, Signal) and not each.is_ticket]


def made(edits: tuple[Edit, ...]) -> dict[str, tuple[str, str]]:
    """File → its text before and after."""
    texts: dict[str, tuple[str, str]] = {}
    for edit in edits:
        old = (PROJECT / "policies" / edit.file).read_text("utf-8")
        before, now = texts.get(edit.file, (old, old))
        texts[edit.file] = before, edited(now, edit)
    return texts


@settings(max_examples=60)
@given(proposals())
def test_comments_stay_and_no_other_line_changes(found: list[Signal]) -> None:
    for signal in found:
        try:
            texts = made(signal.proposal.edits)
        except EditRefused:
            continue  # left out, and said: a comment would have gone along
        for before, after in texts.values():
            lines = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
            # what stood behind an item on its line goes with the item; every other comment is there
            deleted = sum(edit.verb == "delete" for edit in signal.proposal.edits)
            gone_with = [each for each in comments(before) if each not in comments(after)]
            assert len(gone_with) <= deleted and comments(after) == [
                each for each in comments(before) if each not in gone_with
            ], signal.key
            changed = [line for line in lines if line[0] in "+-"]
            assert len(changed) <= 2 * len(signal.proposal.edits), signal.key


def comments(text: str) -> list[str]:
    """In order, wherever they stand."""
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]
