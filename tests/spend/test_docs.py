"""The log that docs/spend.md shows is one that `vane spend import` takes."""

from __future__ import annotations

import json
import re

from tests.shipped import PROJECT
from tests.spend.desk import Desk

PAGE = (PROJECT / "docs/spend.md").read_text("utf-8")


def test_a_log_as_the_page_writes_it(desk: Desk) -> None:
    (line,) = re.findall(r"```json\n(.*)\n```", PAGE)
    assert json.loads(line)["ticket"] == "SEC-12"
    file = desk.project / "generations.jsonl"
    file.write_text(line, "utf-8")
    assert desk("import", file).out.endswith("1 new, 0 revised, 0 known\n")
    assert desk("tickets", "2026-05").out.startswith("Dollar track in 2026-05: 0 calls")
