"""What a Mac with Cursor gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from compiler.plan import Label, MachinePlan, Permissions, Preferences
from compiler.targets import Artifact
from compiler.targets.cursor import TARGET
from tests.plans import (
    ASSIST,
    FLASH,
    GEMINI,
    HOSTILE,
    LABELS,
    REVIEW,
    gateway_plan,
    hop,
    laptop_plan,
    place,
)

SETTINGS = "cursor/settings.json"
HOOKS = "cursor/hooks.json"
GUARD = "cursor/vane-cursor-guard"
RULES = "cursor/guard.json"
IGNORE = "cursor/cursorignore"
PERMISSIONS = "cursor/permissions.json"
CARD = "cursor/card.md"


def files(plan: MachinePlan | None = None) -> dict[str, bytes]:
    return {artifact.path: artifact.content for artifact in TARGET.emit(plan or laptop_plan())}


def problems(path: str, content: bytes) -> str:
    return "\n".join(TARGET.check(path, content))


def changed(path: str, edit: Callable[[Any], object]) -> bytes:
    value = json.loads(files()[path])
    edit(value)
    return json.dumps(value).encode()


def settings_of(plan: MachinePlan) -> dict[str, Any]:
    return dict(json.loads(files(plan)[SETTINGS]))


def test_golden(golden: Callable[[str, bytes], None]) -> None:
    for path, content in files().items():
        golden(f"targets/{path}", content)


def test_only_a_mac_with_cursor_gets_anything() -> None:
    assert not files(gateway_plan())
    assert not files(replace(laptop_plan(), roles=("mlx", "openclaw")))


def test_the_order_of_routes_and_labels_changes_nothing() -> None:
    plan = laptop_plan()
    turned = replace(plan, routes=plan.routes[::-1], labels=plan.labels[::-1])
    assert files(turned) == files(plan)


def test_only_the_guard_is_executable_and_every_file_names_its_policy_lines() -> None:
    artifacts: list[Artifact] = list(TARGET.emit(laptop_plan()))
    assert [artifact.path for artifact in artifacts if artifact.executable] == [GUARD]
    sources = {artifact.path: {str(source) for source in artifact.sources} for artifact in artifacts}
    assert all("policies/fleet.yaml:3:3" in found for found in sources.values())
    assert {"policies/scenarios/ide-assist.yaml:7:3", "policies/tracks.yaml:4:3"} <= sources[SETTINGS]
    assert "policies/sensitive-data.yaml:12:3" in sources[RULES] & sources[IGNORE] & sources[CARD]


def test_prices_keep_every_digit_and_data_rules_are_the_strictest_of_the_route() -> None:
    cheap = Preferences(data_collection="allow", max_prompt_price=Decimal("1E+1"), max_completion_price=Decimal("0.10"))
    strict = Preferences(data_collection="deny", zdr=True, sort="latency")
    route = replace(ASSIST, hops=(hop(FLASH.slug, "token", cheap), hop(GEMINI.slug, "token", strict)))
    (entry,) = settings_of(replace(laptop_plan(), routes=(route,)))["aliases"]
    prices = {"prompt": "10", "completion": "0.10"}
    assert entry["provider"] == {"data_collection": "deny", "zdr": True, "max_price": prices}


def test_a_mac_without_cursor_routes_still_guards_its_labels() -> None:
    found = files(replace(laptop_plan(), routes=()))
    assert not [problem for path, content in found.items() for problem in TARGET.check(path, content)]
    assert list(json.loads(found[RULES])["cursor"]["cleared"].values()) == [[], [], []]
    assert b"**/customers/**\n**/fixtures/prod/**\n" in found[IGNORE]


def test_allowlists_are_joined_and_sorted() -> None:
    other = replace(REVIEW, permissions=Permissions(("git log", "git diff"), ("a:b",)))
    found = json.loads(files(replace(laptop_plan(), routes=(ASSIST, other)))[PERMISSIONS])
    assert found == {"terminalAllowlist": ["git diff", "git log", "git status"], "mcpAllowlist": ["a:b", "docs:search"]}


def test_globs_are_escaped_for_cursorignore() -> None:
    globs = ("#x", "!y", "back\\slash", "tail  ", "new\nline", "plain/**")
    label = Label("odd\n!all", HOSTILE, (), globs, place("s.yaml", 1))
    content = files(replace(laptop_plan(), labels=(label,)))[IGNORE]
    assert not problems(IGNORE, content)
    assert content.decode().splitlines()[-6:] == [
        "\\#x", "\\!y", "back\\\\slash", "tail\\ \\ ", "new?line", "plain/**",
    ]  # fmt: skip
    assert all(line.startswith("#") or not line for line in content.decode().splitlines()[:-6])


def test_hostile_text_stays_data() -> None:
    label = replace(LABELS[0], title=HOSTILE, reasons=(HOSTILE,), repos=(HOSTILE,))
    plan = replace(laptop_plan(), labels=(label, *LABELS[1:]))
    found = files(plan)
    assert not [problem for path, content in found.items() for problem in TARGET.check(path, content)]
    known = json.loads(found[RULES])["labels"][label.name]
    assert (known["title"], known["reasons"], known["repos"]) == (HOSTILE, [HOSTILE], [HOSTILE])
    assert f"``{' '.join(HOSTILE.split())}``" in found[CARD].decode()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("`", "`` ` ``"),
        ("``a`", "``` ``a` ```"),
        ("a`b", "``a`b``"),
        ("a<img src=x>", "`a<img src=x>`"),
        ("[x](http://y.example)", "`[x](http://y.example)`"),
        ("&lt; *b*\n_c_ ", "`&lt; *b* _c_`"),
        (" \n ", "`(empty)`"),
    ],
)
def test_titles_on_the_card_are_shown_and_never_run(title: str, shown: str) -> None:
    card = files(replace(laptop_plan(), routes=(replace(ASSIST, title=title),)))[CARD]
    assert not problems(CARD, card)
    assert f"   - `@preset/vane-ide-assist`: {shown}\n" in card.decode()


def test_the_card_explains_one_key_or_several() -> None:
    assert b"Cursor holds one key at a time" in files()[CARD]
    one = files(replace(laptop_plan(), routes=(ASSIST,)))[CARD]
    assert b"3. Paste the `token` key of OpenRouter." in one
    assert b"ask for a ticket" not in one
