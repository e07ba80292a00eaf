"""Changes that keep most of a text in shape: bytes alone seldom get past a parser."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_WORD = re.compile(rb"[A-Za-z0-9_.+-]+|[^A-Za-z0-9_.+\s-]")
#: What has broken parsers before.
STRANGE = (
    b"", b"null", b"true", b"-1", b"0", b"1.5", b"1e999", b"1e999999999", b"-0.0", b"NaN", b"9" * 30, b"9" * 5000,
    b"18446744073709551616", b"0x10", b"1_000", b"0001-01-01", b"9999-12-31", b"2026-W53", b"0001-W01", b"{}", b"[]",
    b"[[]]", b'""', b"~", b"[" * 3000, b'{"a":' * 3000, b"\\ud800", b'"\\ud800"', b"\\u0000", b"\xff", b"\xef\xbb\xbf",
    b"\r", b"\t", b"\xe2\x80\xae", b"&a", b"*a", b"!!python/object", b"<<", b"../..", b"/etc/passwd", b"'", b"#", b": ",
    b"::", b"%s", b"{{ x }}", b"$(x)", b"`x`", b"-----BEGIN", b"sk-or-v1-0123456789abcdef", b"\xf0\x9f\x98\x80",
)  # fmt: skip


def changed(content: bytes, chance: random.Random) -> bytes:
    """The content with one to three such changes."""
    for _ in range(chance.randint(1, 3)):
        content = chance.choice(_WAYS)(content, chance)
    return content


def _strange_word(content: bytes, chance: random.Random) -> bytes:
    return _replaced(content, chance, chance.choice(STRANGE))


def _other_word(content: bytes, chance: random.Random) -> bytes:
    words = _WORD.findall(content)
    return _replaced(content, chance, chance.choice(words)) if words else content


def _replaced(content: bytes, chance: random.Random, word: bytes) -> bytes:
    places = [found.span() for found in _WORD.finditer(content)]
    start, end = chance.choice(places) if places else (0, 0)
    return content[:start] + word + content[end:]


def _without_line(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def _line_again(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return b"\n".join(lines)


def _cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randint(0, len(content))]


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _strange_word, _strange_word, _other_word, _other_word, _without_line, _line_again, _cut_off,
)  # fmt: skip
