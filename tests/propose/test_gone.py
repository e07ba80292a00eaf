"""Models that are gone: a replacement that needs, blocks, price and volume allow, or a ticket where there is none."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from harness.propose.effect import effects
from harness.propose.gone import gone
from harness.propose.replacement import choices, objections
from tests.propose.known import (
    FLASH,
    GEMINI,
    HY3,
    M27,
    MIMO,
    OPUS,
    OWL,
    catalogue,
    evidence,
    permaslugs,
    signals,
    tried,
)
from tests.shipped import shipped, targets

NAME = permaslugs()
LISTED = {NAME[FLASH]: 900, NAME[HY3]: 500, NAME[MIMO]: 400, NAME[M27]: 20}


def test_nothing_is_gone_where_nobody_looked() -> None:
    assert list(gone(evidence(LISTED, LISTED))) == []
    assert any("whether a model is gone" in each for each in evidence(LISTED, LISTED).missing)


def test_nothing_is_proposed_while_all_are_there() -> None:
    assert signals(gone, evidence(LISTED, LISTED, offered=catalogue())) == []


def test_a_fallback_that_is_gone_is_replaced_in_every_route(tmp_path: Path) -> None:
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=catalogue([M27])))
    assert (found.key, found.proposal.kind) == (f"gone {M27}", "gone")
    assert found.routes == ("token_track",)
    (trial,) = tried(tmp_path, found, lock_without=[M27])
    assert trial.holds, trial.findings
    (effect,) = effects(tmp_path / "policies", [trial], targets(), None, None)
    assert effect.usd_per_month is None and effect.words[0].startswith("Bill: not known. Without it the policies do")
    on_token = {name for name, of in shipped().policies.scenarios.items() if of.track == "token"}
    assert set(effect.scenarios) == on_token and effect.machines == len(shipped().plans[0].machines)
    assert effect.words[1].startswith("Reach: ") and f"success of {FLASH} on our prompts: not known" in effect.words[2]


def test_a_primary_that_is_gone_takes_its_test_along(tmp_path: Path) -> None:
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=catalogue([FLASH])))
    edits = [str(edit) for edit in found.proposal.edits]
    assert f"tracks.yaml: set token_track.primary {HY3}" in edits, "the largest that costs no more"
    assert "tracks.yaml: delete token_track.fallbacks[0]" in edits, "no route asks a model twice"
    assert f"tests.yaml: set tests[0].primary {HY3}" in edits
    (trial,) = tried(tmp_path, found, lock_without=[FLASH])
    assert trial.holds, trial.findings
    texts = dict(trial.files)
    assert "# the article writes minimax/m2.7" in texts["tracks.yaml"], "comments stay"


def test_two_that_are_gone_are_one_proposal(tmp_path: Path) -> None:
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=catalogue([FLASH, M27])))
    assert found.models == (FLASH, M27)
    (trial,) = tried(tmp_path, found, lock_without=[FLASH, M27])
    assert trial.holds, trial.findings


def test_what_is_only_watched_stops_being_watched(tmp_path: Path) -> None:
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=catalogue([MIMO])))
    assert [str(edit) for edit in found.proposal.edits] == ["market.yaml: delete watch[6]"]
    (trial,) = tried(tmp_path, found, lock_without=[MIMO])
    assert trial.holds, trial.findings


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ({"supported_parameters": ("max_tokens",)}, "batch needs tools"),
        ({"context_length": 127_999}, "agent-loops needs a context of 128000 tokens"),
        ({"expiration_date": datetime.date(2026, 7, 14)}, "until 2026-07-14"),
    ],
)
def test_what_lost_what_it_was_there_for_is_replaced(update: dict[str, object], said: str) -> None:
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=catalogue(changed={FLASH: update})))
    assert said in found.proposal.evidence[0].text


def test_an_expiry_that_leaves_time_is_none_yet() -> None:
    later = catalogue(changed={FLASH: {"expiration_date": datetime.date(2026, 7, 15)}})
    assert signals(gone, evidence(LISTED, LISTED, offered=later)) == []


def test_where_nothing_fits_somebody_is_asked() -> None:
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=catalogue(set(NAME) - {OWL})))
    assert found.is_ticket and "nothing that is pinned may stand in" in found.proposal.title


def test_a_successor_that_is_not_pinned_is_named() -> None:
    known = evidence(LISTED, LISTED, offered=catalogue([HY3], more=["tencent/hy3"]))
    (found,) = signals(gone, known)
    assert any(said.text.startswith("tencent/hy3 is of the same family") for said in found.proposal.evidence)


def test_choices_keep_needs_and_blocks() -> None:
    known = evidence(LISTED, LISTED, offered=catalogue())
    assert OWL not in [each.model for each in choices(known, FLASH, ["agent-loops"])], "gray, and the work is sensitive"
    assert next(each.model for each in choices(known, FLASH, ["batch"])) == HY3
    assert next(each.model for each in choices(known, OPUS, ["security-audit"])) == "anthropic/claude-sonnet-4.6"
    assert list(objections(FLASH, ["multimodal-docs"], known)) == [
        "multimodal-docs needs file",
        "multimodal-docs needs image",
    ]
    assert any("personnel is blocked" in why for why in objections(FLASH, ["private-desk"], known))
    assert any("it costs more than that" in why for why in objections(OPUS, ["batch"], known))
    assert list(objections(GEMINI, ["multimodal-docs"], known)) == []


def test_a_fallback_that_nothing_replaces_is_taken_out() -> None:
    dear = shipped().policies.lock.models[OPUS].pricing  # tests.yaml allows Cursor no such price
    others = set(NAME) - {FLASH, HY3, M27}
    offered = catalogue([M27], changed={slug: {"pricing": dear} for slug in others})
    (found,) = signals(gone, evidence(LISTED, LISTED, offered=offered))
    assert [str(edit) for edit in found.proposal.edits] == ["tracks.yaml: delete token_track.fallbacks[1]"]
