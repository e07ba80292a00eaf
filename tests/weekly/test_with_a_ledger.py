"""The ledger's rules in the week: an overrun becomes a proposal whose effect is the bill, replayed."""

from __future__ import annotations

import datetime
import json

from compiler.cli import parser
from harness.clock import Clock
from harness.weekly.command import run
from tests.guard.logs import FLASH, OWL, Work, stopped, week, write
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


def test_what_the_guards_did_is_on_the_page_and_among_the_evidence(office: Office) -> None:
    """Two weeks of logs: the gray model's tool calls fail more often, and Monday proposes what follows."""
    monday = datetime.datetime(2026, 5, 11, tzinfo=datetime.UTC)
    before, now = (
        week(monday - datetime.timedelta(weeks=back), [Work("batch", OWL, 60, rate), Work("batch", FLASH, 30, 0.02)])
        for back, rate in ((1, 0.02), (0, 0.09))
    )
    blocked = stopped("x", monday, "label", labels=["customer-data"], wanted=OWL, scenario="batch")
    office.good("compile")
    office.good("spend", "import", "guard-log", str(write(office.project / "a.jsonl", [*before, *now, blocked])))
    steps = ("--only", "spend", "--only", "propose", "--only", "report")
    asked = parser().parse_args(["week", "-C", str(office.project), "--api", office.account.api, *steps])
    folder = office.project / "generated/weeks/2026-W20"
    folder.mkdir(parents=True)
    assert run(asked, Clock(now=lambda: office.account.now, pause=lambda _: None)) == 0
    data = json.loads((folder / "proposals.json").read_bytes())
    (rollback,) = (each for each in data["proposals"] if each["kind"] == "rollback")
    assert rollback["rule"] == "production"
    assert rollback["evidence"][0]["file"] == "decisions.json"
    assert not any("a guard's log" in each for each in data["missing"])
    text = (folder / "pull-request.md").read_text("utf-8")
    assert "| blocked | a label | customer-data | batch | 1 |" in text
    page = (folder / "index.html").read_text("utf-8")
    assert '<h2 id="guards">Guards</h2>' in page
    assert "customer-data" in page.partition('<h2 id="guards">')[2].partition("<section")[0]
