"""`vane bench` as a new user meets it: what its help and the pages show can be called."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from compiler import cli

PAGES = (Path(__file__).parents[2] / "docs", Path(__file__).parents[2] / "README.md")


def steps(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """A command's own parser."""
    (choices,) = (a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    found: argparse.ArgumentParser = choices[name]
    return found


BENCH = steps(cli.parser(), "bench")
STEPS = next(tuple(a.choices) for a in BENCH._actions if isinstance(a, argparse._SubParsersAction))


def parses(example: str) -> None:
    """A command without its comment."""
    words = re.split(r"\s{3,}|\s+#", example.strip())[0].replace("'", "").split()
    assert words[:2] == ["vane", "bench"], example
    assert cli.parser().parse_args(words[1:]).command == "bench"


@pytest.mark.parametrize("step", ["", *STEPS])
def test_help_has_examples_that_parse(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", *([step] if step else []), "--help"])
    examples = capsys.readouterr().out.partition("examples:\n")[2].splitlines()
    assert (ended.value.code, bool(examples)) == (0, True)
    for example in examples:
        parses(example)
        assert not step or example.split()[2] == step


def test_commands_of_the_pages_parse() -> None:
    pages = [file for place in PAGES for file in ([place] if place.is_file() else sorted(place.rglob("*.md")))]
    found = [line for file in pages for line in re.findall(r"^vane bench .*$", file.read_text("utf-8"), re.MULTILINE)]
    assert len(found) >= 9
    for line in found:
        parses(line)
