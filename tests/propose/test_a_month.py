"""A month of a team, told once from end to end: the money climbs and runs out, the week's run downgrades, incident work
goes on, and the next month gives the work back. All through the commands, in a time that the account turns.
"""

from __future__ import annotations

import datetime
import json
import urllib.error
import urllib.request
from decimal import Decimal
from typing import Any

from compiler.compile import compile_policies
from tests.propose.conftest import Office
from tests.shipped import targets

OPUS, FLASH, HY3, M27 = (
    "anthropic/claude-opus-4.7", "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "minimax/minimax-m2.7",
)  # fmt: skip
INCIDENT = """\
version: 1
scenario: incident-response
title: Somebody is in our systems
surface: openclaw
tier: api
track: dollar
incident: true
data: [source-code, credentials]
needs: {tools: true, context_tokens: 200000}
"""


def at(day: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{day}T06:17:00+00:00")


def asked(office: Office, track: str, model: str, answer_tokens: int = 1000) -> tuple[int, str]:
    """A real call with a track's key: status, and what is said."""
    body = {"model": model, "max_tokens": answer_tokens, "messages": [{"role": "user", "content": "SEC-1: look"}]}
    request = urllib.request.Request(
        f"{office.account.api}/chat/completions", json.dumps(body).encode(),
        {"Authorization": f"Bearer {office.key(track).secret}", "Content-Type": "application/json"},
    )  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def work(office: Office, first: str, last: str, opus_dollars: int) -> None:
    """Days of a team: flash all day, and Opus for so many dollars a day."""
    day, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    while day <= end:
        noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
        office.account.spend(office.key("token"), FLASH, 40_000_000, 4_000_000, at=noon)
        office.account.spend(office.key("dollar"), OPUS, opus_dollars * 200_000, 0, at=noon)
        day += datetime.timedelta(days=1)


def routes(office: Office) -> dict[str, list[tuple[str, str]]]:
    compiled = compile_policies(office.project / "policies", targets())
    return {route.scenario: [(hop.model, hop.key) for hop in route.hops] for route in compiled.plans[0].routes}


def weekly(office: Office) -> Any:
    """The week's run, and what a change of policies needs behind it."""
    office.good("spend", "sync")
    said = json.loads(office.good("propose", "--json"))
    for step in ("compile", "test", "verify") if said["proposals"] else ():
        office.good(step)
    return said


TOKEN = [(FLASH, "token"), (HY3, "token"), (M27, "token")]
USUAL = [(OPUS, "dollar"), *TOKEN]


def test_a_month(office: Office) -> None:
    (office.project / "policies/scenarios/incident-response.yaml").write_text(INCIDENT)
    office.good("compile")
    before = office.tracks.read_bytes()
    generated = (office.project / "generated/manifest.json").read_bytes()
    usual = routes(office)
    assert usual["security-audit"] == usual["incident-response"] == USUAL

    the_money_climbs(office)
    assert office.tracks.read_bytes() == before
    the_key_runs_dry(office)
    the_week_downgrades(office, usual)
    (line,) = [line for line in office.tracks.read_text().splitlines() if line not in before.decode().splitlines()]
    assert line.startswith("  downgraded: {until: 2026-W22, to: token, except: [incident], reason: ")
    the_next_look_changes_nothing(office)
    the_next_month_gives_it_back(office)
    assert office.tracks.read_bytes() == before
    assert (office.project / "generated/manifest.json").read_bytes() == generated
    assert routes(office) == usual
    assert weekly(office)["proposals"] == [], "May is over, and June has its own money"


def the_money_climbs(office: Office) -> None:
    """Monday 18 May: more than half of the cap, and nothing to do."""
    work(office, "2026-05-01", "2026-05-17", 25)
    office.account.now = at("2026-05-18")
    said = weekly(office)
    assert said["proposals"] == []
    assert said["not_proposed"][0]["why"] == "$425.00 in 2026-05, and a downgrade needs more than $920.00"


def the_key_runs_dry(office: Office) -> None:
    """It climbs faster: on Saturday the key is at its limit, and on Sunday OpenRouter says no."""
    work(office, "2026-05-18", "2026-05-22", 73)
    office.account.now = at("2026-05-23")
    assert asked(office, "dollar", OPUS)[0] == 200
    work(office, "2026-05-23", "2026-05-23", 10)
    office.account.pass_days(1)
    status, words = asked(office, "dollar", OPUS)
    assert (status, "Key limit exceeded (monthly limit)" in words) == (403, True)
    assert asked(office, "token", HY3)[0] == 200, "the key of the compiled fallback still pays"
    paid, office.account.credits = office.account.credits, Decimal(0)
    status, words = asked(office, "token", HY3)
    assert (status, "Insufficient credits" in words) == (402, True)
    office.account.credits = paid


def the_week_downgrades(office: Office, usual: dict[str, list[tuple[str, str]]]) -> None:
    """Monday 25 May: until the end of the week in which the month ends."""
    office.account.now = at("2026-05-25")
    said = weekly(office)
    (proposal,) = said["proposals"]
    assert (proposal["kind"], proposal["holds"], said["week"]) == ("downgrade", True, "2026-W22")
    assert "The dollar track spent $800.0" in proposal["evidence"][0]["text"]
    assert routes(office) == {**usual, "security-audit": TOKEN}, "incident work stays on the dollar track"
    assert "downgraded until 2026-W22: track token" in office.good("explain", "security-audit")
    agents = json.loads((office.project / "generated/machines/studio/openclaw.json").read_text())["agents"]["entries"]
    assert OPUS not in json.dumps(agents["security-audit"])
    assert OPUS in json.dumps(agents["incident-response"])


def the_next_look_changes_nothing(office: Office) -> None:
    """On Wednesday: never twice."""
    text = office.tracks.read_text()
    office.account.pass_days(2)
    assert weekly(office)["not_proposed"][0]["why"] == "it is downgraded until 2026-W22 already"
    assert office.tracks.read_text() == text


def the_next_month_gives_it_back(office: Office) -> None:
    """Monday 1 June: a new month, a new budget."""
    work(office, "2026-05-24", "2026-05-31", 0)
    office.account.now = at("2026-06-01")
    (proposal,) = weekly(office)["proposals"]
    assert (proposal["kind"], proposal["holds"]) == ("restore", True)
    assert asked(office, "dollar", OPUS)[0] == 200
