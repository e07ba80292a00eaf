"""What a type refuses → findings in our own words: the place in the file, what was expected, and what to write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import ValidationError

from compiler.advice import Advice
from compiler.diagnostics import Code, Finding
from compiler.patterns import fault_of
from compiler.policy.types import MODEL_PATTERN, Policy, is_safe_name
from compiler.redact import redact
from compiler.yaml_text import CONTROL_CHARACTER, Document

UNKNOWN_KEY = Code(
    "VN120", "unknown-key", "A key is not part of the policy language", "remove it or correct its spelling",
    "A misspelt key would be a rule that never holds.",
)  # fmt: skip
MISSING_KEY = Code(
    "VN121", "missing-key", "A required key is missing", "add it",
    "There are few defaults, by design: what matters is written down.",
)  # fmt: skip
WRONG_VALUE = Code(
    "VN122", "wrong-value", "A value does not fit its key", "give a value of the kind that the message names",
    "Nothing is coerced: `yes` is text, and a price in quotes is not a number.",
)  # fmt: skip
UNSAFE_NAME = Code(
    "VN123", "unsafe-name", "A name could not be a file name everywhere",
    "use lower-case letters, digits and single hyphens, a letter first, 63 characters at most",
    "Names of machines, scenarios, labels and caps become folders, URLs and launchd labels.",
)  # fmt: skip

#: What was expected, by pydantic's name of the complaint; its own sentences speak of tuples and dictionaries.
_EXPECTED: Mapping[str, str] = {
    "reason": "say why, in words",
    "number": "expected a number",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "iso_date": "expected a date as YYYY-MM-DD",
    "value_error": "expected a date as YYYY-MM-DD",
    "tuple_type": "expected a list",
    "model_type": "expected keys and values",
    "dict_type": "expected keys and values",
    "mapping_type": "expected keys and values",
    "literal_error": "expected {expected}",
    "string_pattern_mismatch": "expected {form}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}
_SIZES: Mapping[str, str] = {
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "too_long": "holds more than {max_length} values",
    "string_too_long": "is longer than {max_length} characters",
}
_PROVIDER = "a provider's slug such as anthropic or deepinfra/fp4"
#: What a text with a pattern looks like, by key.
_FORMS: Mapping[str, str] = {
    "until": "an ISO week such as 2026-W23",
    "address": "https://host or https://host:port",
    "alias": "letters, digits, '.', '_' and '-', 63 at most",
    "ignore": _PROVIDER,
    "only": _PROVIDER,
    "order": _PROVIDER,
    "deny": "free, gray, cloud, a model's slug, or author/* for all of an author",
    "paths": "a path inside a repository as in .gitignore, with / and no leading / or ~",
    "repos": "host/owner/name, with * and ? for any characters",
    "user": "a macOS account name such as vane",
}
_PLAIN_NUMBER = "write it in plain digits such as 128000 or 0.1, without quotes, units and separators"


def complaints(document: Document, kind: type[Policy], error: ValidationError) -> Iterator[Finding]:
    """One finding for each thing that the type `kind` refuses in a document."""
    advice = Advice()
    for detail in error.errors(include_url=False):
        # pydantic also calls a list too short when it refused one of its items, which is said already
        if not (detail["type"] == "too_short" and detail["input"]):
            yield _finding(document, kind, dict(detail), advice)


def _finding(document: Document, kind: type[Policy], detail: Mapping[str, Any], advice: Advice) -> Finding:
    type_, value, at = detail["type"], detail["input"], tuple(_path(document, detail["loc"]))
    if type_ == "extra_forbidden":
        key = str(at[-1])
        fix = advice.on((at[:-1], key), lambda: _near_key(kind, at[:-1], key))
        return UNKNOWN_KEY.at(document.place(*at, key=True), f"unknown key {key!r}", fix)
    if type_ == "missing":
        return MISSING_KEY.at(document.place(*at[:-1]), f"key {at[-1]!r} is missing")
    here = document.place(*at, key="[key]" in detail["loc"])
    if type_ == "unsafe_name":
        return UNSAFE_NAME.at(here, detail["msg"], _safe_name(value))
    if type_ == "control_character":
        return CONTROL_CHARACTER.at(here, detail["msg"])
    return WRONG_VALUE.at(here, _message(detail, at), _fix(type_, value, detail.get("ctx", {}), advice))


def _message(detail: Mapping[str, Any], at: tuple[str | int, ...]) -> str:
    """`'limit_usd': must be more than 0, not -1`; a type's own sentence (model_form …) stands as it is."""
    keys = [step for step in at if isinstance(step, str)]
    key = keys[-1] if keys else ""
    words = {"form": _FORMS.get(key, "another form")} | dict(detail.get("ctx", {}))
    subject = repr(key) if key else "the file"
    if size := _SIZES.get(detail["type"]):
        return f"{subject} {size.format_map(words)}"
    if expected := _EXPECTED.get(detail["type"]):
        return f"{subject}: {expected.format_map(words)}, not {_shown(detail['input'])}"
    return str(detail["msg"])


