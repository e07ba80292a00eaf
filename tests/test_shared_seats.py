"""A seat that all agents of a Mac share sees the data of all of them: its labels are theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compiler.load import load
from compiler.plan import Route
from compiler.policy import FILES, parse
from compiler.resolve import resolve
from compiler.situation import served_labels
from tests.samples import write_policies

SEAT = ("compaction",)


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Route]:
    """The sample's routes, each with a label that no other has."""
    policies, findings = parse(load(write_policies(tmp_path_factory.mktemp("project")), FILES))
    assert policies is not None, findings
    return {r.scenario: replace(r, labels=(f"of-{r.scenario}",), slots=()) for r in resolve(policies)[0].routes}


def seen_by(routes: dict[str, Route], holder: str, *slots: str) -> set[str]:
    held = {**routes, holder: replace(routes[holder], slots=slots)}
    seen = served_labels(held[holder], tuple(held.values()))
    assert seen[0] == f"of-{holder}", "its own come first"
    return {label.removeprefix("of-") for label in seen}


def test_who_holds_no_shared_seat_sees_its_own(routes: dict[str, Route]) -> None:
    assert seen_by(routes, "agents") == {"agents"}
    assert seen_by(routes, "agents", "system") == {"agents"}


def test_a_gateways_seat_sees_all_its_agents_and_neither_cursor_nor_laptops(routes: dict[str, Route]) -> None:
    assert seen_by(routes, "agents", *SEAT) == {"agents", "audit", "trials", "desk"}


def test_a_laptops_seat_sees_its_own_agents_alone(routes: dict[str, Route]) -> None:
    assert seen_by(routes, "drafts", *SEAT) == {"drafts"}
    another = {**routes, "trials": replace(routes["trials"], tier="local")}
    assert seen_by(another, "drafts", *SEAT) == {"drafts", "trials"}
