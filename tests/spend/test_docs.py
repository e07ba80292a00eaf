"""What docs/spend.md shows is what the tool prints."""

from __future__ import annotations

import datetime
import json
import re

import pytest

from tests.shipped import PROJECT
from tests.spend.desk import Desk, spend_a_day

PAGE = (PROJECT / "docs/spend.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ vane spend ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def synced(desk: Desk) -> Desk:
    for number in range(1, 26):
        spend_a_day(desk, desk.account.now.date() - datetime.timedelta(days=number), 1 + number % 5)
    desk("sync")
    return desk


def test_examples(synced: Desk) -> None:
    assert [command.split()[0] for command, _ in SHOWN] == ["show", "tickets"]
    for command, shown in SHOWN:
        step, *arguments = command.split()
        assert synced(step, *arguments).out == shown


def test_a_log_as_the_page_writes_it(synced: Desk) -> None:
    (line,) = re.findall(r"```json\n(.*)\n```", PAGE)
    assert json.loads(line)["ticket"] == "SEC-12"
    file = synced.project / "generations.jsonl"
    file.write_text(line, "utf-8")
    assert synced("import", file).out.endswith("1 new, 0 revised, 0 known\n")
    assert synced("tickets").out.startswith("Dollar track in 2026-05: 0 calls")
