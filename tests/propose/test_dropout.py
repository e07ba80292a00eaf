"""Models that fell out of the market's first: a replacement in the second week that people may say no to, or none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from harness.propose.decide import decide
from harness.propose.dropout import dropout
from harness.propose.gone import gone
from harness.propose.replacement import choices
from harness.propose.week_evidence import WeekEvidence
from tests.propose.known import (
    FLASH,
    HY3,
    MIMO,
    OPUS,
    OWL,
    WEEK,
    catalogue,
    evidence,
    looked,
    permaslugs,
    remembered,
    signals,
    tried,
)
from tests.shipped import PROJECT, shipped, targets

NAME = permaslugs()
TAIL = {f"acme/model-{n}": 300 - n for n in range(9)}
THEN = {NAME[FLASH]: 900, NAME[HY3]: 500, **TAIL}
#: FLASH is at rank 11, HY3 at rank 1.
NOW = {**THEN, NAME[FLASH]: 7, NAME[MIMO]: 100}
KEY = f"fell-out {FLASH}"
SEEN = {WEEK.before(): remembered(WEEK.before(), KEY)}


def test_it_takes_two_weeks_a_low_confidence_and_a_person(tmp_path: Path) -> None:
    (first,) = signals(dropout, evidence(NOW, THEN, offered=catalogue()))
    assert (first.key, first.wait) == (KEY, 2)
    waiting = decide(evidence(NOW, THEN, offered=catalogue()), PROJECT / "policies", targets())
    assert not [made for made in waiting.made if made.proposal.rule == "dropout"]
    assert any("seen in 1 of the 2 weeks" in each.why for each in waiting.not_proposed)
    assert KEY in waiting.seen, "the next week remembers"

    (second,) = signals(dropout, evidence(NOW, NOW, offered=catalogue(), past=SEEN))
    proposal = second.proposal
    assert proposal.title == f"{FLASH} fell out of the Top 10: {HY3} instead"
    assert (proposal.kind, proposal.confidence) == ("dropout", "low")
    assert [str(edit) for edit in proposal.edits[:2]] == [
        f"tracks.yaml: set token_track.primary {HY3}",
        "tracks.yaml: delete token_track.fallbacks[0]",
    ]
    assert f"tests.yaml: set tests[0].primary {HY3}" in map(str, proposal.edits)
    said = [each.text for each in proposal.evidence]
    assert said[:2] == ["it is no longer in the Top 10: now rank 12 with 49 tokens", "2 weeks in a row outside"]
    assert "3.50 K tokens this week; it meets all needs and blocks" in said[2]
    (trial,) = tried(tmp_path, second)
    assert trial.holds, trial.findings
    decided = decide(evidence(NOW, NOW, offered=catalogue(), past=SEEN), PROJECT / "policies", targets())
    assert [made.proposal.rule for made in decided.made] == ["dropout"] and decided.labels == ()


def test_one_that_is_back_or_unlisted_is_counted_right() -> None:
    assert list(dropout(evidence(THEN, NOW, past=SEEN))) == [], "it is back"
    nowhere = {name: count for name, count in NOW.items() if name != NAME[FLASH]}
    (found,) = signals(dropout, evidence(nowhere, nowhere, past=SEEN))
    assert found.proposal.evidence[0].text.endswith("not listed now")


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (evidence(NOW, THEN, offered=catalogue(), days=2), "not like for like"),
        (evidence({**NOW, NAME[HY3]: 5}, THEN, offered=catalogue([MIMO])), "is fit is used more"),
    ],
    ids=["some days", "nobody uses another one more"],
)
def test_what_is_doubtful_or_no_better_is_only_looked_at(known: WeekEvidence, why: str) -> None:
    assert signals(dropout, known) == []
    assert why in looked(dropout, known)[FLASH]


def test_a_rank_is_no_reason_to_pay_more() -> None:
    dear = shipped().policies.lock.models[FLASH].pricing.model_copy(update={"prompt": Decimal(1)})
    others = {slug: {"pricing": dear} for slug in NAME if slug != FLASH}
    known = evidence(NOW, THEN, offered=catalogue(changed=others))
    assert signals(dropout, known) == []
    assert "is fit is used more" in looked(dropout, known)[FLASH]


def test_a_rank_is_no_reason_to_take_much_less() -> None:
    """Opus falls behind: what more people use costs a hundredth of it, and is of another class."""
    known = evidence({**THEN, NAME[OPUS]: 7}, {**THEN, NAME[OPUS]: 950}, offered=catalogue())
    assert choices(known, OPUS, ["security-audit"]) and signals(dropout, known) == []
    assert "is fit is used more" in looked(dropout, known)[OPUS]


def test_what_is_gone_or_on_trial_is_not_this_rules() -> None:
    known = evidence(NOW, THEN, offered=catalogue([FLASH]))
    assert FLASH not in {*looked(dropout, known)} | {model for each in signals(dropout, known) for model in each.models}
    assert len(signals(gone, known)) == 1
    known = evidence({**THEN, OWL: 1}, {**THEN, OWL: 950}, offered=catalogue())
    assert signals(dropout, known) == []
