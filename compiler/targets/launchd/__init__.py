"""launchd: the jobs of a Mac. Gateway, MLX server, deploy agent and weekly harness, one property list each."""

from __future__ import annotations

from compiler.targets import Target
from compiler.targets.launchd.check import check
from compiler.targets.launchd.emit import emit
from compiler.targets.launchd.read import read

TARGET = Target("launchd", emit, check, read)
