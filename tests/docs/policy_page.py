"""docs/reference/policy-files.md: every key of every policy file, from the types that read it."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.warnings import UnsupportedFieldAttributeWarning

from compiler.load import load
from compiler.policy import FILES, KINDS, LOCK_FILE, OPTIONAL, parse, scenario, sensitive_data, tracks, types
from compiler.policy.scenario import Scenario
from tests.docs.rules_page import escaped
from tests.shipped import PROJECT

PAGE = "docs/reference/policy-files.md"
_HEAD = """\
# The policy files, key by key

<!-- made from the types by `pytest tests/docs --update-golden` -->

What each file may hold; [Policies](../policies.md) says what it is for. A key whose default is – must be there, and
unknown keys are errors. An example is the first use in the shipped policies; a key that those leave out has none.
`vane schema` writes the same as JSON Schemas, for editors.
"""
_TABLE = "| key | what it holds | default | example | |\n|---|---|---|---|---|"
_KINDS = "## Kinds of values\n\n| kind | | form |\n|---|---|---|"
#: What a comment above a kind says of it
_MEANT = re.compile(r"^#: (.+)\n(\w+) = ", re.MULTILINE)
_SHARED_IN = (types, scenario, sensitive_data, tracks)
_NO_KINDS = {"LanguageVersion", "Flag", "StrictBool", "StrictInt"}
#: Kinds that several keys share, by their names in the code. In tables they lead to the list at the end.
_SHARED: Mapping[str, Any] = {
    name: kind
    for module in _SHARED_IN
    for name, kind in vars(module).items()
    if get_origin(kind) is Annotated and name not in _NO_KINDS and not name.startswith("_")
}
_PLAIN: Mapping[Any, str] = {str: "text", int: "whole number", bool: "true or false", Decimal: "number"}
#: What a JSON Schema says of a value → how people say it
_FORMS = {
    "minLength": "at least {} character", "maxLength": "at most {} characters", "minItems": "at least {} of them",
}  # fmt: skip
#: The same of numbers, which the schema of a Decimal does not say
_BOUNDS: Mapping[str, str] = {"ge": "at least {}", "gt": "above {}", "le": "at most {}"}
_LONGEST = 60


def policy_page() -> str:
    """The whole page."""
    files: dict[str, type[BaseModel]] = {"tracks.yaml": KINDS["tracks.yaml"], "scenarios/NAME.yaml": Scenario, **KINDS}
    examples: dict[tuple[type, str], Any] = {}
    policies, findings = parse(load(PROJECT / "policies", FILES))
    assert policies, findings
    whole = (*policies.scenarios.values(), policies.tracks, policies.sensitive, policies.fleet, policies.market)
    for value in (*whole, policies.acceptance, policies.tests, *policies.caps.values()):
        _collect(value, examples)
    parts, told = [_HEAD], set[type]()
    for file, kind in files.items():
        if file != LOCK_FILE:
            parts += [f"## {file}\n", *_file(kind, file in OPTIONAL, examples, told)]
    meant = {name: why for module in _SHARED_IN for why, name in _MEANT.findall(inspect.getsource(module))}
    rows = (
        f'| <a id="{name.lower()}"></a>{name} | {escaped(meant.get(name, ""))} | {_form(kind)} |'
        for name, kind in sorted(_SHARED.items())
    )
    return "\n".join((*parts, _KINDS, *rows, ""))


def _file(kind: type[BaseModel], optional: bool, examples: Mapping[Any, Any], told: set[type]) -> Iterator[str]:
    """The file's own keys, then those of all that stands in it."""
    waiting = [kind]
    while waiting:
        each = waiting.pop(0)
        if each in told:
            continue
        told.add(each)
        if each is not kind:
            yield f"### {each.__name__}\n"
        may = " The file may be absent." if optional and each is kind else ""
        yield f"{escaped(' '.join(_doc(each).split()))}{may}\n"
        hints = {
            name: hint for name, hint in get_type_hints(each, include_extras=True).items() if name in each.model_fields
        }
        yield "\n".join((_TABLE, *(_row(each, name, hint, examples) for name, hint in hints.items()), ""))
        waiting += [model for hint in hints.values() for model in _models(hint)]