def _fix(type_: str, value: Any, context: Mapping[str, Any], advice: Advice) -> str:
    """What to write instead, where that can be told from what was written; else nothing."""
    if value is None:
        return "write a value, or remove the key"
    if type_ == "literal_error":
        words, expected = str(value), context["expected"]
        return advice.on((words, expected), lambda: _near_word(words, expected)) or "write what the message names"
    if type_ in ("too_short", "string_too_short"):
        return "write at least one"
    make = _FIXES.get(type_)
    return make(value) if make and not isinstance(value, dict | list) else ""


def _near_word(words: str, expected: str) -> str:
    near = difflib.get_close_matches(words, re.findall("'([^']*)'", expected), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def _number_fix(value: Any) -> str:
    is_octal = isinstance(value, str) and re.fullmatch("0+[0-9]{1,9}", value)
    return f"write {int(value)}, without leading zeros" if is_octal else _PLAIN_NUMBER


def _model_fix(value: Any) -> str:
    lower = str(value).lower()
    is_near = re.fullmatch(MODEL_PATTERN, lower) and redact(str(value)) == value
    return f"did you mean {lower!r}?" if is_near else "name it as OpenRouter's list does"


def _pattern_fix(value: Any, *, anchors: bool) -> str:
    fault = fault_of(str(value), anchors=anchors)
    return fault.fix if fault else ""


_FIXES: Mapping[str, Callable[[Any], str]] = {
    "number": _number_fix,
    "int_type": _number_fix,
    "bool_type": lambda _: "write true or false, without quotes",
    "string_type": lambda _: "put it in quotes",
    "tuple_type": lambda value: f"write it as a list: [{value}]",
    "model_form": _model_fix,
    "ticket_pattern": lambda value: _pattern_fix(value, anchors=True),
    "text_pattern": lambda value: _pattern_fix(value, anchors=False),
}


def _safe_name(name: str) -> str:
    if redact(name) != name:
        return ""  # a credential in other letters would pass every mask
    safe = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"did you mean {safe!r}?" if is_safe_name(safe) and safe != name else ""


def _path(document: Document, loc: tuple[int | str, ...]) -> Iterator[str | int]:
    """pydantic's location as keys of the document: drops the marks that it adds for keys and unions."""
    at: Any = document.data
    for step in loc:
        if step == "[key]" and not (isinstance(at, dict) and step in at):
            return
        if isinstance(at, dict) and not isinstance(step, str):
            return
        yield step
        at = at[step] if isinstance(at, dict) and step in at else at[step] if _indexes(at, step) else None


def _indexes(at: Any, step: int | str) -> bool:
    return isinstance(at, list) and isinstance(step, int) and step < len(at)


def _shown(value: Any) -> str:
    """A value as people write it in YAML."""
    words = {None: "nothing", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, dict | list):
        return "keys and values" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, Decimal) else str(value) if isinstance(value, int) else repr(value)
    text = redact(text)  # first: a credential that is cut short would pass the mask
    return text if len(text) <= 80 else f"{text[:77]}..."


def _near_key(kind: type[Policy], path: tuple[str | int, ...], key: str) -> str:
    """Did-you-mean among the keys that are allowed at `path`, or the list of them."""
    if key == "<<":
        return "there are no merge keys here: write the values out, or alias the whole value (air-ben: *air)"
    schema = _schema(kind)
    at: Any = schema
    for step in path:
        at = _below(schema, at, step)
    known = sorted(_resolved(schema, at).get("properties", ()))
    if near := difflib.get_close_matches(key, known, 1):
        return f"did you mean {near[0]!r}?"
    return f"known keys here: {', '.join(known)}" if known else ""


@cache
def _schema(kind: type[Policy]) -> Mapping[str, Any]:
    return kind.model_json_schema()


def _resolved(schema: Mapping[str, Any], at: Mapping[str, Any]) -> Mapping[str, Any]:
    for option in at.get("anyOf", ()):
        if "$ref" in option or "properties" in option:
            return _resolved(schema, option)
    if "$ref" in at:
        found: Mapping[str, Any] = schema["$defs"][at["$ref"].rpartition("/")[2]]
        return found
    return at


def _below(schema: Mapping[str, Any], at: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    here = _resolved(schema, at)
    below: Any = here.get("items") if isinstance(step, int) else here.get("properties", {}).get(step)
    if below is None:
        below = here.get("additionalProperties") or next(iter(here.get("patternProperties", {}).values()), None)
    return below if isinstance(below, dict) else {}
