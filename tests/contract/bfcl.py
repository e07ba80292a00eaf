"""BFCL's own checker, out of its wheel: only `ast_checker` is loaded, and what it imports of no use here is replaced.

The package requires 32 others (torch among them), so it is never installed; its wheel is unpacked and its one module
runs on the standard library.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

WHEEL = "bfcl-eval==2026.3.23"
CACHE = Path(__file__).parents[2] / ".cache" / "bfcl"
#: The categories whose answers are calls in Python's types.
CATEGORIES = (
    "simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance",
    "live_simple", "live_multiple", "live_parallel", "live_parallel_multiple", "live_irrelevance", "live_relevance",
)  # fmt: skip


def unpacked() -> Path | None:
    """Where the wheel is unpacked; None where it cannot be had."""
    folder = CACHE / WHEEL.replace("==", "-")
    if (folder / "bfcl_eval").is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", str(CACHE)]
    if subprocess.run([*command, WHEEL], capture_output=True, check=False).returncode:
        return None
    with zipfile.ZipFile(next(CACHE.glob("bfcl_eval-*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def checker(folder: Path) -> Callable[..., Mapping[str, Any]]:
    """`ast_checker(functions, calls, possible_answer, language, category, model)`."""

    class _Model:
        underscore_to_dot = True

    class _Models(dict[str, _Model]):
        def __missing__(self, name: str) -> _Model:
            return _Model()

    stubs: Mapping[str, Mapping[str, Any]] = {
        "bfcl_eval.constants.model_config": {"MODEL_CONFIG_MAPPING": _Models()},
        "bfcl_eval.eval_checker.ast_eval.type_convertor.java_type_converter": {"java_type_converter": None},
        "bfcl_eval.eval_checker.ast_eval.type_convertor.js_type_converter": {"js_type_converter": None},
    }
    for name, content in stubs.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        sys.modules[name] = module
    sys.path.insert(0, str(folder))
    try:
        python = importlib.import_module("bfcl_eval.constants.enums").Language.PYTHON
        ast_checker = importlib.import_module("bfcl_eval.eval_checker.ast_eval.ast_checker").ast_checker
    finally:
        sys.path.remove(str(folder))

    def check(functions: Any, calls: Any, answer: Any, category: str) -> Mapping[str, Any]:
        verdict: Mapping[str, Any] = ast_checker(functions, calls, answer, python, category, "any")
        return verdict

    return check


def lines(folder: Path, category: str, part: str = "") -> Iterator[str]:
    """The JSON lines of a category's questions, or of `possible_answer`."""
    file = folder / "bfcl_eval" / "data" / part / f"BFCL_v4_{category}.json"
    yield from (line for line in file.read_text("utf-8").splitlines() if line.strip()) if file.is_file() else ()


def by_id(entries: Iterator[str]) -> dict[str, Any]:
    """Entries by their id."""
    return {entry["id"]: entry for entry in map(json.loads, entries)}
