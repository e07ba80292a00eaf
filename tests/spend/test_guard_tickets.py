"""`vane spend tickets` with a guard's log: it knows tickets, and the account's export does not."""

from __future__ import annotations

import datetime

from harness.market.spend.ledger import FILE, writing
from tests.guard.decisions import turn
from tests.simulate.ledgers import OPUS, call
from tests.spend.desk import Desk


def test_tickets_are_known_from_the_guards_log(desk: Desk) -> None:
    """The export knows none. Where the guard saw all of a model's tokens of a day, its word counts."""
    day = desk.account.now.date() - datetime.timedelta(days=1)
    with writing(desk.project / FILE) as ledger:
        ledger.add([
            call("gen-1", OPUS, 100, 10, "1", key="name:vane-dollar", day=day),
            call("gen-2", OPUS, 50, 5, "0.5", key="name:vane-dollar", day=day),
            turn("a", OPUS, 100, 10, "1", scenario="security-audit", key="name:vane-dollar", day=day, ticket="SEC-1"),
        ])  # fmt: skip
    said = desk("tickets", f"{day:%Y-%m}", "--json").json
    assert [each["id"] for each in said["without_ticket"]] == ["gen-1", "gen-2"], "the guard did not see one of them"
    with writing(desk.project / FILE) as ledger:
        ledger.add([turn("b", OPUS, 50, 5, "0.5", scenario="security-audit", key="name:vane-dollar", day=day)])
    said = desk("tickets", f"{day:%Y-%m}", "--json").json
    assert [each["scenario"] for each in said["without_ticket"]] == ["security-audit"]
    assert said["not_in_logs_usd"] == "0"
