"""Each way into the rules about sensitive data by itself, and what comes close to it (docs/mutants.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.diagnostics import Finding
from tests.samples import AGENTS, AUDIT, DRAFTS, IDE, MODELS, TRACKS, TRIALS, findings_in, lock, write_policies

AGENTS_FILE, SERVED = "scenarios/agents.yaml", "route: {primary: acme/served}\n"


def agents(provider: str, more: str = "") -> dict[str, str]:
    return {AGENTS_FILE: f"{AGENTS}provider: {{{provider}}}\n{more}"}


#: What is changed → code, file, and words of the finding.
FOUND: Mapping[str, tuple[Mapping[str, str], str, str, str]] = {
    "retention loosened": (
        {"scenarios/ide.yaml": f"{IDE}provider: {{zdr: false}}\n"},
        "VN304", "scenarios/ide.yaml", "'customer-data' requires zdr: true",
    ),
    "a gray model as a scenario's own primary": (
        {"scenarios/audit.yaml": f"{AUDIT}route: {{primary: openrouter/owl-alpha}}\n"},
        "VN305", "scenarios/audit.yaml", "in the gray pool, scenario 'audit' on the dollar track",
    ),
    "only and ignore are equal": (
        agents("only: [novita], ignore: [novita]"), "VN302", AGENTS_FILE, "in `only` is also in `ignore`",
    ),
    "order and ignore are equal": (
        agents("order: [novita], ignore: [novita], allow_fallbacks: false"),
        "VN302", AGENTS_FILE, "in `order` is also in `ignore`, and others are not allowed",
    ),
    "order within ignore": (
        agents("order: [novita], ignore: [novita, groq], allow_fallbacks: false"),
        "VN302", AGENTS_FILE, "in `order` is also in `ignore`, and others are not allowed",
    ),
    "order and only have nothing in common": (
        agents("order: [novita], only: [groq], allow_fallbacks: false"),
        "VN302", AGENTS_FILE, "`order` and `only` have no provider in common",
    ),
    "order serves nothing": (
        agents("order: [groq], allow_fallbacks: false", SERVED), "VN302", AGENTS_FILE, "no provider in `order` serves",
    ),
    "a track's preference": (
        {"tracks.yaml": TRACKS.replace("{sort: price,", "{only: [novita], ignore: [novita],")},
        "VN302", "tracks.yaml", "'deepseek/deepseek-v4-flash' in 'agents': every provider in `only`",
    ),
    "a block's preference, where neither scenario nor track has one": (
        {"scenarios/audit.yaml": f"{AUDIT}route: {{primary: 'acme/small:free'}}\n"},
        "VN302", "scenarios/audit.yaml", "data_collection is denied, and free variants are paid for with data",
    ),
    "a router has no price to hold against a limit": (
        agents("max_price: {prompt: 1}", "route: {primary: openrouter/auto}\n"),
        "VN208", AGENTS_FILE, "'openrouter/auto' picks any model by itself",
    ),
}  # fmt: skip
#: What comes close, and the code that must not be found.
FINE: Mapping[str, tuple[Mapping[str, str], str]] = {
    "retention is asked for once more": ({"scenarios/ide.yaml": f"{IDE}provider: {{zdr: true}}\n"}, "VN304"),
    "no block on these labels asks about collection": (
        {"scenarios/drafts.yaml": f"{DRAFTS}provider: {{data_collection: allow}}\n"}, "VN304",
    ),
    "no block on this label asks about retention": (agents("zdr: false"), "VN304"),
    "others than those in order may answer": (agents("order: [novita], ignore: [novita]"), "VN302"),
    "no order at all": (agents("ignore: [novita], allow_fallbacks: false"), "VN302"),
    "one of the order is left": (agents("order: [novita, groq], ignore: [novita], allow_fallbacks: false"), "VN302"),
    "order and only meet": (agents("order: [novita], only: [novita, groq], allow_fallbacks: false"), "VN302"),
    "order without only": (agents("order: [novita], allow_fallbacks: false"), "VN302"),
    "only without order": (agents("only: [novita], allow_fallbacks: false"), "VN302"),
    "order and only differ, and others may answer": (agents("order: [novita], only: [groq]"), "VN302"),
    "order serves it": (agents("order: [novita], allow_fallbacks: false", SERVED), "VN302"),
    "order serves it by its whole tag": (agents("order: [deepinfra/fp4], allow_fallbacks: false", SERVED), "VN302"),
    "nobody but those who serve it": (agents("allow_fallbacks: false", SERVED), "VN302"),
    "a free variant, and data may be kept": (
        {"scenarios/trials.yaml": f"{TRIALS}route: {{primary: 'acme/small:free'}}\n"}, "VN302",
    ),
}  # fmt: skip


def found_in(folder: Path, changes: Mapping[str, str]) -> tuple[Finding, ...]:
    return findings_in(write_policies(folder, changes))


@pytest.mark.parametrize("name", FOUND)
def test_each_way_is_found(name: str, tmp_path: Path) -> None:
    changes, code, file, words = FOUND[name]
    found = found_in(tmp_path, changes)
    said = [each.message for each in found if (each.code, each.place.file) == (code, f"policies/{file}")]
    assert len([each for each in said if words in each]) == 1, (said, [(f.code, f.message) for f in found])


@pytest.mark.parametrize("name", FINE)
def test_what_comes_close_is_not(name: str, tmp_path: Path) -> None:
    changes, code = FINE[name]
    found = {each.code for each in found_in(tmp_path, changes)}
    assert code not in found
    assert not [each for each in found if each.startswith("VN1")], "it was read"


def test_a_credential_is_marked_from_its_first_letter_to_its_last(tmp_path: Path) -> None:
    secret = "sk-or-v1-" + "0123456789abcdef" * 4
    found = found_in(tmp_path, {AGENTS_FILE: f"{AGENTS}# {secret}\n"})
    (place,) = [each.place for each in found if each.code == "VN306"]
    assert (place.column, place.width) == (3, len(secret))


def test_models_of_which_nothing_is_known_are_told_in_order(tmp_path: Path) -> None:
    names = ("tencent/hy3-preview", "deepseek/deepseek-v4-flash")
    unknown = {**MODELS, **{name: {**MODELS[name], "zdr": None} for name in names}}
    found = found_in(tmp_path, {"models.lock.json": lock(models=unknown)})
    (said,) = {each.message for each in found if each.code == "VN303"}
    assert said.endswith("known to be had: deepseek/deepseek-v4-flash, tencent/hy3-preview")
