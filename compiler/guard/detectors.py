"""Built-in patterns for labels: what keys and card numbers look like. Both guards get them from here, as data.

A detector may have several patterns; any one of them is enough. They are written in what Python (with ASCII) and
JavaScript (flag `u`) mean alike, and none can run away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Detector:
    """One pattern. With the check `luhn` a match counts only if its digits pass the check of card numbers."""

    name: str
    pattern: str
    check: Literal["luhn"] | None = None


#: What people and programs put between the digits of a card: space, hyphen, dot, no-break spaces, dashes.
_GAP = r"[ .\u00a0\u2007\u2009\u202f\u2010-\u2013-]"
_ALONE = "(?<![0-9])"
_END = "(?![0-9])"
#: The first digits of the big card systems; the years of dates begin otherwise.
_ISSUER = "(?:3[0-9]|4[0-9]|5[0-9]|6[0-9]|2[2-7])"
_MAKERS = "(?:or-v[0-9]|ant-[a-z0-9]{1,8}|proj|svcacct|admin)"
_WORD = "(?<![A-Za-z0-9])"

DETECTORS: tuple[Detector, ...] = (
    Detector("private-keys", "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"),
    # OpenAI, Anthropic, OpenRouter and others · GitHub · GitLab · AWS · Slack · Google · Hugging Face · Stripe · npm
    Detector("api-keys", f"{_WORD}sk-(?:{_MAKERS}-[A-Za-z0-9_-]{{20}}|[A-Za-z0-9_]{{20}})"),
    Detector(
        "api-keys", f"{_WORD}(?:gh[pousr]_[A-Za-z0-9]{{30}}|github_pat_[A-Za-z0-9_]{{30}}|glpat-[A-Za-z0-9_-]{{20}})"
    ),
    Detector("api-keys", f"{_WORD}(?:AKIA|ASIA)[0-9A-Z]{{16}}(?![A-Za-z0-9])"),
    Detector("api-keys", f"{_WORD}xox[abeprs]-[A-Za-z0-9-]{{10}}"),
    Detector("api-keys", f"{_WORD}(?:AIza[A-Za-z0-9_-]{{35}}|hf_[A-Za-z0-9]{{30}}|npm_[A-Za-z0-9]{{36}})"),
    Detector("api-keys", f"{_WORD}[rs]k_(?:live|test)_[A-Za-z0-9]{{16}}"),
    # a signed token (JWT): header and payload are JSON objects in base64
    Detector("api-keys", f"{_WORD}eyJ[A-Za-z0-9_-]{{10,200}}[.]eyJ[A-Za-z0-9_-]{{10,1000}}[.][A-Za-z0-9_-]{{10}}"),
    Detector("card-numbers", f"{_ALONE}{_ISSUER}[0-9]{{11,17}}{_END}", "luhn"),
    Detector("card-numbers", f"{_ALONE}{_ISSUER}[0-9]{{2}}(?:{_GAP}[0-9]{{4}}){{3}}{_END}", "luhn"),
    Detector("card-numbers", f"{_ALONE}{_ISSUER}[0-9]{{2}}(?:{_GAP}[0-9]{{4}}){{3}}{_GAP}[0-9]{{3}}{_END}", "luhn"),
    Detector("card-numbers", f"{_ALONE}3[0-9]{{3}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}}{_END}", "luhn"),
)


def used(names: Iterable[str]) -> tuple[Detector, ...]:
    """The patterns of these detectors."""
    wanted = set(names)
    return tuple(detector for detector in DETECTORS if detector.name in wanted)
