"""The six real weeks, replayed: what a reviewer would have got, and the one that the docs show."""

from __future__ import annotations

import re
from pathlib import Path

from tests.replay import PROJECT, clone, git, replay

#: Two minutes of reading.
_MOST_WORDS = 900
#: To a file, without its line.
LINK = re.compile(r"(?:\]\(|src=\"|srcset=\")([^)\"#]+)")


def test_six_mondays_in_order(tmp_path: Path) -> None:
    project = clone(tmp_path)
    mondays = list(replay(project))
    assert [monday.code for monday in mondays] == [0] * 6
    texts = [monday.text or "" for monday in mondays]
    titles = [text.partition("\n")[0] for text in texts]
    assert titles == [
        "# 2026-W22: no route changes; 3 tickets",
        "# 2026-W23: Try xiaomi/mimo-v2.5 in the gray pool; 5 tickets",
        "# 2026-W24: no route changes; 4 tickets",
        "# 2026-W25: no route changes; 2 tickets",
        "# 2026-W26: no route changes; 2 tickets",
        "# 2026-W27: no route changes; 3 tickets",
    ]
    assert all(len(text.split()) < _MOST_WORDS for text in texts)
    assert all("Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-22" in text for text in texts)
    assert "was it withdrawn?" in texts[5], "Owl Alpha, listed on two of seven days"
    for text in texts:
        folder = project / "generated" / "weeks" / text[2:10]
        assert [link for link in LINK.findall(text) if not (folder / link).exists()] == [], "links lead somewhere"
    assert mondays[1].commits == ("Try xiaomi/mimo-v2.5 in the gray pool", "2026-W23: evidence and generated/")
    assert "xiaomi/mimo-v2.5" in (project / "policies/tracks.yaml").read_text("utf-8")
    assert git(project, "status", "--porcelain") == ""
    shown = (PROJECT / "docs/weekly-pull-request.md").read_text("utf-8")
    assert texts[1] in shown, "the docs show another text: make replay, and put 2026-W23.md there"
