"""`vane schema`: JSON Schemas of the policy files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.policy import KINDS, LOCK_FILE
from compiler.policy.scenario import Scenario

FOLDER = "policies/.schemas"
BASE = "https://weathervane.dev/schemas"


def schemas() -> Mapping[str, str]:
    """Kind of policy → its JSON Schema (2020-12)."""
    kinds = {file.removesuffix(".yaml"): kind for file, kind in KINDS.items() if file != LOCK_FILE}
    return {name: _schema(name, kind) for name, kind in sorted((kinds | {"scenario": Scenario}).items())}


def _schema(name: str, kind: type) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}/{name}.schema.json",
        **kind.model_json_schema(),  # type: ignore[attr-defined]
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def run(asked: argparse.Namespace) -> int:
    """Write all schemas below policies/, or print one."""
    found = schemas()
    if asked.kind:
        if asked.kind not in found:
            print(f"vane: no policy kind {asked.kind!r}; there are {', '.join(found)}", file=sys.stderr)
            return 2
        print(found[asked.kind], end="")
        return 0
    folder: Path = asked.project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (folder / f"{name}.schema.json").write_text(text, "utf-8")
    print(f"wrote {len(found)} schemas to {FOLDER}")
    return 0
