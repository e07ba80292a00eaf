"""The guard as one program: the modules of `guard/`, joined, with the Mac's own interpreter in the first line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

#: Each part knows the ones before it.
PARTS = ("events", "rules", "places", "labels", "decisions", "judge")
HEAD = '''"""Cursor hook: labelled data goes only to models that the policies cleared for its label.

Compiled by Weathervane: edit the policies, not this file. Cursor starts it for the events in hooks.json, with the event
as JSON on standard input. What the policies say lies beside it, in guard.json. What it cannot judge, it blocks: exit
code 2. It repeats no prompt and no file content. Python 3.11 or later, standard library only.
"""

from __future__ import annotations

'''


def program(interpreter: str) -> bytes:
    """The whole program."""
    return f"#!{interpreter}\n{body()}".encode("ascii", "backslashreplace")


@cache
def body() -> str:
    """The program below its first line, the same on every Mac."""
    folder = files(f"{__package__}.guard")
    sources = {part: folder.joinpath(f"{part}.py").read_text("utf-8") for part in PARTS}
    imports = sorted({line for source in sources.values() for line in _imports(source)})
    parts = [f"# --- {ast.get_docstring(ast.parse(source))}\n\n{_code(source)}" for source in sources.values()]
    return HEAD + "\n".join(imports) + "\n\n" + "\n\n\n".join(parts) + "\n"


def _imports(source: str) -> Iterator[str]:
    """What a part takes from the standard library when it runs."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not _is_left_out(node)):
            yield ast.unparse(node)


def _is_left_out(node: ast.ImportFrom) -> bool:
    """Parts of the program itself, and names for annotations alone: those are never looked at, and cost a start."""
    return node.level > 0 or node.module in ("__future__", "typing", "collections.abc")


def _code(source: str) -> str:
    """A part without its docstring and its imports."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring:
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "\n".join(lines).strip()
