"""What can be reached through Cursor, as read back from its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compiler.targets import Reach
from compiler.targets.cursor import TARGET
from tests.plans import FLASH, GEMINI, LABELS, OPUS
from tests.targets.test_cursor import GUARD, HOOKS, RULES, SETTINGS, changed, files


def reached(found: dict[str, bytes]) -> set[tuple[str, str]]:
    return {(reach.scenario, reach.model) for reach in TARGET.read(found)}


EXPECTED = {
    ("ide-assist", FLASH.slug),
    ("ide-assist", GEMINI.slug),
    ("design-review", OPUS.slug),
    ("label:customer-data", FLASH.slug),
    ("label:customer-data", GEMINI.slug),
    ("label:source-code", FLASH.slug),
    ("label:source-code", GEMINI.slug),
    ("label:source-code", OPUS.slug),
}


def test_reading_back_gives_the_plan() -> None:
    assert reached(files()) == EXPECTED
    assert not reached({})


def test_a_way_says_where_it_lies_and_what_goes_along() -> None:
    ways: dict[str, Reach] = {reach.path: reach for reach in TARGET.read(files()) if reach.scenario == "ide-assist"}
    way = ways["cursor/settings.json aliases[1].models[1]"]
    assert way.model == GEMINI.slug
    assert way.provider == {"data_collection": "deny", "require_parameters": True, "sort": "price", "zdr": True}
    assert "cursor/guard.json cursor.cleared.customer-data[0].models[0]" in ways


@pytest.mark.parametrize(
    ("edit", "new"),
    [
        (
            lambda s: s["modelConfig"]["composer"].update(modelName="gpt-5"),
            {("ide-assist", "gpt-5"), ("design-review", "gpt-5")},
        ),
        (lambda s: s["modelConfig"]["composer"].pop("modelName"), {("ide-assist", "*"), ("design-review", "*")}),
        (lambda s: s["userAddedModels"].append("x/y"), {("ide-assist", "x/y"), ("design-review", "x/y")}),
        (lambda s: s["aliases"][0]["models"].append("x/y"), {("design-review", "x/y"), ("label:source-code", "x/y")}),
    ],
)
def test_a_model_that_somebody_slips_in_is_found(edit: Callable[[Any], object], new: set[tuple[str, str]]) -> None:
    assert reached({**files(), SETTINGS: changed(SETTINGS, edit)}) - EXPECTED == new


def test_an_alias_without_models_is_open() -> None:
    found = {**files(), SETTINGS: changed(SETTINGS, lambda s: s["aliases"][0].pop("models"))}
    assert {("design-review", "*"), ("label:source-code", "*")} <= reached(found)


@pytest.mark.parametrize(
    "base",
    [
        "https://example.com/api/v1",
        "https://openrouter.ai.example.com/api/v1",
        "https://openrouter.ai@example.com/v1",
        "http://openrouter.ai/api/v1",
        "https://openrouter.ai:8443/api/v1",
        "https://[openrouter.ai",
        None,
    ],
)
def test_another_address_is_part_of_the_model(base: str | None) -> None:
    found = {**files(), SETTINGS: changed(SETTINGS, lambda s: s.update(openAIBaseUrl=base))}
    assert reached(found) == {(scenario, f"{base}!{model}") for scenario, model in EXPECTED}


def test_without_the_override_nothing_goes_to_openrouter() -> None:
    found = {**files(), SETTINGS: changed(SETTINGS, lambda s: s.update(useOpenAIKey=False))}
    assert not reached(found) & EXPECTED


def test_an_alias_that_the_guard_lets_through_is_found() -> None:
    more = changed(RULES, lambda r: r["cursor"]["cleared"]["credentials"].extend(["vane-design-review", "stranger"]))
    new = reached({**files(), RULES: more}) - EXPECTED
    assert new == {("label:credentials", OPUS.slug), ("label:credentials", "stranger")}


@pytest.mark.parametrize(
    "edit",
    [
        lambda h: h["hooks"].pop("beforeSubmitPrompt"),
        lambda h: h["hooks"]["beforeReadFile"][0].update(failClosed=False),
        lambda h: h["hooks"]["beforeTabFileRead"][0].update(command="/bin/true"),
        lambda h: h["hooks"]["beforeReadFile"][0].update(command="/bin/true; /x/cursor/vane-cursor-guard"),
        lambda h: h.pop("hooks"),
    ],
)
def test_a_guard_that_nobody_asks_protects_nothing(edit: Callable[[Any], object]) -> None:
    open_labels = {(f"label:{label.name}", "*") for label in LABELS}
    assert reached({**files(), HOOKS: changed(HOOKS, edit)}) - EXPECTED == open_labels
    without = {path: content for path, content in files().items() if path != HOOKS}
    assert reached(without) - EXPECTED == open_labels


def test_without_a_guard_every_label_is_open() -> None:
    without = {path: content for path, content in files().items() if path != RULES}
    assert ("label:*", "*") in reached(without)


def test_a_guard_that_is_another_program_protects_nothing() -> None:
    open_labels = {(f"label:{label.name}", "*") for label in LABELS}
    edited = files()[GUARD].replace(b"digit * 2", b"digit * 3")
    assert edited != files()[GUARD]
    assert reached({**files(), GUARD: edited}) - EXPECTED == open_labels
    without = {path: content for path, content in files().items() if path != GUARD}
    assert reached(without) - EXPECTED == open_labels
    elsewhere = b"#!/usr/local/bin/python3\n" + files()[GUARD].partition(b"\n")[2]
    assert reached({**files(), GUARD: elsewhere}) == EXPECTED
