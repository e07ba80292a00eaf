"""Text from outside (names of models, providers, sources), made harmless for where it lands."""

from __future__ import annotations

import re

#: What Markdown takes for more than a letter. A list, a rule or a heading's underline only at the start of a line.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~&$]|#|:(?! |$)|^[-+=](?=[-+= ]|$)")
#: GitHub looks for people and issues in the finished page, where no backslash is left: a comment parts them.
_CALLS = re.compile(r"@|\\#(?=[0-9])")
_NOTHING = "<!-- -->"
#: What GitHub looks for in a commit's message and a title (people, issues), and its runner in every line of a log
#: (`::command::`, and `##[command]` anywhere).
_SIGNS = re.compile(r"@|#|::")


def plain(words: str) -> str:
    """One line of letters: what moves the cursor, turns the direction of text or hides is written as its code."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in words)


def markdown(words: str) -> str:
    """Text for a Markdown paragraph or table cell: it reads as it is written, and starts nothing. Addresses are text:
    a colon is escaped unless a space follows, and so is the point of `www.`."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", plain(words)).replace("www.", "www\\.")
    return _CALLS.sub(rf"\g<0>{_NOTHING}", escaped)


def inert(words: str) -> str:
    """Text for a commit's message, a title or a log: one line that calls nobody, closes and commands nothing."""
    return _SIGNS.sub(lambda sign: "".join(f"\\x{ord(c):02x}" for c in sign.group()), plain(words))
