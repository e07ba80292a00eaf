"""Values that look like credentials. The compiler refuses them too; a bundle is looked through by its own eyes."""

from __future__ import annotations

import re

SECRET = re.compile(
    r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|\bAKIA[0-9A-Z]{16}\b|xox[abprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}|\bhf_[A-Za-z0-9]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|(?i:bearer)\s+[A-Za-z0-9._~+/-]{20,}"
    r"|(?<=://)[^\s/:@]*:[^\s/@]+(?=@)"  # who and password, in an address
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
)


def masked(text: str) -> str:
    """`text` with whatever looks like a credential replaced by asterisks."""
    return SECRET.sub(lambda match: "*" * len(match.group()), text)
