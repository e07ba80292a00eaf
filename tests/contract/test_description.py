"""Where OpenRouter's description is looked for, in which order, and what is said where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.contract import description
from tests.contract.description import Absent, find

GOOD = {"openapi": "3.1.0", "paths": {description.PRESET_CALL: {}}}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(description.VARIABLE, raising=False)
    monkeypatch.setattr(description, "BESIDE", tmp_path / "beside.json")
    monkeypatch.setattr(description, "KEPT", tmp_path / "kept.json")


def answering(monkeypatch: pytest.MonkeyPatch, status: int, content: bytes) -> list[str]:
    """The download, without a network: what was asked for."""
    asked: list[str] = []

    def get(url: str, **_: object) -> httpx.Response:
        asked.append(url)
        return httpx.Response(status, content=content, request=httpx.Request("GET", url))

    monkeypatch.setattr(httpx, "get", get)
    return asked


def test_the_file_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 200, b"")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(GOOD), "utf-8")
    description.BESIDE.write_text("{}", "utf-8")
    monkeypatch.setenv(description.VARIABLE, str(file))
    assert find() == (str(file), GOOD)
    assert asked == []


def test_a_named_file_that_is_not_there_is_an_error_and_no_reason_to_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(description.VARIABLE, "/no/such/file.json")
    with pytest.raises(FileNotFoundError):
        find()


def test_the_folder_beside_the_project_comes_next() -> None:
    description.BESIDE.write_text(json.dumps(GOOD), "utf-8")
    assert find() == (str(description.BESIDE), GOOD)


def test_else_the_official_one_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 200, json.dumps(GOOD).encode())
    assert find() == (description.OFFICIAL, GOOD)
    assert find() == (str(description.KEPT), GOOD)
    assert asked == [description.OFFICIAL]


@pytest.mark.parametrize(("status", "content"), [(503, b""), (200, b"<html>sign in</html>"), (200, b"{}")])
def test_what_cannot_be_had_is_said_and_not_kept(monkeypatch: pytest.MonkeyPatch, status: int, content: bytes) -> None:
    answering(monkeypatch, status, content)
    with pytest.raises(Absent, match=r"OPENROUTER_DESCRIPTION is not set.*beside\.json is not there.*cannot be had"):
        find()
    assert not description.KEPT.exists()
