"""The route map: scenario → track → model → Mac, as columns with ways between them, and as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compiler.plan import MLX_PREFIX, Plan, Route
from harness.report.words import cut

ROW, WIDTH, NODE = 46, 1000, 30
#: left and right edge of each column, and the letters that fit between them
COLUMNS = ((0, 190, 24), (270, 360, 10), (440, 740, 38), (810, 1000, 24))


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario's route."""

    number: int
    scenario: str
    title: str
    track: str
    primary: str
    fallbacks: tuple[str, ...]
    machines: str
    surface: str


@dataclass(frozen=True, slots=True)
class Node:
    """A box with a word; `of` are the scenarios whose way goes through it."""

    x: int
    y: int
    width: int
    words: str
    of: str


@dataclass(frozen=True, slots=True)
class Map:
    """All of it."""

    rows: tuple[Row, ...]
    nodes: tuple[Node, ...]
    #: scenario number and the path's commands
    paths: tuple[tuple[int, str], ...]
    height: int


def route_map(plan: Plan) -> Map:
    """Scenarios that some Mac or the account takes up, by track and model, so that few ways cross."""
    order = ("token", "dollar", "gray")
    routes = sorted(plan.routes, key=lambda route: (order.index(route.track), _primary(route), route.scenario))
    rows = tuple(_row(number, route, plan) for number, route in enumerate(routes))
    columns = [[row.scenario for row in rows], [row.track for row in rows], [row.primary for row in rows],
               [row.machines for row in rows]]  # fmt: skip
    height = ROW * max((len(rows), *(len(set(column)) for column in columns)), default=0)
    placed = [_placed(column, height) for column in columns]
    return Map(rows, tuple(_nodes(columns, placed)), tuple(_paths(columns, placed)), height)


def _primary(route: Route) -> str:
    return cut(route.hops[0].model.removeprefix(MLX_PREFIX), 60) if route.hops else "paused"


def _row(number: int, route: Route, plan: Plan) -> Row:
    machines = sorted(
        n for n, machine in plan.machines.items() if any(r.scenario == route.scenario for r in machine.routes)
    )
    return Row(
        number, cut(route.scenario, 40), cut(route.title), route.track, _primary(route),
        tuple(cut(hop.model, 60) for hop in route.hops[1:]), _macs(machines), route.surface,
    )  # fmt: skip


def _macs(machines: Sequence[str]) -> str:
    if len(machines) > 2:
        return f"{len(machines)} Macs ({cut(machines[0], 12)} …)"
    return ", ".join(cut(machine, 30) for machine in machines) or "no Mac"


def _placed(column: Sequence[str], height: int) -> dict[str, int]:
    """The middle of each box: evenly, in order of first appearance."""
    names = list(dict.fromkeys(column))
    return {name: round(height * (2 * at + 1) / (2 * len(names))) for at, name in enumerate(names)}


def _nodes(columns: Sequence[Sequence[str]], placed: Sequence[dict[str, int]]) -> Iterator[Node]:
    for column, at, (left, right, letters) in zip(columns, placed, COLUMNS, strict=True):
        for name, y in at.items():
            of = " ".join(str(number) for number, each in enumerate(column) if each == name)
            yield Node(left, y - NODE // 2, right - left, cut(name, letters), of)


def _paths(columns: Sequence[Sequence[str]], placed: Sequence[dict[str, int]]) -> Iterator[tuple[int, str]]:
    """A curve from column to column for each scenario."""
    for number in range(len(columns[0])):
        for step in range(len(columns) - 1):
            x1, x2 = COLUMNS[step][1], COLUMNS[step + 1][0]
            y1, y2 = (placed[each][columns[each][number]] for each in (step, step + 1))
            middle = (x1 + x2) // 2
            yield number, f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
