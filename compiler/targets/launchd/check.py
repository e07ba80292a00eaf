"""What is wrong with a property list: its XML, its keys and values, and what this house asks of its jobs.

No message repeats a value of the file, since a value may be the very secret that must not be there.
"""

from __future__ import annotations

import json
import plistlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from compiler.targets.launchd.emit import launcher

PropertyList = Mapping[str, Any]

GATEWAY = "ai.openclaw.gateway"
MLX = "ai.weathervane.mlx"
DEPLOY = "ai.weathervane.deploy"
#: label -> variables without which the job is not ours to run, and why
REQUIRED_ENVIRONMENT: Mapping[str, Mapping[str, tuple[str, str]]] = {
    GATEWAY: {
        "OPENCLAW_SUPERVISOR_MODE": ("external", "else OpenClaw starts, stops and updates itself"),
        "OPENCLAW_SERVICE_REPAIR_POLICY": ("external", "else OpenClaw's doctor replaces the job"),
        "OPENCLAW_CONFIG_READONLY": ("1", "else OpenClaw rewrites the configuration that was verified"),
    },
    MLX: {"HF_HUB_OFFLINE": ("1", "else a request that names an unknown model downloads it")},
}
SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|(^|_)(API_?)?KEY(_|$)", re.IGNORECASE)
SECRET_FLAG = re.compile(r"--?(\w+-)*(token|secret|password|api-?key)(=|$)", re.IGNORECASE)
SECRET_VALUE = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{12,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|hf_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16})"
    r"|\bBearer\s+\S{12,}|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s@]+@"
)
UNEXPANDED = re.compile(r"^~|\$(\w|\{)|=~/")


def check(path: str, content: bytes) -> Iterator[str]:
    """One sentence for each problem of the property list at `path`."""
    broken = list(_xml_problems(content))
    yield from broken
    if broken:
        return
    try:
        data = plistlib.loads(content, fmt=plistlib.FMT_XML)
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        yield f"is not a property list: {type(error).__name__}"
        return
    wrong_shape = [_sentence(error) for error in _validator().iter_errors(data)]
    yield from sorted(wrong_shape)
    yield from _secrets(data)
    if not wrong_shape:
        for rule in RULES:
            yield from rule(path, data)


def _xml_problems(content: bytes) -> Iterator[str]:
    """Whether it is XML, and the two things that plistlib says nothing of: entities and repeated keys."""
    parser = ParserCreate()
    keys = _RepeatedKeys(parser)
    entities: list[str] = []
    parser.EntityDeclHandler = lambda name, *_: entities.append(name)
    parser.SkippedEntityHandler = lambda name, _: entities.append(name)
    try:
        parser.Parse(content, True)
    except ExpatError as error:
        yield f"is not XML: {error}"
    if entities:
        yield f"uses XML entities of its own, which readers expand, drop or refuse: {', '.join(entities)}"
    for line, key in keys.repeated:
        yield f"line {line}: the key {key!r} stands twice in one dictionary, and readers disagree on which one counts"


class _RepeatedKeys:
    """Follows the elements of a property list and notes keys that a dictionary holds twice."""

    def __init__(self, parser: XMLParserType) -> None:
        self.repeated: list[tuple[int, str]] = []
        self._parser = parser
        self._open: list[set[str]] = []
        self._key: list[str] | None = None
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        if tag == "dict":
            self._open.append(set())
        self._key = [] if tag == "key" else None

    def _text(self, part: str) -> None:
        if self._key is not None:
            self._key.append(part)

    def _end(self, tag: str) -> None:
        if tag == "dict":
            self._open.pop()
        elif tag == "key" and self._open and self._key is not None:
            key = "".join(self._key)
            if key in self._open[-1]:
                self.repeated.append((self._parser.CurrentLineNumber, key))
            self._open[-1].add(key)
            self._key = None


@cache
def _validator() -> Any:
    schema = json.loads(files("compiler.targets.launchd").joinpath("launchd.schema.json").read_text(encoding="utf-8"))
    # JSON knows no difference between 300 and 300.0; launchd does
    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return extend(Draft202012Validator, type_checker=whole)(schema)  # type: ignore[no-untyped-call]  # by its stubs


def _sentence(error: ValidationError) -> str:
    schema: Any = error.schema
    instance: Any = error.instance
    where = ".".join(str(part) for part in error.absolute_path) or "the job"
    if error.validator == "required":
        # jsonschema reports each missing key by itself, and names it in its message alone
        missing = next(key for key in schema["required"] if error.message.startswith(repr(key)))
        return f"{where} lacks {missing}"
    if error.validator == "additionalProperties":
        unknown = sorted(key for key in instance if key not in schema["properties"])
        return f"{where} has keys that launchd ignores: " + ", ".join(
            key + _did_you_mean(key, schema["properties"]) for key in unknown
        )
    if "propertyNames" in error.absolute_schema_path:
        where = f"{where}.{instance}"
    return f"{where} must be {schema['description']}"


