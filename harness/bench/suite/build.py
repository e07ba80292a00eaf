"""A case as it was written → a case as it is sent and graded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.bench.case import Case
from harness.bench.contexts import context
from harness.bench.expectation import Calls, Contains, Expectation, ExpectedCall, FitsSchema, Matches, PatchGives
from harness.bench.images import Page, data_url
from harness.bench.suite.form import (
    CaseForm,
    CasesForm,
    ContextForm,
    ExpectedCallForm,
    FileForm,
    ImageForm,
    MessageForm,
    ToolForm,
)
from harness.bench.suite.plain import plain
from harness.bench.unified_diff import apply


def case_of(file: CasesForm, form: CaseForm) -> Case:
    """The case. It must have passed the checks."""
    messages = messages_of(file, form)
    return Case(
        id=form.id,
        scenario=file.scenario,
        kind=form.kind,
        messages=tuple(_message(message) for message in messages),
        tools=tuple(_tool(name, tool) for name, tool in tools_of(file, form).items()),
        expectation=_expectation(form),
        max_tokens=form.max_tokens,
        modalities=("text", "image") if any(message.images for message in messages) else ("text",),
        response_format=_response_format(form) if form.structured else None,
    )


def messages_of(file: CasesForm, form: CaseForm) -> tuple[MessageForm, ...]:
    """All messages, the short forms written out."""
    system = form.system or file.system
    first = [MessageForm(role="system", text=system)] if system and not _has_system(form) else []
    if form.ask is None:
        return (*first, *form.messages)
    text = f"{_shown(form.file)}\n\n{form.ask}" if form.file else form.ask
    return (*first, *form.messages, MessageForm(role="user", text=text, context=form.context, images=form.images))


def _has_system(form: CaseForm) -> bool:
    return any(message.role == "system" for message in form.messages)


def _shown(file: FileForm) -> str:
    return f"{file.path}:\n```\n{file.text.rstrip()}\n```"


def tools_of(file: CasesForm, form: CaseForm) -> dict[str, ToolForm]:
    """The tools that a case offers, in its order; those that nobody described are left out."""
    known = {**file.tools, **form.own_tools}
    return {name: known[name] for name in (*form.tools, *form.own_tools) if name in known}


def _tool(name: str, tool: ToolForm) -> Mapping[str, Any]:
    function: dict[str, Any] = {"name": name, "description": tool.description}
    if tool.parameters is not None:
        function["parameters"] = plain(tool.parameters)
    return {"type": "function", "function": function}


def _message(form: MessageForm) -> Mapping[str, Any]:
    message: dict[str, Any] = {"role": form.role, "content": _content(form)}
    if form.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.tool, "arguments": json.dumps(plain(call.arguments), ensure_ascii=False)},
            }
            for call in form.calls
        ]
    if form.answers is not None:
        message["tool_call_id"] = form.answers
    return message


def _content(form: MessageForm) -> Any:
    words = [_made(form.context)] if form.context else []
    text = "\n\n".join([*words, *([form.text] if form.text else [])])
    if not form.images:
        return text or None
    parts: list[Mapping[str, Any]] = [
        {"type": "image_url", "image_url": {"url": data_url(page_of(image))}} for image in form.images
    ]
    return [*parts, {"type": "text", "text": text}] if text else parts


def _made(form: ContextForm) -> str:
    return context(form.make, form.tokens, form.seed, form.fact.rstrip("\n"), float(form.at))


def page_of(form: ImageForm) -> Page:
    """A picture's content."""
    return Page(form.title, form.lines, form.rows, form.bars, form.foot)


def _expectation(form: CaseForm) -> Expectation:
    expect = form.expect
    if expect.contains is not None:
        return Contains(expect.contains, expect.lacks)
    if expect.matches is not None:
        return Matches(expect.matches)
    if expect.fits is not None:
        return FitsSchema(plain(expect.fits))
    if expect.patch is not None:
        assert form.file is not None
        after, *also = (apply(diff, form.file.text) for diff in (expect.patch, *expect.also))
        return PatchGives(form.file.path, form.file.text, after, tuple(also))
    return Calls(tuple(expected_calls(expect.calls or ())), any_call=bool(expect.any_call))


def expected_calls(forms: tuple[ExpectedCallForm, ...]) -> Iterator[ExpectedCall]:
    """Expected calls with their values as JSON has them."""
    for form in forms:
        accepted = {
            key: tuple(plain([*form.arguments.get(key, ()), *form.off_schema.get(key, ())]))
            for key in dict.fromkeys([*form.arguments, *form.off_schema])
        }
        yield ExpectedCall(form.tool, accepted, frozenset(form.optional), frozenset(form.free), frozenset(form.loose))


def _response_format(form: CaseForm) -> Mapping[str, Any]:
    schema = {"name": "answer", "strict": True, "schema": plain(form.expect.fits)}
    return {"type": "json_schema", "json_schema": schema}
