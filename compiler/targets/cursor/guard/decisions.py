"""The record of decisions, one JSON line each, and whether the guard works. Never a word of a person or of a file."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import time
from typing import Any

from .events import WIRE
from .rules import cursor, rules_digest, rules_stamp

MOST_BYTES = 8 * 1024 * 1024
#: Files in all: the one that is written, and older ones.
KEPT = 8
LONGEST_LINE = 1024
#: A model's name as Cursor gives it: anything else might be words of a person.
MODEL_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@._:/-]{0,79}")
TICKET = re.compile(r"[!-~]{1,60}")


def state_folder() -> str:
    """Where the record lies: owner-only, below the home of the person."""
    folder = os.path.join(os.path.expanduser("~"), ".cursor", "vane-guard")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def decided(event: dict[str, Any], asked: list[str], labels: list[str], ticket: str | None, reason: str | None) -> None:
    """Write one decision. A record that cannot be written stops nobody: it says so, where Cursor shows it."""
    try:
        append(line(event, asked, labels, ticket, reason))
    except OSError as error:
        print("vane-cursor-guard could not write its record: " + type(error).__name__, file=sys.stderr)


def line(event: dict[str, Any], asked: list[str], labels: list[str], ticket: str | None, reason: str | None) -> bytes:
    """A decision as the ledger reads it. What a call cost Cursor does not tell: there the counts are zero."""
    aliases = cursor()["aliases"]
    alias = next((model for model in asked if model in aliases), None)
    name = WIRE + alias if alias else next(iter(asked), "")
    wanted = name if MODEL_NAME.fullmatch(name) else "?"
    now = time.time_ns() // 1_000_000
    record = {
        "version": 1,
        "id": os.urandom(16).hex(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1000)) + f".{now % 1000:03d}Z",
        "machine": machine(),
        "surface": "cursor",
        "scenario": aliases[alias] if alias else None,
        "agent_run": keyed(event.get("generation_id")),
        "session": keyed(event.get("conversation_id")),
        "labels": labels,
        "ticket": ticket if ticket is None or TICKET.fullmatch(ticket) else "?",
        "wanted": wanted,
        "chosen": None if reason else wanted,
        "action": "block" if reason else "allow",
        "reason": reason,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "cost_usd": None,
        "cost_from": None,
        "calls": 0,
        "tool_calls": 0,
        "tool_errors": 0,
        "outcome": None,
    }
    text = json.dumps(record, separators=(",", ":")) + "\n"
    if len(text) > LONGEST_LINE:  # so many labels that their names do not fit
        text = json.dumps({**record, "labels": labels[:3]}, separators=(",", ":")) + "\n"
    return text.encode()


def machine() -> str:
    """The Mac's name in the fleet, as the deploy agent wrote it; else its own."""
    try:
        with open(os.path.join(os.path.expanduser("~"), ".openclaw", "guard", "machine"), encoding="utf-8") as file:
            name = file.read().strip()
    except OSError:
        name = os.uname().nodename.partition(".")[0]
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:63] or "unknown"


def keyed(value: Any) -> str:
    """A name for a conversation that nobody can turn back into Cursor's own."""
    import hashlib  # not for events that are not recorded

    return hashlib.blake2b(str(value).encode("utf-8", "replace"), digest_size=8, key=salt()).hexdigest()


def salt() -> bytes:
    """The key of this person: made once, whole from the start, and known to nobody else."""
    path = os.path.join(state_folder(), "salt")
    if not os.path.exists(path):
        mine = path + "." + str(os.getpid())
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.urandom(32))
        try:  # noqa: SIM105  # contextlib costs a start
            os.link(mine, path)
        except FileExistsError:
            pass  # another hook was quicker
        os.unlink(mine)
    with open(path, "rb") as file:
        return file.read(32)


def append(text: bytes) -> None:
    """One line at the end, in one write, so that hooks that run at the same time do not mix their lines."""
    path = os.path.join(state_folder(), "decisions.jsonl")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, text)
        if os.fstat(descriptor).st_size >= MOST_BYTES:
            rotate(descriptor, path)
    finally:
        os.close(descriptor)


def rotate(descriptor: int, path: str) -> None:
    """Move the full file to the older ones, unless another hook has just done it."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # not the file: those who wait for it would wait for one that has moved
        if not os.path.exists(path) or os.stat(path).st_ino != os.fstat(descriptor).st_ino:
            return
        older = [path[: -len("jsonl")] + str(number) + ".jsonl" for number in range(1, KEPT)]
        for source, target in reversed(list(zip([path, *older], older, strict=False))):
            if os.path.exists(source):
                os.replace(source, target)
    finally:
        os.close(folder)


def ready() -> None:
    """Say that the guard works, by which data."""
    report(None)


def unready(problem: str) -> None:
    """Say that the guard blocks, and why."""
    report(problem)


def report(problem: str | None) -> None:
    """Write status.json where something changed. It is written whole, or not at all."""
    try:
        path = os.path.join(state_folder(), "status.json")
        known = status(path)
        said = {"ok": problem is None, "problem": problem, "policy": rules_stamp()}
        if {key: known.get(key) for key in said} == said:
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        mine = path + "." + str(os.getpid())
        with open(mine, "w", encoding="utf-8") as file:
            json.dump({**said, "policy_sha256": rules_digest(), "at": now, "started": now}, file)
        os.replace(mine, path)
    except OSError as error:
        print("vane-cursor-guard could not write its status: " + type(error).__name__, file=sys.stderr)


def status(path: str) -> dict[str, Any]:
    """What was said last; nothing where that cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
