"""Code blocks of Markdown. Line by line and not by a pattern: a hostile answer must not cost more than its length."""

from __future__ import annotations


def code_blocks(text: str) -> tuple[str, ...]:
    """What stands between fences, each line with its end; a block that is never closed is none."""
    found: list[str] = []
    block: list[str] | None = None
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if not bare.startswith("```"):
            if block is not None:
                block.append(line)
        elif block is None:
            block = []
        elif bare.strip("`") == "":
            found.append("".join(block))
            block = None
    return tuple(found)
