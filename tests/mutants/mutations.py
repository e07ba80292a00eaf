"""Faults that people make, put into a function's syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_CALLED = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
#: Puts the fault in, and takes it out again.
Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault in a function, and the function's code with it."""

    function: str
    line: int
    was: str
    now: str
    code: CodeType


def mutants(source: str, file: str) -> Iterator[Mutant]:
    """All of a module. What it computes as it is imported is left alone."""
    tree = ast.parse(source)
    for function, node in _functions(tree, ""):
        for part in _parts(node):
            was, line = ast.unparse(part), part.target.lineno if isinstance(part, ast.comprehension) else part.lineno
            for put_in, take_out in _faults(part):
                put_in()
                now = ast.unparse(part)
                compiled = compile(ast.fix_missing_locations(tree), file, "exec")
                take_out()
                yield Mutant(function, line, was, now, codes(compiled)[function])


def _functions(node: ast.AST, above: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for below in ast.iter_child_nodes(node):
        if isinstance(below, ast.ClassDef):
            yield from _functions(below, f"{above}{below.name}.")
        elif isinstance(below, ast.FunctionDef):
            yield f"{above}{below.name}", below


def codes(module: CodeType) -> dict[str, CodeType]:
    """Functions and methods of a compiled module by qualified name, nested ones left out: they lie within these."""
    found: dict[str, CodeType] = {}
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            is_function = bool(constant.co_flags & 0x2)  # CO_NEWLOCALS: a class body has none
            found |= {constant.co_qualname: constant} if is_function else codes(constant)
    return found


def _parts(function: ast.FunctionDef) -> Iterator[Any]:
    """Everything in the body; annotations, defaults and decorators were there before any call."""
    for statement in function.body:
        for part in ast.walk(statement):
            if hasattr(part, "lineno") or isinstance(part, ast.comprehension):
                yield part


def _faults(part: Any) -> Iterator[tuple[Step, Step]]:
    for field, value in _changes(part):
        before = getattr(part, field)
        yield _set(part, field, value), _set(part, field, before)


def _set(part: Any, field: str, value: object) -> Step:
    return lambda: setattr(part, field, value)


def _changes(part: Any) -> Iterator[tuple[str, Any]]:
    """Field and what it becomes."""
    yield from _of_conditions(part)
    yield from _of_numbers(part)
    yield from _of_statements(part)


def _of_conditions(part: Any) -> Iterator[tuple[str, Any]]:
    match part:
        case ast.Compare():
            for place, operator in enumerate(part.ops):
                yield "ops", [*part.ops[:place], _COMPARED[type(operator)](), *part.ops[place + 1 :]]
        case ast.BoolOp():
            yield "op", ast.And() if isinstance(part.op, ast.Or) else ast.Or()
            nothing = ast.Constant(isinstance(part.op, ast.And))
            for place in range(len(part.values)):
                yield "values", [*part.values[:place], nothing, *part.values[place + 1 :]]
        case ast.If() | ast.IfExp() | ast.While():
            yield "test", ast.UnaryOp(ast.Not(), part.test)
        case ast.comprehension():
            for place in range(len(part.ifs)):
                yield "ifs", [*part.ifs[:place], *part.ifs[place + 1 :]]
                yield "ifs", [*part.ifs[:place], ast.UnaryOp(ast.Not(), part.ifs[place]), *part.ifs[place + 1 :]]


def _of_numbers(part: Any) -> Iterator[tuple[str, Any]]:
    match part:
        case ast.BinOp() if type(part.op) in _COUNTED:
            yield "op", _COUNTED[type(part.op)]()
        case ast.Constant(value=bool() as flag):
            yield "value", not flag
        case ast.Constant(value=int() as number):
            yield "value", number + 1
        case ast.AugAssign(op=ast.Add()):
            yield "op", ast.Sub()


def _of_statements(part: Any) -> Iterator[tuple[str, Any]]:
    match part:
        case ast.Return(value=ast.expr()):
            yield "value", ast.Constant(None)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLED:
            yield "func", ast.Name(_CALLED[name], ast.Load())
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):  # still a generator: it yields nothing
            yield "value", ast.YieldFrom(ast.Tuple([], ast.Load()))
        case ast.Expr(value=ast.Call()):
            yield "value", ast.Constant(None)
