"""Why `vane account` stops: a code, where, what, and the way out. And text of others, made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Every code and what it means; docs/account.md tells more.
CODES: Mapping[str, str] = {
    "VA101": "no management key in the environment",
    "VA102": "an address that must not be given the key",
    "VA103": "generated/openrouter is not what a compile writes",
    "VA201": "the key is refused",
    "VA202": "a call failed",
    "VA203": "an answer is not what the API promises",
    "VA204": "nobody answers",
    "VA205": "a change was sent and no answer came",
    "VA206": "the account took a change and holds something else",
    "VA301": "two things of one name",
    "VA302": "the plan file cannot be used",
    "VA303": "generated/openrouter changed since the plan",
    "VA304": "the account changed since the plan",
    "VA305": "the plan deletes",
    "VA306": "nowhere to put a new key's secret",
    "VA307": "nobody is there to say yes",
    "VA308": "a new key's secret could not be handed over",
}
#: Codes that say that the command was called wrongly.
_USAGE = frozenset({"VA101", "VA102", "VA307"})
_SECRET = re.compile(r"sk-(?:or-)?[A-Za-z0-9_-]{16,}|(?i:bearer)\s+\S{12,}")


class Refusal(Exception):
    """The command stops here; `exit_code` is 2 where it was called wrongly, else 1."""

    def __init__(self, code: str, place: str, message: str, fix: str) -> None:
        self.code, self.place, self.message, self.fix = code, place, message, fix
        super().__init__(f"{place} {code} {message}")

    @property
    def exit_code(self) -> int:
        return 2 if self.code in _USAGE else 1

    @property
    def text(self) -> str:
        """Two lines, as the compiler prints findings."""
        return f"{one_line(self.place)} {self.code} {one_line(self.message)}\n  fix: {one_line(self.fix)}\n"


def one_line(words: str) -> str:
    """Names and errors of an account may hold anything; shown, they are one line and control no terminal."""
    masked = _SECRET.sub(lambda match: "*" * len(match.group()), words)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in masked)
