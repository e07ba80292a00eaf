"""Names that an alias in Cursor must not bear, because Cursor would send the request somewhere else."""

from __future__ import annotations

import re

#: Models of Cursor's own picker, as its documentation and public clients list them (2025 to 2026). Names that hold
#: `claude-` or begin with `gpt-` are refused by rule, so only the others are listed.
CURSOR_BUILTINS = frozenset(
    {
        *("auto", "default", "inherit", "premium", "tab", "fusion"),
        *("cursor-small", "cursor-fast", "cursor-large", "cursor-tab", "cursor-grok-4.5"),
        *("cursor-grok-4.5-medium", "cursor-grok-4.5-high", "cursor-grok-4.5-high-fast"),
        *("composer", "composer-1", "composer-1.5", "composer-2", "composer-2-fast", "composer-2.5"),
        *("composer-2.5-fast",),
        *("o1", "o1-mini", "o1-preview", "o3", "o3-mini", "o3-pro", "o4-mini", "codex-mini"),
        *("sonnet-4", "sonnet-4-thinking", "sonnet-4.5", "sonnet-4.5-thinking", "sonnet-4.6", "sonnet-4.6-thinking"),
        *("opus-4", "opus-4.1", "opus-4.5", "opus-4.5-thinking", "opus-4.6", "opus-4.6-thinking", "opus-4.7"),
        *("haiku-4.5",),
        *("gemini-2.0-flash", "gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-pro-max", "gemini-3-flash"),
        *("gemini-3-pro", "gemini-3.1-pro"),
        *("grok", "grok-2", "grok-3", "grok-3-beta", "grok-3-mini", "grok-3-mini-beta", "grok-4", "grok-4-fast"),
        *("grok-4.5", "grok-code", "grok-code-fast-1"),
        *("deepseek-r1", "deepseek-v3", "deepseek-v3.1", "kimi-k2", "kimi-k2-instruct", "kimi-k2.5", "kimi-k2.7-code"),
    }
)

_SHAPE = re.compile(r"[a-z0-9][a-z0-9._-]*")


def alias_problem(alias: str) -> str | None:
    """Say why Cursor would misread `alias`, or None where it is fine."""
    folded = alias.casefold()
    if "claude-" in folded:
        return f"alias {alias!r} holds 'claude-': Cursor sends such names to Anthropic, past the base URL"
    if folded.startswith("gpt-"):
        return f"alias {alias!r} begins with 'gpt-': Cursor takes such names for its own OpenAI models"
    if folded in CURSOR_BUILTINS:
        return f"alias {alias!r} is the name of a model that Cursor brings along"
    if not _SHAPE.fullmatch(alias):
        return f"alias {alias!r} must be lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit"
    return None
