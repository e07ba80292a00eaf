"""`vane-agent.pyz`: the agent as one file that a Mac's own Python runs. Same sources, same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

NAME = "vane-agent.pyz"
_ROOM = Path(__file__).parents[1]
#: What the agent is made of, below deploy/: itself, and what it shares with the desk.
_PARTS = ("__init__.py", "account/__init__.py", "account/refusal.py", "release/*.py", "agent/**/*.py")
_MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("vane-agent: it needs Python 3.11 or newer; this is " + sys.version.split()[0])
from deploy.agent.command import main

sys.exit(main())
"""


def agent_bytes() -> bytes:
    """The zipapp: sorted, stored, without times."""
    whole = io.BytesIO()
    whole.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "__main__.py", _MAIN.encode())
        for file in _sources():
            _add(archive, f"deploy/{file.relative_to(_ROOM).as_posix()}", file.read_bytes())
    return whole.getvalue()


def _sources() -> Iterator[Path]:
    yield from sorted({file for part in _PARTS for file in _ROOM.glob(part)})


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.create_system, member.external_attr = 3, 0o100644 << 16
    archive.writestr(member, content)
