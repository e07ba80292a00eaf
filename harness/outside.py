"""Text from outside (names of models, providers, sources), made harmless for where it lands."""

from __future__ import annotations

#: What Markdown, or GitHub on top of it, would take for more than a letter: @ and # call people and issues.
_MARKDOWN = frozenset("\\`*_{}[]()<>#|~!@&$^:")


def plain(words: str) -> str:
    """One line of letters: what moves the cursor, turns the direction of text or hides is written as its code."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in words)


def markdown(words: str) -> str:
    """Text for a Markdown paragraph or table cell: it reads as it is written, and starts nothing."""
    # A line that starts with a number or a dash becomes a list; `www.` and `https:` become links: the colon is escaped.
    return "".join(f"\\{c}" if c in _MARKDOWN else c for c in plain(words)).replace("www.", "www\\.")
