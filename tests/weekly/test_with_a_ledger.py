"""The ledger's rules in the week: an overrun becomes a proposal whose effect is the bill, replayed."""

from __future__ import annotations

import json

from compiler.cli import parser
from harness.clock import Clock
from harness.weekly.command import run
from tests.propose.conftest import Office, office
from tests.propose.test_command import overspent

__all__ = ["office"]


def test_an_overrun_is_proposed_with_its_replayed_bill(office: Office) -> None:
    with office.tracks.open("a", encoding="utf-8") as file:
        file.write("auto_merge: [downgrade]\n")
    overspent(office)
    asked = parser().parse_args(["week", "-C", str(office.project), "--from", "propose", "--skip", "report"])
    (office.project / "generated/weeks/2026-W20").mkdir(parents=True)
    assert run(asked, Clock(now=lambda: office.account.now)) == 0
    folder = office.project / "generated/weeks/2026-W20"
    data = json.loads((folder / "proposals.json").read_bytes())
    (proposal,) = data["proposals"]
    assert (proposal["kind"], proposal["routes"]) == ("downgrade", ["dollar_track"])
    assert "Replayed over the ledger's 2026-04-20 to 2026-05-17: -$" in proposal["effect"].replace("−", "-")
    assert data["labels"] == ["auto-merge"]
    text = (folder / "pull-request.md").read_text("utf-8")
    assert (
        "Downgrade the dollar track" in text and "the ledger" not in text.partition("## Missing")[2].partition("##")[0]
    )