def _row(kind: type[BaseModel], name: str, hint: Any, examples: Mapping[Any, Any]) -> str:
    field = kind.model_fields[name]
    example = code(_yaml(examples[kind, name])) if (kind, name) in examples else ""
    what = escaped(" ".join((field.description or _doc(*_models(hint))).split()))
    return f"| {code(field.alias or name)} | {_shown(hint)} | {_default(field)} | {example} | {what} |"


def _doc(*kinds: type[BaseModel]) -> str:
    """What a key holds, in the words of its only type."""
    return inspect.getdoc(kinds[0]) or "" if len(kinds) == 1 else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "–"
    value = field.get_default(call_default_factory=True)
    return "none" if value in (None, (), {}) or isinstance(value, BaseModel) else code(_yaml(value))


def _shown(hint: Any) -> str:
    """A type as people say it."""
    origin, parts = get_origin(hint), [part for part in get_args(hint) if part is not NoneType]
    if shared := _shared(hint):
        own = ", ".join(say for say in _limits(hint) if say not in _limits(_SHARED[shared]))
        return f"[{shared}](#{shared.lower()})" + (f", {own}" if own else "")
    if origin in (Union, UnionType):
        return " or ".join(map(_shown, parts))
    if origin is Literal:
        return ", ".join(code(_yaml(part)) for part in parts)
    if origin is Annotated:
        return ", ".join((_shown(parts[0]), *_limits(hint)))
    if origin in (tuple, dict):
        return f"list of {_shown(parts[0])}" if origin is tuple else " → ".join(map(_shown, parts))
    return f"[{hint.__name__}](#{hint.__name__.lower()})" if issubclass(hint, BaseModel) else _PLAIN[hint]


def _shared(hint: Any) -> str:
    """Name of the shared kind that this one is, or begins as; the longest one."""
    if get_origin(hint) is not Annotated:
        return ""
    fits = [
        (len(kind.__metadata__), name)
        for name, kind in _SHARED.items()
        if kind.__origin__ == hint.__origin__ and hint.__metadata__[: len(kind.__metadata__)] == kind.__metadata__
    ]
    return max(fits, default=(0, ""))[1]


def _form(kind: Any) -> str:
    return ", ".join((_shown(kind.__origin__), *_limits(kind)))


def _limits(hint: Any) -> tuple[str, ...]:
    with warnings.catch_warnings(action="ignore", category=UnsupportedFieldAttributeWarning):  # a key's other name
        schema = TypeAdapter(hint).json_schema()
    said = [form.format(f"{schema[key]:,}") for key, form in _FORMS.items() if key in schema]
    inner = [each for part in hint.__metadata__ for each in getattr(part, "metadata", ())]
    said += [
        form.format(f"{getattr(each, key):,}") for each in inner for key, form in _BOUNDS.items() if hasattr(each, key)
    ]
    return (*said, f"as {code(schema['pattern'])}") if "pattern" in schema else tuple(said)


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and not get_args(hint) and issubclass(hint, BaseModel):
        yield hint
    for part in get_args(hint):
        yield from _models(part)


def _collect(value: Any, into: dict[tuple[type, str], Any]) -> None:
    """The first value of each key that holds no type of its own."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name in value.model_fields_set:
                held = getattr(value, name)
                if not _holds_models(held):
                    into.setdefault((type(value), name), held)
                _collect(held, into)
    elif isinstance(value, Mapping | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            _collect(each, into)


def _holds_models(value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,)
    return any(isinstance(each, BaseModel) for each in inner)


def _yaml(value: Any) -> str:
    """A value as it is written in a policy; of a long list the beginning."""
    if isinstance(value, tuple):
        whole = f"[{', '.join(map(_yaml, value))}]"
        return whole if len(whole) <= _LONGEST or len(value) < 3 else _yaml(value[:2])
    if isinstance(value, Decimal):
        return str(value)
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True).removesuffix("...\n").strip()
    )


def code(text: str) -> str:
    """Text as code in a cell: GitHub and Python-Markdown read a bar between backticks each in its own way."""
    if "|" not in text and "`" not in text:
        return f"`{text}`"
    return f"<code>{re.sub('[^A-Za-z0-9 ]', lambda found: f'&#{ord(found[0])};', text)}</code>"
