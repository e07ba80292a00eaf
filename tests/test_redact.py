"""Credentials: the quick look at a file before the search must miss none that the search would find."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.redact import SECRET, redact, secrets


@settings(deadline=None)
@given(found=st.from_regex(SECRET), before=st.text(max_size=5))
def test_whatever_the_pattern_finds_is_found(found: str, before: str) -> None:
    text = before + found
    spans = [match.span() for match in SECRET.finditer(text)]
    assert list(secrets(text)) == spans
    assert list(secrets(found)) != []
    assert redact(text) == "".join(
        "*" if any(start <= at < end for start, end in spans) else letter for at, letter in enumerate(text)
    )


def test_words_that_only_resemble_a_mark_are_no_credential() -> None:
    assert list(secrets("risk-assessment, ghp_ alone, the bearer of news, hf_ and AKIA")) == []
