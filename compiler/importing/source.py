"""The file to import → plain data: JSON, JSON5 or YAML, as its own program reads it; and which format it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.importing.findings import INCLUDE, UNREADABLE
from compiler.redact import SECRET

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
_MAX_ALIASES = 1000
_SKELETON = frozenset({"token_track", "dollar_track", "gray_pool"})
_OPENCLAW = frozenset({"agents", "models", "gateway", "channels", "agent"})
_KEY_NAME = re.compile(r"(?i)(api[-_]?key|token|secret|password|passphrase|authorization|private[-_]?key|_key)$")
#: Names of variables instead of values, as OpenClaw and LiteLLM write them.
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Z_][A-Z0-9_]*|os\.environ/\S+|secretref:\S+")


def read_source(path: Path) -> tuple[dict[str, Any], str]:
    """The content of a file and its format. Raises PolicyError where nothing sensible can be read."""
    data = _parsed(_text(path), path)
    if not isinstance(data, dict):
        raise _refused(path, "it holds no keys and values")
    if too_deep := next((key for key, _ in walk(data) if key.count("\x00") > MAX_DEPTH), None):
        raise _refused(path, f"values are nested more than {MAX_DEPTH} deep below {too_deep.split(chr(0))[0]!r}")
    if includes := sorted(shown(key) for key, _ in walk(data) if key.rpartition("\x00")[2] == "$include"):
        raise PolicyError([INCLUDE.at(Place(path.name), f"{key}: another file's content") for key in includes])
    kind = _format(data, path)
    if kind == "litellm" and data.get("include"):
        raise PolicyError([INCLUDE.at(Place(path.name), "include: another file's content")])
    return data, kind


def _text(path: Path) -> str:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise _refused(path, "it is not a regular file")
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise _refused(path, f"it is larger than {MAX_BYTES:,} bytes")
        return raw.decode("utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise _refused(path, error.strerror or "it cannot be opened") from error
    except UnicodeDecodeError as error:
        raise _refused(path, f"byte {error.start + 1} is not UTF-8") from error


def _parsed(text: str, path: Path) -> Any:
    try:
        return _yaml(text, path) if path.suffix.lower() in (".yaml", ".yml") else _json5(text)
    except RecursionError as error:
        raise _refused(path, "it is nested too deeply") from error
    except ValueError as error:
        said = re.sub(r"^<string>:", "line ", str(error))
        line = re.search(r"line (\d+)", said)
        raise _refused(path, f"no JSON5: {said}", int(line[1]) if line else 1) from error


def _json5(text: str) -> Any:
    """OpenClaw reads JSON5. Plain JSON, as its own tools write it, takes the fast way: the JSON5 parser is slow."""
    try:
        return json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError:
        import json5  # only files with comments and the like need it

        return json5.loads(text, parse_float=_decimal)


def _decimal(text: str) -> Any:
    return Decimal(text)


def _yaml(text: str, path: Path) -> Any:
    """YAML as LiteLLM reads it (PyYAML, YAML 1.1), within limits: the C parser recurses without one."""
    import yaml

    depth = aliases = 0
    try:
        for event in yaml.parse(text, yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            aliases += isinstance(event, yaml.AliasEvent)
            if depth > MAX_DEPTH or aliases > _MAX_ALIASES:
                raise _refused(path, "it is nested too deeply, or has too many aliases")
        return _without_floats(yaml.load(text, yaml.CSafeLoader), [100_000])
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(path, f"no YAML: {error.problem or error.context}", mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise _refused(path, "no YAML") from error


def _without_floats(data: Any, room: list[int]) -> Any:
    """Money is never a float. `room` bounds what aliases can expand to."""
    room[0] -= 1
    if room[0] < 0:
        raise RecursionError
    if isinstance(data, dict):
        return {str(key): _without_floats(value, room) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_floats(value, room) for value in data]
    return Decimal(repr(data)) if isinstance(data, float) else data


def _format(data: Mapping[str, Any], path: Path) -> str:
    if _SKELETON & data.keys():
        return "skeleton"
    if "model_list" in data:
        return "litellm"
    if _OPENCLAW & data.keys():
        return "openclaw"
    raise _refused(path, "it is no openclaw.json (no `agents`), no LiteLLM config (no `model_list`) and no skeleton "
                   "(no `token_track`)")  # fmt: skip


def walk(data: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below `data` with its keys, joined by NUL; iterative, so that depth costs no stack."""
    waiting = [(key, data)]
    while waiting:
        at, value = waiting.pop()
        if at:
            yield at, value
        below = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        waiting += [(f"{at}\x00{step}" if at else str(step), each) for step, each in below]


def shown(key: str) -> str:
    """A key of `walk` as people write it."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", key.replace("\x00", "."))


def literal_keys(data: Any) -> tuple[str, ...]:
    """Keys that hold a credential itself, not the name of the variable that does. Values are never looked at again."""
    found = []
    for key, value in walk(data):
        if not isinstance(value, str) or not value or _VARIABLE.fullmatch(value.strip()):
            continue
        if SECRET.search(value) or (_KEY_NAME.search(key.rpartition("\x00")[2]) and not value.isspace()):
            found.append(shown(key))
    return tuple(sorted(found))


def _refused(path: Path, why: str, line: int = 1) -> PolicyError:
    return PolicyError([UNREADABLE.at(Place(path.name, line), f"{path.name!r}: {why}")])
