"""The editor schemas are published from the types, complete, and true of the shipped policies."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from compiler.cli import main
from compiler.commands.schema import FOLDER, schemas

PROJECT = Path(__file__).parents[1]
POLICY_FILES = sorted((PROJECT / "policies").glob("**/*.yaml"))


def kind_of(file: Path) -> str:
    return "scenario" if file.parent.name == "scenarios" else file.stem


def test_published_schemas_are_those_of_the_types() -> None:
    published = {
        file.name.removesuffix(".schema.json"): file.read_text("utf-8") for file in (PROJECT / FOLDER).iterdir()
    }
    assert published == dict(schemas())


@pytest.mark.parametrize("name", schemas())
def test_schemas_are_valid_and_described(name: str) -> None:
    schema = json.loads(schemas()[name])
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert schema["description"]
    assert schema["$id"].endswith(f"/{name}.schema.json")


@pytest.mark.parametrize("file", POLICY_FILES, ids=lambda file: file.name)
def test_shipped_policies_pass_their_schema(file: Path) -> None:
    schema = Draft202012Validator(json.loads(schemas()[kind_of(file)]))
    data = yaml.safe_load(file.read_text("utf-8"))
    assert list(schema.iter_errors(data)) == []
    assert list(schema.iter_errors({**data, "surprise": 1})) != []


@pytest.mark.parametrize("file", POLICY_FILES, ids=lambda file: file.name)
def test_each_policy_names_its_schema(file: Path) -> None:
    first = file.read_text("utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    assert named
    assert (file.parent / named[1]).resolve() == PROJECT / FOLDER / f"{kind_of(file)}.schema.json"


def test_vscode_maps_each_policy_file_to_its_schema() -> None:
    mapping = json.loads((PROJECT / ".vscode/settings.json").read_text("utf-8"))["yaml.schemas"]
    for file in POLICY_FILES:
        inside = file.relative_to(PROJECT).as_posix()
        found = [schema for schema, pattern in mapping.items() if fnmatch(inside, pattern)]
        assert found == [f"./{FOLDER}/{kind_of(file)}.schema.json"]


def test_command_writes_all_and_prints_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "-C", str(tmp_path)]) == 0
    assert {file.name for file in (tmp_path / FOLDER).iterdir()} == {f"{name}.schema.json" for name in schemas()}
    capsys.readouterr()
    assert main(["schema", "tracks"]) == 0
    assert capsys.readouterr().out == schemas()["tracks"]
    assert main(["schema", "tracts"]) == 2
    assert "tracks" in capsys.readouterr().err
