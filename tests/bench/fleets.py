"""Fleets of any size for the benchmarks: the shipped policies with another fleet.yaml.

Every laptop is written out in full, without YAML aliases, and has its own owner. In a *mixed* fleet the laptops differ
as those of a real team do: in hardware, chip, memory, roles and MLX settings, so that they come down to a dozen plans.
In an *unlike* fleet every laptop has a plan of its own, which is the worst case: nothing is rendered once for many.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

POLICIES = Path(__file__).parents[2] / "policies"
Kind = Literal["mixed", "unlike"]

HEAD = """\
# yaml-language-server: $schema=./.schemas/fleet.schema.json
version: 1
prefix: /opt/weathervane
machines:
  studio:
    tier: remote
    hardware: Mac Studio
    chip: M4 Max
    memory_gb: 64
    roles: [gateway, mlx, harness]
    user: vane
    address: https://studio.acme.example
    mlx: {model: mlx/mlx-community/Qwen3-30B-A3B-4bit, context_tokens: 40960}
"""


class Make(NamedTuple):
    """Hardware as people buy it, and the context that its memory leaves room for."""

    hardware: str
    chip: str
    memory_gb: int
    context_tokens: int


MAKES = (
    Make("MacBook Air", "M2", 16, 32768),
    Make("MacBook Air", "M3", 16, 32768),
    Make("MacBook Air", "M4", 24, 40960),
    Make("MacBook Pro", "M3 Pro", 36, 40960),
    Make("MacBook Pro", "M4 Max", 64, 40960),
)
#: One laptop in ten runs no model of its own, and one in seven has no Cursor.
WITHOUT_MLX, WITHOUT_CURSOR = 10, 7
OWNERS = ("Ana Souza", "Ben O’Neill", "Chloé Dubois", "Dmitri Orlov", "Emeka Obi", "Fang Li")


def fleet(machines: int, kind: Kind) -> str:
    """fleet.yaml with one remote gateway, and laptops for the rest."""
    return HEAD + "".join(_laptop(number, kind) for number in range(1, machines))


def _laptop(number: int, kind: Kind) -> str:
    make = MAKES[number % len(MAKES)]
    lines = [
        f"  air-{number:05}:",
        "    tier: local",
        f"    hardware: {make.hardware}",
        f"    chip: {make.chip}",
        f"    memory_gb: {make.memory_gb}",
        f"    roles: [{', '.join(_roles(number, kind))}]",
        f"    owner: {OWNERS[number % len(OWNERS)]} {number}",
        "    gateway: studio",
        *_mlx(number, make, kind),
    ]
    return "\n" + "\n".join(lines) + "\n"


def _roles(number: int, kind: Kind) -> Iterator[str]:
    yield "openclaw"
    if number % WITHOUT_CURSOR:
        yield "cursor"
    if kind == "unlike" or number % WITHOUT_MLX:
        yield "mlx"


def _mlx(number: int, make: Make, kind: Kind) -> Iterator[str]:
    if kind == "mixed" and number % WITHOUT_MLX == 0:
        return
    yield "    mlx:"
    yield "      model: mlx/mlx-community/Qwen3-4B-4bit"
    if kind == "unlike":
        yield f"      context_tokens: {32768 + number % 97}"
        yield f"      port: {20000 + number}"
    else:
        yield f"      context_tokens: {make.context_tokens}"
        yield from ["      port: 8081"] if number % 4 == 0 else []


def write_project(folder: Path, machines: int, kind: Kind = "mixed") -> Path:
    """A project whose policies are the shipped ones, but for the fleet; the folder must not exist."""
    shutil.copytree(POLICIES, folder / "policies")
    (folder / "policies" / "fleet.yaml").write_text(fleet(machines, kind), encoding="utf-8")
    return folder


if __name__ == "__main__":  # python -m tests.bench.fleets <folder> <machines> [mixed|unlike]
    write_project(Path(sys.argv[1]), int(sys.argv[2]), "unlike" if "unlike" in sys.argv else "mixed")