def _did_you_mean(key: str, known: Iterable[str]) -> str:
    near = get_close_matches(key, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _secrets(data: Any) -> Iterator[str]:
    for where, text in _strings(data, ()):
        name = where[-1]
        if SECRET_VALUE.search(text):
            yield f"{'.'.join(where)} holds what looks like a secret; it belongs into the environment file"
        elif SECRET_NAME.search(name) and where[0] == "EnvironmentVariables" and text:
            yield f"{'.'.join(where)} has a value; secrets belong into the environment file"
        elif SECRET_FLAG.match(text) and where[0] == "ProgramArguments":
            yield f"{'.'.join(where)} passes a secret as an argument, which every account of the Mac can list"


def _strings(value: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield where or ("the file",), value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings(inner, (*where, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*where, str(index)))


def _label(path: str, job: PropertyList) -> Iterator[str]:
    label = job["Label"]
    if path.rpartition("/")[2] != f"{label}.plist":
        yield f"the file must have the name of its Label, {label}.plist"
    if label.startswith("com.apple.") or (label.startswith("ai.openclaw.") and label != GATEWAY):
        yield f"the label {label} belongs to somebody else: Apple owns com.apple.*, OpenClaw the rest of ai.openclaw.*"


def _account(_path: str, job: PropertyList) -> Iterator[str]:
    user = job.get("UserName")
    if (user is None) != ("LimitLoadToSessionType" in job):
        yield "must have either UserName (a system daemon) or LimitLoadToSessionType (a user agent)"
    if user == "root" and job["Label"] != DEPLOY:
        yield "must not run as root: only the deploy agent does, since only root can replace system daemons"
    if user is not None and "HOME" not in job.get("EnvironmentVariables", {}):
        yield "a system daemon needs HOME in EnvironmentVariables: launchd sets it for agents only"


def _start(_path: str, job: PropertyList) -> Iterator[str]:
    timers = [key for key in ("StartInterval", "StartCalendarInterval") if key in job]
    if len(timers) > 1:
        yield "has both StartInterval and StartCalendarInterval"
    if timers and job.get("KeepAlive", False) is not False:
        yield f"has both KeepAlive and {timers[0]}: it would start again as soon as it is done"
    if not timers and not job.get("RunAtLoad") and job.get("KeepAlive", False) is False:
        yield "nothing starts it: it has no RunAtLoad, KeepAlive, StartInterval or StartCalendarInterval"


def _launch(_path: str, job: PropertyList) -> Iterator[str]:
    arguments: list[str] = job["ProgramArguments"]
    values = {f"EnvironmentVariables.{name}": value for name, value in job.get("EnvironmentVariables", {}).items()}
    command = arguments
    if job.get("Program", arguments[0]) != arguments[0]:
        yield "Program is not the first of ProgramArguments: what runs is Program, what people read is the other"
    if arguments[:2] == ["/bin/sh", "-c"]:
        command = arguments[4:]
        if arguments[2:4] != [launcher(), job["Label"]]:
            yield "ProgramArguments must give /bin/sh the launcher as it is, then the Label"
        if not command or not command[0].startswith("/"):
            yield "ProgramArguments must name the program by an absolute path after the Label"
    values |= {f"ProgramArguments.{len(arguments) - len(command) + i}": value for i, value in enumerate(command)}
    for where, value in values.items():
        if UNEXPANDED.search(value):
            yield f"{where} has a ~ or a variable, which launchd does not expand"


def _environment(_path: str, job: PropertyList) -> Iterator[str]:
    have = job.get("EnvironmentVariables", {})
    for name, (value, reason) in REQUIRED_ENVIRONMENT.get(job["Label"], {}).items():
        if have.get(name) != value:
            yield f"EnvironmentVariables must set {name} to {value}, {reason}"
    for name, below_home in (("OPENCLAW_STATE_DIR", ".openclaw"), ("OPENCLAW_CONFIG_PATH", ".openclaw/openclaw.json")):
        if name in have and have[name] != f"{have.get('HOME')}/{below_home}":
            yield f"EnvironmentVariables.{name} must be {below_home} below HOME, where the verified configuration lies"


RULES: tuple[Callable[[str, PropertyList], Iterable[str]], ...] = (_label, _account, _start, _launch, _environment)
