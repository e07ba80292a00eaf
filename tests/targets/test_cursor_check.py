"""What is refused about Cursor's files, and that what we write is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from compiler.cursor_names import CURSOR_BUILTINS, alias_problem
from compiler.targets.cursor import TARGET
from tests.plans import ASSIST, REVIEW, SMALL_MLX, hop, laptop_plan
from tests.targets.test_cursor import CARD, GUARD, HOOKS, IGNORE, PERMISSIONS, RULES, SETTINGS, changed, files, problems


def test_what_is_emitted_is_sound() -> None:
    assert not [problem for path, content in files().items() for problem in TARGET.check(path, content)]


@pytest.mark.parametrize("alias", ["vane-ide-assist", "acme.flash_2", "x", "gptx", "my-gpt-4"])
def test_neutral_aliases_are_fine(alias: str) -> None:
    assert alias_problem(alias) is None


@pytest.mark.parametrize(
    "alias",
    [
        "claude-fast",
        "my-Claude-x",
        "gpt-4",
        "GPT-x",
        "auto",
        "composer-2.5",
        "Default",
        "",
        "a b",
        "@preset/x",
        "a/b",
        "Ä",
    ],
)
def test_names_that_cursor_would_send_elsewhere_are_refused(alias: str) -> None:
    problem = alias_problem(alias)
    assert problem is not None
    assert repr(alias) in problem
    routes = (replace(ASSIST, alias=alias),) if alias else (replace(ASSIST, scenario="auto", alias=None),)
    assert "alias" in problems(SETTINGS, files(replace(laptop_plan(), routes=routes))[SETTINGS])


def test_builtin_names_are_in_the_form_in_which_they_are_compared() -> None:
    assert all(name == name.casefold() for name in CURSOR_BUILTINS)


def test_rules_can_ask_about_aliases_without_the_heavy_parts() -> None:
    code = "import compiler.cursor_names, sys; print({'jinja2', 'jsonschema', 'simplejson'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda s: s.update(extra=1), "'extra' was unexpected"),
        (lambda s: s.update(openAIBaseUrl="https://example.com/v1"), "openAIBaseUrl"),
        (lambda s: s.update(useOpenAIKey=False), "useOpenAIKey"),
        (lambda s: s["userAddedModels"].pop(), "alias 'vane-ide-assist' is not in userAddedModels"),
        (lambda s: s["userAddedModels"].append("@preset/other"), "'@preset/other' in userAddedModels is no alias"),
        (lambda s: s["userAddedModels"].append("gpt-4"), "does not match"),
        (lambda s: s["modelConfig"].update({"tab": s["modelConfig"]["composer"]}), "'tab' is not one of"),
        (lambda s: s["modelConfig"].update({"spec": s["modelConfig"]["composer"]}), "no alias names the mode"),
        (lambda s: s["modelConfig"].pop("cmd-k"), "mode 'cmd-k' of alias 'vane-ide-assist' has no model"),
        (lambda s: s["modelConfig"]["composer"].update(modelName="@preset/x"), "not in userAddedModels"),
        (
            lambda s: s["modelConfig"]["composer"].update(modelName="@preset/vane-design-review"),
            "but alias 'vane-ide-assist' names the mode",
        ),
        (lambda s: s["modelConfig"]["composer"].update(maxMode=True), "False was expected"),
        (lambda s: s["aliases"].append(s["aliases"][0]), "alias 'vane-design-review' is there twice"),
        (lambda s: s["aliases"][0]["modes"].append("composer"), "mode 'composer' is seated twice"),
        (lambda s: s["aliases"][0]["models"].append("mlx/a/b"), "cannot hold 'mlx/a/b'"),
        (lambda s: s["aliases"][0]["models"].clear(), "should be non-empty"),
        (lambda s: s["aliases"][0]["provider"].update(zdrr=True), "'zdrr' was unexpected"),
        (lambda s: s["aliases"][0]["provider"]["max_price"].update(prompt=5), "is not of type 'string'"),
        (lambda s: s["aliases"][0].update(key="sk-or-v1-" + "0" * 32), "looks like a secret"),
    ],
)
def test_wrong_settings_are_refused(edit: Callable[[Any], object], problem: str) -> None:
    assert problem in problems(SETTINGS, changed(SETTINGS, edit))


def test_two_routes_on_one_seat_are_refused() -> None:
    routes = (ASSIST, replace(REVIEW, slots=("composer",)))
    assert "seated twice" in problems(SETTINGS, files(replace(laptop_plan(), routes=routes))[SETTINGS])


def test_a_route_on_the_mac_itself_is_refused() -> None:
    routes = (replace(ASSIST, hops=(hop(SMALL_MLX.slug, "local"),)),)
    assert "a preset of OpenRouter cannot hold" in problems(
        SETTINGS, files(replace(laptop_plan(), routes=routes))[SETTINGS]
    )


@pytest.mark.parametrize("path", [SETTINGS, HOOKS, PERMISSIONS, RULES])
@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xff", b"[]"])
def test_broken_json_is_refused(path: str, content: bytes) -> None:
    assert problems(path, content)


def test_a_repeated_key_is_named() -> None:
    assert "key 'a' is there twice" in problems(SETTINGS, b'{"a": {}, "a": {}}')


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (
            lambda h: h["hooks"].update(beforeSubmitPromt=h["hooks"]["beforeReadFile"]),
            "'beforeSubmitPromt' is not one of",
        ),
        (lambda h: h["hooks"].pop("beforeReadFile"), "no hook for 'beforeReadFile'"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(command="guard"), "one absolute executable"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(command="/a b"), "one absolute executable"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(command="/a||true"), "one absolute executable"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(command="/a\n"), "one absolute executable"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(command="/a/../b"), "one absolute executable"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(failClosed=False), "True was expected"),
        (lambda h: h["hooks"]["beforeReadFile"][0].pop("failClosed"), "'failClosed' is a required property"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(timeout=10_000), "maximum"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(timeout=0), "minimum"),
        (lambda h: h["hooks"]["beforeReadFile"][0].update(type="prompt"), "'command' was expected"),
        (lambda h: h.update(version=2), "1 was expected"),
    ],
)
def test_wrong_hooks_are_refused(edit: Callable[[Any], object], problem: str) -> None:
    assert problem in problems(HOOKS, changed(HOOKS, edit))


@pytest.mark.parametrize("prefix", ["/opt/with space", "relative", "/opt/x;rm", "/opt/é"])
def test_a_prefix_that_a_hook_cannot_carry_is_refused(prefix: str) -> None:
    found = files(replace(laptop_plan(), prefix=prefix))
    assert "one absolute executable" in problems(HOOKS, found[HOOKS])
    assert "its first line" in problems(GUARD, found[GUARD])


def test_wrong_permissions_are_refused() -> None:
    assert "does not match" in problems(PERMISSIONS, changed(PERMISSIONS, lambda p: p["mcpAllowlist"].append("tool")))
    assert "non-unique" in problems(
        PERMISSIONS, changed(PERMISSIONS, lambda p: p["terminalAllowlist"].append("git diff"))
    )
    assert "unexpected" in problems(PERMISSIONS, changed(PERMISSIONS, lambda p: p.update(allow=[])))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("#!/opt/weathervane/venv/bin/python3", "#!/usr/bin/env python3", "its first line"),
        ("def main()", "def main(", "not a program"),
        ("Cursor hook", "Schlüssel", "it must be ASCII"),
    ],
)
def test_a_wrong_guard_is_refused(old: str, new: str, problem: str) -> None:
    text = files()[GUARD].decode()
    assert old in text
    assert problem in problems(GUARD, text.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda r: r.update(format="weathervane/guard/2"), "'weathervane/guard/1' was expected"),
        (lambda r: r.update(extra=1), "'extra' was unexpected"),
        (lambda r: r["cursor"]["aliases"].pop("vane-ide-assist"), "lets through 'vane-ide-assist', which is no alias"),
        (
            lambda r: r["cursor"]["tickets"].update(other="X-[0-9]"),
            "a ticket is asked for by 'other', which is no alias",
        ),
        (lambda r: r["cursor"]["tickets"].update({"vane-design-review": "^(SEC|ARCH"}), "not a regular expression"),
        (lambda r: r["cursor"]["paused"].update({"vane-ide-assist": "x"}), "is paused, and an alias that may be used"),
        (lambda r: r["cursor"]["cleared"].pop("credentials"), "must name each label once"),
        (lambda r: r["labels"]["credentials"]["patterns"].append("(a+)+"), "a repeat around a repeat"),
        (lambda r: r["labels"]["credentials"]["detectors"].append("card-numbers"), "'card-numbers' has no pattern"),
        (lambda r: r["detectors"][0].update(pattern="("), "no regular expression"),
        (lambda r: r["detectors"][0].update(check="parity"), "is not one of"),
    ],
)
def test_wrong_data_of_the_guard_is_refused(edit: Callable[[Any], object], problem: str) -> None:
    assert problem in problems(RULES, changed(RULES, edit))


@pytest.mark.parametrize(
    ("line", "problem"),
    [("!**/.env\n", "gives a file back"), ("a \n", "ends in a space"), ("a\rb\n", "cannot express"), ("a", "no end")],
)
def test_wrong_ignore_lines_are_refused(line: str, problem: str) -> None:
    assert problem in problems(IGNORE, files()[IGNORE] + line.encode())


def test_live_markup_on_the_card_is_refused() -> None:
    card = files()[CARD]
    assert "HTML or a link" in problems(CARD, card + b"<script>\n")
    assert "HTML or a link" in problems(CARD, card + b"[a](http://b.example)\n")
    assert "no heading" in problems(CARD, b"x\n" + card)


@pytest.mark.parametrize("path", [SETTINGS, HOOKS, GUARD, RULES, IGNORE, PERMISSIONS, CARD])
@pytest.mark.parametrize("secret", ["sk-or-v1-" + "a" * 40, "ghp_" + "A" * 36, "AKIA" + "A" * 16])
def test_secrets_are_refused_everywhere(path: str, secret: str) -> None:
    assert "looks like a secret" in problems(path, files()[path] + f"# {secret}\n".encode())


def test_unknown_files_are_refused() -> None:
    assert problems("cursor/other.json", b"{}") == "cursor/other.json: no such file belongs below cursor/"
