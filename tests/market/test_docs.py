"""What docs/market.md shows is what the tool prints."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from compiler.cli import main
from tests.market.shipped import PROJECT, totals

PAGE = (PROJECT / "docs/market.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ vane ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_examples(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("policies", "generated/weeks", "docs/market"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 0
    assert capsys.readouterr().out == shown


def test_all_examples_were_found() -> None:
    assert [command.split()[1] for command, _ in SHOWN] == ["diff", "import"]


def test_what_the_page_says_of_the_official_week_after_the_article() -> None:
    week = totals("2026-W22")
    ranks = sorted(week, key=lambda slug: -week[slug])
    assert ranks.index("anthropic/claude-4.7-opus-20260416") == 2
    assert week["anthropic/claude-4.7-opus-20260416"] // 10**10 == 232
    assert ranks.index("xiaomi/mimo-v2.5-20260422") == 5
    assert week["stepfun/step-3.5-flash"] // 10**8 == 125
    assert not any("grok-4.1" in slug for slug in week)
