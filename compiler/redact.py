"""Values that look like credentials: found, so that they can be refused, and masked wherever a line is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Shapes that the issuers document: OpenRouter, Anthropic, OpenAI, GitHub, AWS, Slack, Google, Hugging Face, PEM.
SECRET = re.compile(
    r"""sk-(?:or-v[0-9]|ant-api[0-9]|proj-)[A-Za-z0-9_-]{16,}
      | (?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}  # and not "risk-assessment-of-contracts"
      | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}
      | \bAKIA[0-9A-Z]{16}\b | xox[abprs]-[A-Za-z0-9-]{10,} | \bAIza[A-Za-z0-9_-]{30,} | \bhf_[A-Za-z0-9]{20,}
      | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
      | (?i:bearer)\s+[A-Za-z0-9._~+/-]{20,}=* | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*""",
    re.VERBOSE,
)
#: One of these, in lower case, is in whatever the pattern finds: plain search spares it most files, and their time.
_MARKS = ("sk-", "akia", "xox", "aiza", "hf_", "private key", "bearer", "eyj", "github_pat_",
          "ghp_", "gho_", "ghu_", "ghs_", "ghr_")  # fmt: skip


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of everything in `text` that looks like a credential."""
    lower = text.lower()
    if not any(mark in lower for mark in _MARKS):
        return iter(())
    return (match.span() for match in SECRET.finditer(text))


def redact(text: str) -> str:
    """`text` with credentials replaced by as many asterisks, so that columns stay right."""
    return SECRET.sub(lambda match: "*" * len(match.group()), text)
