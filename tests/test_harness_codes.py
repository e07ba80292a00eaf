"""The harness's findings: each is listed and explained, and listing them opens no connection."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.codes import codes
from deploy.release.codes import CODES as AGENT_CODES

ROOT = Path(__file__).parents[1]
#: What takes long to load, and what `vane rules` has no use for.
HEAVY = {"httpx", "aiohttp", "rich", "scipy", "numpy", "duckdb", "altair", "ruamel", "jsonschema", "simplejson", "mlx"}


def made_in_the_harness() -> Iterator[tuple[str, str]]:
    """The code and the file of each `Code(...)`."""
    for file in sorted((ROOT / "harness").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Code":
                first = node.args[0]
                assert isinstance(first, ast.Constant), f"{file}:{node.lineno}: a code is a text"
                yield str(first.value), str(file.relative_to(ROOT))


MADE = tuple(made_in_the_harness())


def test_every_code_is_listed() -> None:
    assert len(MADE) > 30
    listed = {code.code for code in codes()}
    assert [(code, file) for code, file in MADE if code not in listed] == []


@pytest.mark.parametrize("code", sorted({code for code, _ in MADE}))
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", code]) == 0
    head, title, why, fix = capsys.readouterr().out.strip().split("\n\n")
    assert head.startswith(f"{code} ")
    assert title.endswith(".") and why.endswith(".") and fix.startswith("fix: ")


@pytest.mark.parametrize("code", sorted(AGENT_CODES))
def test_what_agents_say_is_explained_too(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", code]) == 0
    head, title, why, fix = capsys.readouterr().out.strip().split("\n\n")
    assert head.startswith(f"{code} ")
    assert AGENT_CODES[code][1:] in title
    assert why.endswith(".") and fix.startswith("fix: ")


def test_listing_them_loads_nothing_heavy() -> None:
    program = "import sys, compiler.diagnostics; before = set(sys.modules); import harness.codes; " \
              "print(*sorted(set(sys.modules) - before))"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "harness.bench.run_codes" in done.stdout.split()
    assert not HEAVY & {name.partition(".")[0] for name in done.stdout.split()}
