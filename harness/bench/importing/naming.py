"""Names from anywhere as ids of cases and names of tools."""

from __future__ import annotations

import re

_RESERVED = re.compile("(con|prn|aux|nul|(com|lpt)[0-9])")


class Ids:
    """Gives each case an id of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, words: str) -> str:
        """A safe id close to these words."""
        safe = re.sub("[^a-z0-9]+", "-", words.lower()).strip("-")[:52].strip("-")
        if not safe[:1].isalpha() or _RESERVED.fullmatch(safe):
            safe = f"case-{safe}".strip("-")
        found, number = safe, 2
        while found in self._taken:
            found, number = f"{safe}-{number}", number + 1
        self._taken.add(found)
        return found


def tool_name(name: str) -> str:
    """A name that providers accept: letters, digits, '_' and '-', 64 at most."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]
