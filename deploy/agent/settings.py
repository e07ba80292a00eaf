"""agent.json: what a Mac's owner decided for its agent. The agent reads it and never writes it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.release.manifest import is_machine

FILE = ".config/weathervane/agent.json"
_REMOTES = (("folder",), ("https",), ("git", "branch"))
_REPORTS = (("folder",), ("git",))


@dataclass(frozen=True, slots=True)
class Settings:
    """`remote` is one of {"folder": …}, {"https": …}, {"git": …, "branch": …}."""

    machine: str
    remote: Mapping[str, str]
    allowed_signers: Path
    prefix: Path = Path("/opt/weathervane")
    #: where reports go and the rings before this Mac's are read: {"folder": …} or {"git": …}; none: nobody hears of it
    reports: Mapping[str, str] | None = None
    #: releases that are kept to go back to
    keep: int = 5
    health_seconds: int = 300
    #: longest sleep before a pass that launchd begins, so that a fleet does not ask at one moment
    jitter_seconds: int = 60
    #: scenario that is asked for one token after a release; none: /healthz alone
    probe: str | None = None
    #: checkouts with labelled data that get a .cursorignore
    checkouts: tuple[Path, ...] = ()
    #: whether the agent may write Cursor's own settings database
    cursor_settings: bool = False


def read_settings(file: Path) -> Settings:
    """Raises Refusal."""
    refuse_unless_private(file)
    try:
        return _settings(json.loads(file.read_bytes()))
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _refusal(file, str(error)) from error


def refuse_unless_private(file: Path) -> None:
    """What decides whom the agent trusts may be written by its account and root alone. Raises Refusal."""
    try:
        found = file.stat()
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror}") from error
    if found.st_uid not in (0, os.geteuid()) or stat.S_IMODE(found.st_mode) & 0o022:
        raise _refusal(file, "others may write it")


def _refusal(file: Path, why: str) -> Refusal:
    return Refusal("VD401", str(file), why, "write it as docs/set-up-a-mac.md shows, and `chmod go-w` it")


def _settings(data: Any) -> Settings:
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")
    known = set(Settings.__slots__)
    for name in data.keys() - known:
        raise ValueError(f"it has an unknown key {name!r:.60}; known are {', '.join(sorted(known))}")
    for name in ("machine", "remote", "allowed_signers"):
        if name not in data:
            raise ValueError(f"it lacks {name!r}")
    given = {**data, "remote": _one_of(_REMOTES, data, "remote"), "allowed_signers": _path(data, "allowed_signers")}
    if "reports" in data:
        given["reports"] = _one_of(_REPORTS, data, "reports")
    if "prefix" in data:
        given["prefix"] = _path(data, "prefix")
    if "checkouts" in data:
        given["checkouts"] = tuple(_absolute(path) for path in _a(list, data, "checkouts"))
    for name in ("keep", "health_seconds", "jitter_seconds"):
        if name in data and not 0 <= _a(int, data, name) <= 86_400:
            raise ValueError(f"{name!r} is out of range")
    if "cursor_settings" in data:
        _a(bool, data, "cursor_settings")
    if data.get("probe") is not None:
        _a(str, data, "probe")
    if not is_machine(_a(str, data, "machine")):
        raise ValueError("'machine' is no name of a Mac")
    return Settings(**given)


def _one_of(forms: Collection[tuple[str, ...]], data: Mapping[str, Any], name: str) -> Mapping[str, str]:
    """A place in one of its forms, told by their keys."""
    value = data[name]
    if not isinstance(value, dict) or {*value} not in map(set, forms):
        known = ("{" + ", ".join(f'"{key}": …' for key in form) + "}" for form in forms)
        raise ValueError(f"{name!r} is one of {', '.join(known)}")
    for text in value.values():
        if not isinstance(text, str) or not text or text.startswith("-"):
            raise ValueError(f"{name!r} holds {text!r:.60}")
    return value


def _a(kind: type[Any], data: Mapping[str, Any], name: str) -> Any:
    if type(data[name]) is not kind:
        raise ValueError(f"{name!r} is not {'a list' if kind is list else f'of type {kind.__name__}'}")
    return data[name]


def _path(data: Mapping[str, Any], name: str) -> Path:
    return _absolute(data[name])


def _absolute(value: Any) -> Path:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError(f"{value!r:.60} is no absolute path")
    return Path(value)
