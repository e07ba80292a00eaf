"""docs/reference/rules.md: what each rule means, from the rules themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from compiler.codes import codes
from compiler.diagnostics import Code
from deploy.release.codes import CODES as DEPLOY

PAGE = "docs/reference/rules.md"
#: How codes begin → what they are about. A family that is not here fails the page.
FAMILIES: Mapping[str, str] = {
    "VN1": "Files and types", "VN2": "References, models and surfaces", "VN3": "Privacy", "VN4": "Money",
    "VN5": "The fleet", "VN6": "Artifacts", "VN7": "Lock and import", "VN8": "Assertions of tests.yaml",
    "VN9": "Verification and generated/", "VM1": "The market", "VM2": "Spend", "VM3": "Simulation", "VB1": "The suite",
    "VB2": "Comparisons", "VB3": "Runs", "VP1": "Proposals", "VW1": "The week", "VD1": "Making a bundle",
    "VD2": "Taking a release in", "VD3": "Applying a release", "VD4": "The agent's own setup", "VD5": "Pushing",
}  # fmt: skip
_HEAD = """\
# What each rule means

<!-- made from the rules by `pytest tests/docs --update-golden` -->

Everything that `vane` can find in policies, evidence and files. `vane rule VN203` says the same in a terminal. Errors
stop a compile, warnings and notes do not. What `vane account` refuses (VA…) is in [its own table](../account.md#codes).
"""


def rules_page() -> str:
    """The whole page."""
    order = list(FAMILIES)
    listed = sorted(codes(), key=lambda code: (order.index(code.code[:3]), code.code))
    parts = [_HEAD, *_families(listed), "## Bundles and the agent\n", *_deploy()]
    return "\n".join(parts)


def _families(listed: Iterable[Code]) -> Iterator[str]:
    for family, members in groupby(listed, key=lambda code: code.code[:3]):
        yield f"## {FAMILIES[family]}\n"
        for code in members:
            yield f"### {code.code} {code.name}\n"
            yield f"**{escaped(code.title)}** ({code.severity.value}).\n{escaped(' '.join(code.why.split()))}\n"
            yield f"*Fix:* {escaped(code.fix)}\n"


def _deploy() -> Iterator[str]:
    yield "A message of these names its own way out.\n"
    yield "| code | means |\n|---|---|"
    for code, means in sorted(DEPLOY.items()):
        assert code[:3] in FAMILIES
        yield f"| {code} | {escaped(means)} |"
    yield ""


def escaped(text: str) -> str:
    """Text in which only `code` is Markdown."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if part[:1] == "`" else _plain(part) for part in parts)


def _plain(text: str) -> str:
    return re.sub(r"([\\*_\[\]|#])", r"\\\1", html.escape(text, quote=False))
