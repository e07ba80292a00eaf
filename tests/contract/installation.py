"""OpenClaw and the node that it asks for, from npm: installed once, some minutes."""

from __future__ import annotations

import platform

from tests.contract.npm import installed, installed_node

OPENCLAW = "2026.9.6"
NODE = "24.21.0"


def node_package() -> str | None:
    """The npm package that holds node itself; on a Mac the installed node serves."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
    return f"node-linux-{machine}" if platform.system() == "Linux" and machine else None


def command() -> tuple[str, ...]:
    """How to start OpenClaw; installs it where it is missing."""
    package = node_package()
    modules = installed(".", {"openclaw": OPENCLAW, **({package: NODE} if package else {})})
    node = str(modules / package / "bin" / "node") if package else installed_node()
    return node, str(modules / "openclaw" / "openclaw.mjs")
