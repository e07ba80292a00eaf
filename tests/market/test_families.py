"""Families and successions: what is one model, and what only looks like one."""

from __future__ import annotations

import pytest

from harness.market.families import Group, groups, parse

T = 10**12


@pytest.mark.parametrize(
    ("permaslug", "family", "date", "variant"),
    [
        ("anthropic/claude-4.7-opus-20260416", "anthropic/claude-4.7-opus", "20260416", ""),
        ("moonshotai/kimi-k2.5-0127", "moonshotai/kimi-k2.5", "", ""),
        ("qwen/qwen3-235b-a22b-07-25", "qwen/qwen3-235b-a22b", "", ""),
        ("openai/gpt-5-2025-08-07", "openai/gpt-5", "20250807", ""),
        ("google/gemini-2.0-flash-001", "google/gemini-2.0-flash-001", "", ""),
        ("tencent/hy3-preview-20260421:free", "tencent/hy3", "20260421", "free"),
        ("qwen/qwen3-next-80b-a3b-instruct-2509", "qwen/qwen3-next-80b-a3b-instruct", "20250900", ""),
        ("example/model-9999", "example/model-9999", "", ""),
        ("example/model-20261340", "example/model-20261340", "", ""),
    ],
)
def test_names_are_taken_apart(permaslug: str, family: str, date: str, variant: str) -> None:
    name = parse(permaslug)
    assert (name.family, name.date, name.variant) == (family, date, variant)


def test_a_new_permaslug_of_the_same_family_takes_over() -> None:
    old, new = "deepseek/deepseek-v4-flash-20260423", "deepseek/deepseek-v4-flash-20260731"
    assert groups({old: 5 * T}, {old: T, new: 7 * T}) == (Group((old, new), (old,), (new,)),)
    assert groups({old: 5 * T}, {new: 7 * T}) == (Group((old, new), (old,), (new,)),)


def test_preview_then_free_then_paid() -> None:
    preview, free, paid = "tencent/hy3-preview-20260421", "tencent/hy3:free", "tencent/hy3"
    first, *rest = groups({preview: 3 * T}, {preview: T, free: 9 * T})
    assert (first.predecessors, first.successors, rest) == ((preview,), (free,), [])
    (second,) = groups({free: 11 * T}, {free: T, paid: 4 * T})
    assert (second.predecessors, second.successors) == ((free,), (paid,))


def test_free_and_paid_side_by_side_count_together_without_a_succession() -> None:
    free, paid = "openai/gpt-oss-120b:free", "openai/gpt-oss-120b"
    assert groups({free: 5, paid: 7}, {free: 4, paid: 9}) == (Group((paid, free)),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("anthropic/claude-4.6-opus-20260205", "anthropic/claude-4.7-opus-20260416"),
        ("deepseek/deepseek-v4-flash-20260423", "deepseek/deepseek-v4-pro-20260731"),
        ("qwen/qwen3-30b-a3b-04-28", "qwen/qwen3-235b-a22b-07-25"),
        ("xiaomi/mimo-v2.5-20260422", "xiaomi/mimo-v2.5-pro-20260501"),
        ("openai/gpt-5-2025-08-07", "openai/gpt-5-mini-2025-08-07"),
        ("tencent/hy3-preview-20260421", "other/hy3"),
        # an older date does not take over, and a release does not turn into its preview
        ("deepseek/deepseek-v4-flash-20260731", "deepseek/deepseek-v4-flash-20260423"),
        ("tencent/hy3", "tencent/hy3-preview-20260901"),
    ],
)
def test_what_is_no_succession(old: str, new: str) -> None:
    assert {group.members for group in groups({old: 5 * T}, {new: 7 * T})} == {(old,), (new,)}


def test_two_versions_that_both_grow_stay_two() -> None:
    old, new = "deepseek/deepseek-chat-v3-0324", "deepseek/deepseek-chat-v3-0528"
    assert {group.members for group in groups({old: 5}, {old: 6, new: 3})} == {(old,), (new,)}
