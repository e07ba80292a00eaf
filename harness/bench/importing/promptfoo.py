"""promptfoo's YAML: each prompt with each test, its variables filled in, its assertions as one expectation.

Read: prompts (texts, chat messages, text files beside the configuration), tests (also in a YAML file beside it),
defaultTest, and the tools in the settings of the first provider that has some. Providers themselves are not carried
over: who is asked is what our policies say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.load import read_text
from compiler.yaml_text import Document, Refused, parse
from harness.bench.importing.checks import expectation
from harness.bench.importing.found import UNREADABLE, Found, FoundCase
from harness.bench.importing.naming import Ids, tool_name
from harness.bench.importing.templates import CannotRenderError, combinations, rendered, rendered_all
from harness.bench.suite.plain import plain

_MAX_TOKENS = 1024
_FILE = "file://"
_NOT_CARRIED = ("scenarios", "derivedMetrics", "nunjucksFilters", "extensions", "redteam")
#: What changes an answer before it is checked, or a prompt before it is sent.
_CHANGES = ("transform", "postprocess", "prefix", "suffix", "transformVars")


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, and how to read one beside it."""

    document: Document
    beside: Callable[[str], Document | str]

    def place(self, *path: str | int) -> Place:
        return self.document.place(*path)


@dataclass(frozen=True, slots=True)
class _Test:
    data: Mapping[str, Any]
    place: Place


def read_promptfoo(text: str, name: str, folder: Path) -> Found:
    """All tests of a configuration, or of a file with nothing but tests, that can be carried over."""
    source = _source(text, name, folder)
    data = plain(source.document.data)
    config = {"tests": data} if isinstance(data, list) else data
    if not isinstance(config, dict) or not {"tests", "prompts"} & config.keys():
        raise PolicyError([UNREADABLE.at(Place(name), f"{name!r} has neither tests nor prompts")])
    found, ids = Found(), Ids()
    found.left_out += [(source.place(key), f"{key!r} is not carried over") for key in _NOT_CARRIED if key in config]
    tools = _tools(config)
    prompts = list(_prompts(config.get("prompts", "{{prompt}}"), source, found))
    default = config.get("defaultTest")
    for test in _tests(config.get("tests", [{}]), source, found):
        merged = _merged(default if isinstance(default, Mapping) else {}, test.data)
        for prompt in prompts:
            _add(found, ids, prompt, _Test(merged, test.place), tools)
    return found


def _source(text: str, name: str, folder: Path) -> _Source:
    def beside(path: str) -> Document | str:
        inner = read_text(folder / path, path, folder)
        return parse(inner, path)[0] if path.endswith((".yaml", ".yml", ".json")) else inner

    try:
        document, findings = parse(text, name)
    except Refused as refused:
        raise PolicyError([refused.finding]) from refused
    if findings:
        raise PolicyError(findings)
    return _Source(document, beside)


def _prompts(value: Any, source: _Source, found: Found) -> Iterator[Any]:
    """Texts and lists of chat messages."""
    for at, prompt in enumerate(value if isinstance(value, list) else [value]):
        raw = prompt.get("raw", prompt.get("id")) if isinstance(prompt, Mapping) else prompt
        place = source.place("prompts", at)
        if not isinstance(raw, str):
            found.left_out.append((place, "a prompt that is no text"))
        elif not raw.startswith(_FILE):
            yield _chat(raw)
        elif (inner := _read(raw, source, found, place)) is not None:
            yield plain(inner.data) if isinstance(inner, Document) else _chat(inner)


def _read(reference: str, source: _Source, found: Found, place: Place) -> Document | str | None:
    path = reference.removeprefix(_FILE)
    if not path.endswith((".txt", ".md", ".yaml", ".yml", ".json")):
        found.left_out.append((place, f"{reference!r}: only text, YAML and JSON files are read"))
        return None
    try:
        return source.beside(path)
    except Refused as refused:
        found.left_out.append((place, refused.finding.message))
        return None


