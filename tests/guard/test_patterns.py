"""Which regular expressions policies may hold: those that Python and JavaScript mean alike, and that end soon."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import time

import pytest

from compiler.patterns import fault_of
from compiler.targets.cursor.guard.labels import holds

FINE = (
    "ACME", r"\bACME-[0-9]{4,8}\b", "[Kk]ey:[ \\t]{0,3}[0-9a-f]{32}", "(?:foo|bar|baz)-[a-z]{1,20}", "a{1000}", "x+",
    "x[0-9]*", "x{3,}", r"\d{4}-\d{2}", r"\w{1,30}@acme[.]example", r"[^\n]{1,40}secret", r"\$[0-9]", r"a\/b", "ü{2}",
    "🦉{1,3}", r"\u00fcber", r"\x41", "[🦉🐧]", "[a-z-]x", r"[\]\[]x", "(a|b){5}", "((a)(b))", "a??b", "(?:ab?){1,5}c",
)  # fmt: skip
FINE_TICKETS = (
    r"^(SEC|ARCH)-\d+$", "^SEC-[0-9]+$", r"^#\d{1,9}$", "SEC-[0-9]{1,6}", "^(?:A|B)-x?[0-9]*$",
    r"^[A-Z]+-\d+$", "^[a-z]+[.][a-z]+:[0-9]{1,5}$",
    "^é+-[0-9]+$",
)  # fmt: skip
REFUSED = (
    "", "x*", "a|", "(a+)+b", "(a|b)*c", "(?:a*)*b", "a+b", "[a-z]*@", r"\d+-\d+x", "a{1001}", "(a{1,50}){1,50}",
    "[a-z]{1,50}[a-z]{1,50}", "(a|a){1,12}", ".", r"\s", r"\S", "^a", "a$", "(?i)a", "(?i:a)", "(?P<n>a)", "(?<n>a)",
    "(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", r"(a)\1", "a++", "(?>a)", "a{,3}b", "a{", "}", "]", "[]a]", "[^]a]",
    "[[a]", "[a", "(", ")", "\\", r"\-", r"\_", r"\z", r"\Z", r"\A", r"\p{L}", r"\U0001F600", r"\N{DASH}", r"\0",
    r"\8",    r"\ud83d", r"\ud83d\ude00", "[a&&b]", "[a--b]", r"[\b]", r"\b+a", "(?#x)a", "a{2}{3}", "*a",
    "(" * 30 + "a" + ")" * 30,
)  # fmt: skip
REFUSED_TICKETS = (
    "^$", r"^\d*$", r"\d+$", "^(a+)+$", r"(\d+)$", r"^\w+\d+$", "^.*$", r"^\S+$", r"[A-Z]+-\d+",
    "^[A-Z]+-?[0-9]+$", "^[^-]+[^0-9]x$", "^(?:[A-Z]+)-[0-9]+$", "^[A-Z]+(-[0-9]+)$", "^é+è$", "^a+[^b]c$",
)  # fmt: skip


@pytest.mark.parametrize("pattern", FINE)
def test_what_policies_may_say(pattern: str) -> None:
    assert fault_of(pattern, anchors=False) is None


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_is_refused(pattern: str) -> None:
    for anchors in (False, True) if "^" not in pattern and "$" not in pattern else (False,):
        fault = fault_of(pattern, anchors=anchors)
        assert fault is not None
        assert fault.why


@pytest.mark.parametrize("pattern", FINE_TICKETS)
def test_what_a_ticket_may_be(pattern: str) -> None:
    assert fault_of(pattern, anchors=True) is None


@pytest.mark.parametrize("pattern", REFUSED_TICKETS)
def test_what_a_ticket_may_not_be(pattern: str) -> None:
    assert fault_of(pattern, anchors=True) is not None


PIECES = (
    "a", "b", "A", "0", "7", "-", "_", " ", "é", "ſ", "K", "🦉", "\u0301", "\n", "\u2028", "\u00a0", r"\d", r"\D",
    r"\w", r"\W", r"\b", r"\B", r"\n", r"\t", r"\.", r"\u212a", r"\x0b", "[ab]", "[^a]", "[a-z]", r"[\d_]",
    "[^\\w]", "[🦉é]", "(", ")", "(?:", "|", "+", "*", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "+?", "^", "$",
)  # fmt: skip
TEXT_PIECES = (
    "a", "b", "ab", "A", "0", "77", "-", "_", " ", "é", "ſ", "K", "🦉", "🐧", "\u0301", "\r", "\u2028", "\u00a0", "٣",
    "İ", "",
)  # fmt: skip
COMPARE = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([p, texts]) => texts.map((text) => new RegExp(p, "u").test(text)))));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="compares with JavaScript where there is a node")
def test_javascript_means_the_same() -> None:
    chance = random.Random(20260522)
    made = {"".join(chance.choices(PIECES, k=chance.randint(1, 7))) for _ in range(8_000)}
    patterns = [each for each in sorted(made) if fault_of(each, anchors=True) is None]
    assert len(patterns) > 800
    texts = ["".join(chance.choices(TEXT_PIECES, k=chance.randint(0, 8))) for _ in range(40)]
    asked = [(pattern, chance.sample(texts, 12)) for pattern in patterns]
    done = subprocess.run(
        ["node", "-e", COMPARE], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=120
    )
    ours = [[bool(re.search(pattern, text, re.ASCII)) for text in own] for pattern, own in asked]
    theirs = json.loads(done.stdout)
    assert [(a, o, t) for a, o, t in zip(asked, ours, theirs, strict=True) if o != t] == []


def test_what_is_allowed_ends_soon_on_the_worst_text() -> None:
    started = time.process_time()
    for pattern in ("(?:a|aa|ab){5}b?c", "[ab]{1,31}[ab]{1,31}c", "a[ab]{3,900}c", "c+"):
        assert fault_of(pattern, anchors=False) is None, pattern
        assert not holds({"pattern": pattern, "check": None}, "ab" * 20_000)
    for ticket in (r"^[A-Z]+-\d+$", "^[a-z]+[.][a-z]+:[0-9]{1,5}$"):
        assert fault_of(ticket, anchors=True) is None
        assert not re.search(ticket, "A" * 300_000 + "a" * 300_000 + "-", re.ASCII)
    assert time.process_time() - started < 60
