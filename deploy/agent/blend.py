"""Files that the agent shares: OpenClaw notes in its own file, people have hooks, ignore lines and instructions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

GUARD = "/vane-cursor-guard"
#: What OpenClaw itself writes into openclaw.json.
_OPENCLAW_OWN = ("meta", "wizard")


@dataclass(frozen=True, slots=True)
class Blend:
    """`into` puts ours into what is there, and returns the very same bytes where that says the same already;
    `out_of` is what is left without ours, None where that is nothing; `essence` is our part, by which we know whether
    a person changed it.
    """

    into: Callable[[bytes, bytes | None], bytes]
    out_of: Callable[[bytes], bytes | None]
    essence: Callable[[bytes], bytes]


def _whole_in(ours: bytes, there: bytes | None) -> bytes:
    return ours


def _nothing_left(there: bytes) -> bytes | None:
    return None


def _all(content: bytes) -> bytes:
    return content


def _openclaw_in(ours: bytes, there: bytes | None) -> bytes:
    """Keys that OpenClaw writes are kept as they are; all others are ours."""
    found, wanted = _object(there), _object(ours)
    if found is None or wanted is None:
        return ours
    for key in _OPENCLAW_OWN:
        if isinstance(found.get(key), dict):
            wanted[key] = {**_dict(wanted.get(key)), **found[key]}
    return there if there is not None and wanted == found else _written(wanted)


def _openclaw_essence(content: bytes) -> bytes:
    if (data := _object(content)) is None:
        return content
    return json.dumps({key: data[key] for key in data.keys() - _OPENCLAW_OWN}, sort_keys=True).encode()


def _hooks_in(ours: bytes, there: bytes | None) -> bytes:
    """People's own hooks run beside ours: a refusal of any of them counts."""
    found, wanted = _object(there), _object(ours)
    if found is None or wanted is None or not isinstance(found.get("hooks"), dict):
        return ours
    hooks = wanted["hooks"] = _dict(wanted.get("hooks"))
    for event, entries in _foreign_hooks(found).items():
        ours_then = _list(hooks.get(event))  # also those that this agent does not know: else they came again each pass
        hooks[event] = [*ours_then, *(entry for entry in entries if entry not in ours_then)]
    return there if there is not None and wanted == found else _written(wanted)


def _hooks_out(there: bytes) -> bytes | None:
    found = _object(there)
    if found is None or not isinstance(found.get("hooks"), dict):
        return there
    left = _foreign_hooks(found)
    return _written({**found, "hooks": left}) if left else None


def _hooks_essence(content: bytes) -> bytes:
    found = _object(content)
    hooks = found.get("hooks") if found else None
    if not isinstance(hooks, dict):
        return content
    ours = {event: [entry for entry in _list(entries) if _is_ours(entry)] for event, entries in hooks.items()}
    return json.dumps({event: entries for event, entries in ours.items() if entries}, sort_keys=True).encode()


def _foreign_hooks(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    left = {}
    for event, entries in data["hooks"].items():
        if foreign := [entry for entry in _list(entries) if not _is_ours(entry)]:
            left[event] = foreign
    return left


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_ours(entry: Any) -> bool:
    return isinstance(entry, dict) and str(entry.get("command", "")).endswith(GUARD)


def _ignore_in(ours: bytes, there: bytes | None) -> bytes:
    """Ours stand last: a line that gives files back must not come after them."""
    foreign = _IGNORE.removed_from(there or b"").rstrip(b"\n")
    return (foreign + b"\n\n" if foreign.strip() else b"") + _IGNORE.around(ours)


def _ignore_essence(content: bytes) -> bytes:
    """Our block, and whatever comes after it: that could give files back."""
    _, start, rest = content.partition(_IGNORE.start)
    return start + rest


def _instructions_in(ours: bytes, there: bytes | None) -> bytes:
    """Ours are read first; what people and OpenClaw wrote for the same agent stays below."""
    foreign = _INSTRUCTIONS.removed_from(there or b"").strip(b"\n")
    return _INSTRUCTIONS.around(ours) + (b"\n" + foreign + b"\n" if foreign.strip() else b"")


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of ours between two marks, in a file that is otherwise others'."""

    start: bytes
    end: bytes

    def around(self, ours: bytes) -> bytes:
        return b"%b\n%b\n%b\n" % (self.start, ours.rstrip(), self.end)

    def removed_from(self, content: bytes) -> bytes:
        before, start, rest = content.partition(self.start)
        _, end, after = rest.partition(self.end)
        return before + after.lstrip(b"\n") if start and end else content

    def left_without(self, content: bytes) -> bytes | None:
        foreign = self.removed_from(content)
        return foreign.rstrip(b"\n") + b"\n" if foreign.strip() else None

    def alone(self, content: bytes) -> bytes:
        _, start, rest = content.partition(self.start)
        ours, end, _ = rest.partition(self.end)
        return start + ours + end


_IGNORE = _Block(b"# >>> weathervane >>>", b"# <<< weathervane <<<")
_INSTRUCTIONS = _Block(b"<!-- >>> weathervane >>> -->", b"<!-- <<< weathervane <<< -->")


def _object(content: bytes | None) -> dict[str, Any] | None:
    try:
        data = json.loads(content) if content is not None else None
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _written(data: Mapping[str, Any]) -> bytes:
    """Half of a surrogate pair, which UTF-8 cannot hold, stays the escape that it was."""
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


BLENDS: Mapping[str, Blend] = {
    "whole": Blend(_whole_in, _nothing_left, _all),
    "openclaw": Blend(_openclaw_in, _nothing_left, _openclaw_essence),
    "hooks": Blend(_hooks_in, _hooks_out, _hooks_essence),
    "ignore": Blend(_ignore_in, _IGNORE.left_without, _ignore_essence),
    "instructions": Blend(_instructions_in, _INSTRUCTIONS.left_without, _INSTRUCTIONS.alone),
}
