"""What must hold for a case beyond its form: tools exist, schemas can be used, accepted answers are possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Finding, Place
from harness.bench import patterns
from harness.bench.grade.schemas import problem_of, said, violation
from harness.bench.images import drawable
from harness.bench.suite.build import messages_of, page_of, tools_of
from harness.bench.suite.form import CaseForm, CasesForm, ExpectedCallForm, ImageForm, ToolForm
from harness.bench.suite.plain import plain
from harness.bench.suite_codes import (
    BAD_IMAGE,
    BAD_MESSAGES,
    BAD_PATCH,
    BAD_PATTERN,
    BAD_SCHEMA,
    ONE_EXPECTATION,
    UNKNOWN_TOOL,
    VALUE_OFF_SCHEMA,
    WRONG_KIND,
)
from harness.bench.unified_diff import DoesNotApplyError, apply

_EXPECTATIONS = ("calls", "no_call", "any_call", "contains", "matches", "fits", "patch")


@dataclass(frozen=True, slots=True)
class Written:
    """A case with its file, and how to find the place of a key of it."""

    file: CasesForm
    form: CaseForm
    place: Callable[..., Place]


def case_findings(written: Written) -> Iterator[Finding]:
    """Everything that is wrong with a case."""
    yield from _expectation(written)
    yield from _tools(written)
    yield from _calls(written)
    yield from _patterns(written)
    yield from _kind(written)
    yield from _messages(written)
    yield from _images(written)
    yield from _patches(written)


def tool_findings(tools: Mapping[str, ToolForm], place: Callable[..., Place]) -> Iterator[Finding]:
    """Tools whose parameters are no usable schema of an object."""
    for name, tool in tools.items():
        if tool.parameters is None:
            continue
        where = place(name, "parameters")
        yield from _schema(tool.parameters, where, f"tool {name!r}")
        if tool.parameters.get("type") != "object":
            yield BAD_SCHEMA.at(where, f"tool {name!r}: parameters must be of type object")


def _schema(schema: Any, where: Place, owner: str) -> Iterator[Finding]:
    if problem := problem_of(plain(schema)):
        yield BAD_SCHEMA.at(where, f"{owner}: {problem}")
    slow = next((each for each in _patterns_in(schema) if patterns.problem_of(each)), None)
    if slow is not None:
        yield BAD_PATTERN.at(where, f"{owner}: {slow!r}: {patterns.problem_of(slow)}")


def _patterns_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, below in schema.items():
            if key == "pattern" and isinstance(below, str):
                yield below
            yield from _patterns_in(below)
    elif isinstance(schema, list | tuple):
        for below in schema:
            yield from _patterns_in(below)


def _expectation(written: Written) -> Iterator[Finding]:
    expect = written.form.expect
    given = [key for key in _EXPECTATIONS if getattr(expect, key) not in (None, False)]
    if len(given) != 1:
        said = f"it has {len(given)}: {', '.join(given)}" if given else "it has none"
        yield ONE_EXPECTATION.at(written.place("expect", key=True), f"case {written.form.id!r}: {said}")
    for extra, needed in (("lacks", "contains"), ("also", "patch")):
        if getattr(expect, extra) and getattr(expect, needed) is None:
            yield ONE_EXPECTATION.at(written.place("expect", extra, key=True), f"{extra!r} goes with {needed!r} only")
    if expect.contains == () and not expect.lacks:
        yield ONE_EXPECTATION.at(written.place("expect", "contains"), "it asks for no text and forbids none")
    if written.form.structured and expect.fits is None:
        yield ONE_EXPECTATION.at(written.place("structured", key=True), "'structured' goes with 'fits' only")
    if expect.fits is not None:
        yield from _schema(expect.fits, written.place("expect", "fits"), f"case {written.form.id!r}")


def _tools(written: Written) -> Iterator[Finding]:
    known = tools_of(written.file, written.form)
    for at, name in enumerate(written.form.tools):
        if name not in known:
            yield UNKNOWN_TOOL.at(written.place("tools", at), f"no tool {name!r} is described")
    for name, path in _called(written.form):
        if name not in known:
            yield UNKNOWN_TOOL.at(written.place(*path), f"the case offers no tool {name!r}")
    yield from tool_findings(written.form.own_tools, lambda *path: written.place("own_tools", *path))


def _called(form: CaseForm) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for at, call in enumerate(form.expect.calls or ()):
        yield call.tool, ("expect", "calls", at, "tool")
    for at, message in enumerate(form.messages):
        for number, made in enumerate(message.calls):
            yield made.tool, ("messages", at, "calls", number, "tool")


def _calls(written: Written) -> Iterator[Finding]:
    tools = tools_of(written.file, written.form)
    for at, call in enumerate(written.form.expect.calls or ()):
        where = ("expect", "calls", at)
        if both := sorted(set(call.free) & call.arguments.keys()):
            yield VALUE_OFF_SCHEMA.at(written.place(*where, "free"), f"{both[0]!r} has accepted values and is free")
        empty = [(part, key) for part in ("arguments", "off_schema") for key, v in getattr(call, part).items() if not v]
        if empty:
            yield VALUE_OFF_SCHEMA.at(written.place(*where, *empty[0]), f"{empty[0][1]!r} accepts no value")
        elif (tool := tools.get(call.tool)) and tool.parameters and not problem_of(plain(tool.parameters)):
            yield from _values(written, call, plain(tool.parameters), where)


def _values(written: Written, call: ExpectedCallForm, schema: Any, where: tuple[str | int, ...]) -> Iterator[Finding]:
    """Each accepted value once, with the first ones of the other parameters; and all that may be left out, left out."""
    first = {key: plain(values[0]) for key, values in call.arguments.items()}
    known, needed = schema.get("properties", {}), set(schema.get("required", ()))
    for key in (*call.optional, *call.free, *call.loose, *call.off_schema):
        if key not in known and key not in first:
            yield VALUE_OFF_SCHEMA.at(written.place(*where), f"{call.tool} has no parameter {key!r}")
    if lost := sorted(needed & set(call.optional)):
        yield VALUE_OFF_SCHEMA.at(written.place(*where, "optional"), f"{call.tool} requires {lost[0]!r}")
    open_schema = {**schema, "required": sorted(needed - {*call.free, *call.off_schema})}
    for key, values in call.arguments.items():
        for at, value in enumerate(values):
            if wrong := violation(open_schema, {**first, key: plain(value)}):
                message = f"{call.tool}({key}): {said(wrong)}"
                yield VALUE_OFF_SCHEMA.at(written.place(*where, "arguments", key, at), message)
    if not first and (wrong := violation(open_schema, {})):
        yield VALUE_OFF_SCHEMA.at(written.place(*where), f"{call.tool}: {said(wrong)}")


def _patterns(written: Written) -> Iterator[Finding]:
    pattern = written.form.expect.matches
    if pattern is not None and (problem := patterns.problem_of(pattern)):
        yield BAD_PATTERN.at(written.place("expect", "matches"), problem)


def _kind(written: Written) -> Iterator[Finding]:
    form, expect = written.form, written.form.expect
    calls, tools = len(expect.calls or ()), bool(form.tools or form.own_tools)
    has_turns = any(message.role in ("assistant", "tool") for message in form.messages)
    needs = {
        "single": (calls == 1 or bool(expect.any_call), "expects one call"),
        "parallel": (calls > 1, "expects several calls"),
        "multi_turn": (has_turns, "has an assistant's message before the question"),
        "no_tool": (tools and not calls and not expect.any_call, "offers tools and expects no call"),
        "text": (not tools, "offers no tool"),
    }
    holds, meaning = needs[form.kind]
    if not holds:
        yield WRONG_KIND.at(written.place("kind"), f"a case of kind {form.kind!r} {meaning}; {form.id!r} does not")


def _messages(written: Written) -> Iterator[Finding]:
    form = written.form
    if form.ask is None and not form.messages:
        yield BAD_MESSAGES.at(written.place("id"), f"case {form.id!r} asks nothing", "write `ask` or `messages`")
    if form.ask is None and (form.file or form.context or form.images):
        yield BAD_MESSAGES.at(written.place("id"), "file, context and images of a case go with `ask`")
    open_calls: set[str] = set()
    for at, message in enumerate(form.messages):
        where = written.place("messages", at)
        if message.role == "tool" and message.answers not in open_calls:
            yield BAD_MESSAGES.at(where, f"no open call {message.answers!r} before this result")
        if (message.calls and message.role != "assistant") or (message.answers and message.role != "tool"):
            yield BAD_MESSAGES.at(where, "`calls` is an assistant's, `answers` a tool's")
        if not (message.text or message.calls or message.images or message.context):
            yield BAD_MESSAGES.at(where, "the message is empty")
        open_calls = (open_calls | {call.id for call in message.calls}) - {message.answers or ""}
    if open_calls:
        yield BAD_MESSAGES.at(written.place("messages"), f"call {min(open_calls)!r} has no result")
    last = messages_of(written.file, form)[-1:]
    if last and last[0].role not in ("user", "tool"):
        yield BAD_MESSAGES.at(written.place("messages"), "the last message must be a user's or a tool's")


def _images(written: Written) -> Iterator[Finding]:
    for path, form in _drawn(written.form):
        page = page_of(form)
        words = [page.title, *page.lines, *page.foot, *(page.bars or {}), *(cell for row in page.rows for cell in row)]
        strange = next((char for text in words if (char := drawable(text))), None)
        if strange is not None:
            yield BAD_IMAGE.at(written.place(*path), f"the font has no {strange!r}")
        if len({len(row) for row in page.rows}) > 1:
            yield BAD_IMAGE.at(written.place(*path, "rows"), "the rows of the table differ in length")
        if max([len(text) for text in words]) > 60 or len(page.rows) + len(page.lines) + len(page.foot) > 40:
            yield BAD_IMAGE.at(written.place(*path), "more than 40 lines, or a line of more than 60 characters")
        if page.bars is not None and not 0 < len(page.bars) <= 12:
            yield BAD_IMAGE.at(written.place(*path, "bars"), "a chart has 1 to 12 bars")


def _drawn(form: CaseForm) -> Iterator[tuple[tuple[str | int, ...], ImageForm]]:
    for at, image in enumerate(form.images):
        yield ("images", at), image
    for at, message in enumerate(form.messages):
        for number, image in enumerate(message.images):
            yield ("messages", at, "images", number), image


def _patches(written: Written) -> Iterator[Finding]:
    expect, file = written.form.expect, written.form.file
    if expect.patch is None:
        return
    if file is None:
        yield BAD_PATCH.at(written.place("expect", "patch", key=True), "the case has no `file`")
        return
    paths: list[tuple[str | int, ...]] = [("patch",), *(("also", at) for at in range(len(expect.also)))]
    for path, diff in zip(paths, (expect.patch, *expect.also), strict=True):
        try:
            apply(diff, file.text)
        except DoesNotApplyError as error:
            yield BAD_PATCH.at(written.place("expect", *path), str(error))
