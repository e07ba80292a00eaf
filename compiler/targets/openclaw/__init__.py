"""The `openclaw` target: one openclaw.json for each Mac that runs or uses the OpenClaw gateway."""

from __future__ import annotations

from compiler.targets import Target
from compiler.targets.openclaw.check import check
from compiler.targets.openclaw.emit import emit
from compiler.targets.openclaw.read import read

__all__ = ["TARGET"]

TARGET = Target(name="openclaw", emit=emit, check=check, read=read)