def _chat(text: str) -> Any:
    """Chat messages, where the text is a JSON list of them."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass  # a prompt may begin with a bracket
    return text


def _tests(value: Any, source: _Source, found: Found) -> Iterator[_Test]:
    if isinstance(value, str):
        value = [value]
    for at, test in enumerate(value if isinstance(value, list) else []):
        place = source.place("tests", at) if isinstance(source.document.data, dict) else source.place(at)
        if isinstance(test, Mapping):
            yield _Test(test, place)
        elif isinstance(test, str) and test.startswith(_FILE):
            inner = _read(test, source, found, place)
            if isinstance(inner, Document) and isinstance(inner.data, list):
                yield from _tests(plain(inner.data), _Source(inner, source.beside), found)
        else:
            found.left_out.append((place, "a test that is neither keys and values nor a file"))


def _merged(default: Mapping[str, Any], test: Mapping[str, Any]) -> Mapping[str, Any]:
    variables = {**_mapping(default.get("vars")), **_mapping(test.get("vars"))}
    options = {**_mapping(default.get("options")), **_mapping(test.get("options"))}
    checks = [*_list(default.get("assert")), *_list(test.get("assert"))]
    return {**default, **test, "vars": variables, "assert": checks, "options": options}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _add(found: Found, ids: Ids, prompt: Any, test: _Test, tools: Mapping[str, Any]) -> None:
    for variables in combinations(test.data["vars"]):
        try:
            found.cases.append(_case(ids, prompt, test, variables, tools))
        except CannotRenderError as reason:
            found.left_out.append((test.place, str(reason)))


def _case(ids: Ids, prompt: Any, test: _Test, variables: Mapping[str, Any], tools: Mapping[str, Any]) -> FoundCase:
    if changed := sorted(set(_CHANGES) & test.data["options"].keys()):
        raise CannotRenderError(f"its option {changed[0]!r} changes what is sent or checked")
    messages = _messages(prompt, variables)
    expect, lost = expectation(rendered_all(test.data["assert"], variables))
    if "threshold" in test.data:
        lost = (*lost, "threshold: every check must hold")
    if expect is None:
        raise CannotRenderError("no check that can be carried over" + "".join(f"; {reason}" for reason in lost))
    words = str(test.data.get("description") or "case")
    form: dict[str, Any] = {
        "id": ids.of(words),
        "kind": _kind(messages, tools, expect),
        "max_tokens": _MAX_TOKENS,
        "expect": expect,
    }
    form |= {"title": words[:2000]} if words != "case" else {}
    form |= {"own_tools": dict(tools)} if tools else {}
    is_short = len(messages) == 1 and messages[0]["role"] == "user"
    return FoundCase(form | ({"ask": messages[0]["text"]} if is_short else {"messages": messages}), test.place, lost)


def _messages(prompt: Any, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    if isinstance(prompt, str):
        return [{"role": "user", "text": rendered(prompt, variables)}]
    made = []
    for message in prompt if isinstance(prompt, list) else [None]:
        if not isinstance(message, Mapping) or not isinstance(message.get("content"), str):
            raise CannotRenderError("a prompt of messages that are not just texts")
        made.append({"role": message.get("role"), "text": rendered(message["content"], variables)})
    return made


def _kind(messages: Sequence[Mapping[str, Any]], tools: Mapping[str, Any], expect: Mapping[str, Any]) -> str:
    if any(message["role"] == "assistant" for message in messages):
        return "multi_turn"
    if "any_call" in expect:
        return "single"
    return "no_tool" if tools else "text"


def _tools(config: Mapping[str, Any]) -> dict[str, Any]:
    """The tools of the first provider that has some, in our form."""
    providers = config.get("providers", config.get("targets"))
    for provider in _list(providers):
        settings = _mapping(_mapping(provider).get("config"))
        if functions := [_mapping(_mapping(tool).get("function")) for tool in _list(settings.get("tools"))]:
            return {tool_name(str(each.get("name"))): _tool(each) for each in functions if each.get("name")}
    return {}


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    tool = {"description": function.get("description") or str(function["name"])}
    parameters = function.get("parameters")
    return tool | ({"parameters": parameters} if parameters is not None else {})
