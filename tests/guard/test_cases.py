"""Cursor's guard on the table of cases that the guard of OpenClaw is held to as well."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from compiler.guard.detectors import DETECTORS
from compiler.patterns import fault_of
from compiler.targets.cursor.guard import judge, labels, places, rules

CASES: dict[str, Any] = json.loads(Path(__file__).with_name("cases.json").read_text("utf-8"))
#: How long one text may take; a pattern that runs away takes for ever.
MANY_SECONDS = 30


@pytest.fixture(autouse=True)
def the_table_s_own_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(labels, "rules", lambda: CASES)
    monkeypatch.setenv("HOME", str(tmp_path))  # whose ssh settings know no other names of hosts


def text_of(case: dict[str, Any]) -> str:
    return str(case["text"]) * int(case.get("times", 1)) + str(case.get("then", ""))


def names(case: dict[str, Any]) -> str:
    return "".join(
        each if each.isascii() and each.isprintable() else "?" for each in str(case.get("text") or case)[:40]
    )


def test_the_table_has_the_detectors_that_are_compiled() -> None:
    assert CASES["detectors"] == [asdict(detector) for detector in DETECTORS]
    for label in CASES["labels"].values():
        assert [fault_of(pattern, anchors=False) for pattern in label["patterns"]] == [None] * len(label["patterns"])
    assert {case["ticket"]: fault_of(case["ticket"], anchors=True) for case in CASES["tickets"]} == dict.fromkeys(
        case["ticket"] for case in CASES["tickets"]
    )


@pytest.mark.parametrize("case", CASES["texts"], ids=names)
def test_texts(case: dict[str, Any]) -> None:
    text = text_of(case)
    found = [name for name, label in CASES["labels"].items() if labels.of_text(label, [text])]
    assert sorted(found) == case["labels"]


@pytest.mark.parametrize("case", CASES["paths"], ids=lambda case: case["path"][-40:].encode("ascii", "replace"))
def test_paths(case: dict[str, Any]) -> None:
    found = set(labels.positions(case["path"], [case["root"]]))
    assert sorted(name for name, label in CASES["labels"].items() if labels.of_path(label, found)) == case["labels"]


@pytest.mark.parametrize("case", CASES["remotes"], ids=lambda case: case["url"])
def test_remotes(case: dict[str, Any]) -> None:
    found = places.repository_names(case["url"])
    assert sorted(n for n, label in CASES["labels"].items() if labels.of_repository(label, found)) == case["labels"]


@pytest.mark.parametrize("case", CASES["tickets"], ids=names)
def test_tickets(case: dict[str, Any]) -> None:
    assert judge.ticket_in(text_of(case), case["ticket"]) == case["found"]


def test_the_table_speaks_of_no_real_place() -> None:
    assert not any(os.path.exists(case["path"]) for case in CASES["paths"])  # noqa: PTH110  # pathlib raises where a name is too long
    assert rules.FORMAT == "weathervane/guard/1"
