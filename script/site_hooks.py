"""What mkdocs does not do by itself: list the decisions, and lead links out of docs/ to the repository."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

DECISIONS = "decisions"
_FENCED = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?P<target>\.\./[^)#\s]+)")


def on_config(config: Any) -> Any:
    """A decision is in the navigation because it lies in its folder."""
    files = sorted(Path(config.docs_dir, DECISIONS).glob("*.md"))
    pages = [f"{DECISIONS}/{file.name}" for file in files]
    config.nav = [{"Decisions": pages} if entry == {"Decisions": DECISIONS} else entry for entry in config.nav]
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links to what is not in docs/ lead to the repository, if it is there; what is not, mkdocs reports."""
    project, folder = Path(config.docs_dir).parent, posixpath.dirname(page.file.src_uri)

    def outside(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", folder, found["target"]))
        is_ours = path.split("/")[0] not in ("docs", "..") and os.path.lexists(project / path)
        return f"{config.extra['repository']}/{path}" if is_ours else found["target"]

    shown = [*_FENCED.finditer(markdown)]
    ends = [0, *(block.end() for block in shown)]
    begins = [*(block.start() for block in shown), len(markdown)]
    prose = [_LINK.sub(outside, markdown[start:end]) for start, end in zip(ends, begins, strict=True)]
    blocks = [*(block[0] for block in shown), ""]
    return "".join(text + block for text, block in zip(prose, blocks, strict=True))
