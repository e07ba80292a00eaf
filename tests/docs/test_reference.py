"""The pages that are made from rules and types say what those say now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compiler.codes import codes
from tests.docs import policy_page, rules_page
from tests.docs.fences import PROJECT

MADE = {rules_page.PAGE: rules_page.rules_page, policy_page.PAGE: policy_page.policy_page}


@pytest.mark.parametrize(("page", "make"), MADE.items(), ids=MADE)
def test_a_made_page_is_current(page: str, make: Callable[[], str], request: pytest.FixtureRequest) -> None:
    file, text = PROJECT / page, make()
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text, "run pytest tests/docs --update-golden, and read the diff"


def test_each_rule_has_its_place() -> None:
    text = rules_page.rules_page()
    assert all(f"\n### {code.code} {code.name}\n" in text for code in codes())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a `b_c` of *d*", r"a `b_c` of \*d\*"),
        ("<script> & [x](y) | z", r"&lt;script&gt; &amp; \[x\](y) \| z"),
    ],
)
def test_words_of_rules_are_no_markdown(text: str, shown: str) -> None:
    assert rules_page.escaped(text) == shown


@pytest.mark.parametrize(("text", "shown"), [("a.*b", "`a.*b`"), ("a|_b", "<code>a&#124;&#95;b</code>")])
def test_a_bar_does_not_end_a_cell(text: str, shown: str) -> None:
    assert policy_page.code(text) == shown
