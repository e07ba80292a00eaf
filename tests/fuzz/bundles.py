"""What an agent reads: bundles of a remote, a signed release on a Mac whose files may hold anything, its own files.

Raised are a Refusal, or ValueError where a reader documents it. A release that the agent found possible is applied,
and taken back, with no other error than these and those of the system.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import plistlib
import sqlite3
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

from deploy.account.refusal import Refusal
from deploy.agent import cursor_settings, intake
from deploy.agent.cursor_settings import DATABASE, KEY, Waiting
from deploy.agent.health import look
from deploy.agent.launchctl import Launchctl, Service
from deploy.agent.ledger import read_ledger, write_ledger
from deploy.agent.log import Log
from deploy.agent.mac import Mac, bring, refuse_unless_possible
from deploy.agent.rollout import refuse_unless_turn
from deploy.agent.settings import Settings, read_settings
from deploy.agent.site import Site
from deploy.agent.state import State, read_state, write_state
from deploy.agent.store import Store
from deploy.release.archive import Release, bundle_name, digest_of, pack, parse_pointer, pointer_name, unpack
from deploy.release.manifest import Entry, Manifest, Origin, manifest_bytes, parse_manifest
from deploy.release.reported import parse_report
from deploy.release.rings import PATH as RINGS
from deploy.release.rings import rings_of
from tests.deploy.desk import MACHINE, hooks, openclaw, plist
from tests.fuzz.doors import Door, Target, emptied, new_folder

#: Between the parts of a door's content; a part's first line says which file the rest is.
BETWEEN = b"\n%%\n"
ON_MAC = "mac "
#: Stands for the Mac's prefix, which hooks must name.
PREFIX = b"PREFIX"
WANTED = {
    "openAIBaseUrl": "https://openrouter.ai/api/v1", "useOpenAIKey": True, "userAddedModels": ["@preset/ide"],
    "modelConfig": {"composer": {"modelName": "@preset/ide", "maxMode": False}},
}  # fmt: skip
RING = {"ring": "first", "machines": ["studio"], "healthy_reports": 2, "enough": 1}
REPORT = {
    "format": "weathervane-agent-status/1", "machine": MACHINE, "sync": {"state": "in-sync", "drift": []},
    "health": {"state": "good"}, "release": {"number": 2, "commit": "a" * 40}, "offer": None, "soaked": 3,
    "at": "2026-05-25T06:00:00+00:00",
}  # fmt: skip
ORIGIN = Origin(2, "a" * 40)


class _Loaded(Launchctl):
    """launchd with nothing in it, which does all that it is told at once."""

    def __init__(self) -> None:
        super().__init__(("gui/501",))
        self._labels: set[str] = set()

    def printed(self, domain: str, label: str) -> Service | None:
        return Service(domain, "running", 7) if label in self._labels and domain != "system" else None

    def unload(self, label: str, exit_seconds: float) -> None:
        self._labels.discard(label)

    def load(self, label: str, file: Path) -> None:
        self._labels.add(label)


class _Offer:
    """A remote with one bundle, named by its own hash."""

    def __init__(self, bundle: bytes) -> None:
        digest = digest_of(bundle)
        self._files = {pointer_name(MACHINE): f"{digest}\n".encode(), bundle_name(digest): bundle}

    def file(self, name: str, limit: int) -> bytes:
        return self._files.get(name, b"a signature")


@cache
def _root() -> Path:
    return new_folder()


def new_mac() -> Mac:
    root = emptied(_root())
    app = root / "Applications/Cursor.app/Contents"
    for folder in (app, root / "home", root / "state", root / "prefix"):
        folder.mkdir(parents=True, mode=0o700)
    (app / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": "3.4.1"}))
    (root / "allowed").touch(0o600)
    home = root / "home"
    site = Site(home, root / "prefix", root / "state", home / "Library/LaunchAgents", root / "Applications", ("gui/1",))
    settings = Settings(MACHINE, {"folder": "/none"}, root / "allowed", prefix=site.prefix, cursor_settings=True)
    return Mac(site, settings, _Loaded(), Log(site.state))


def _trusting() -> contextlib.ExitStack:
    """Nobody is asked: the signature holds, OpenClaw is not installed, its gateway is well, Cursor does not run."""
    stack = contextlib.ExitStack()
    stack.enter_context(patch.object(intake, "verify", lambda *_: None))
    stack.enter_context(patch("deploy.agent.mac.refuse_unless_valid", lambda *_: False))
    stack.enter_context(patch("deploy.agent.health.is_healthy", lambda port: 0 < port < 1 << 16))
    stack.enter_context(patch.object(cursor_settings, "wait_unless_closed", lambda **_: None))
    return stack


def _offered(content: bytes) -> bool:
    """Bytes from nobody we know, in place of a bundle."""
    mac = new_mac()
    with _trusting():
        taken = intake.take_in(_Offer(content), mac.settings, State(), store := Store(mac.site.state))
    assert (taken.release is None) is not (taken.refusal is None)
    assert (taken.release is None) is (store.staged(digest_of(content)) is None), "only what is taken is kept"
    return taken.release is not None


def _sealed(content: bytes) -> bool:
    """Parts of a bundle that somebody signed, on a Mac with parts of its own."""
    mac = new_mac()
    files = _files(content.replace(PREFIX, str(mac.site.prefix).encode()))
    for path, words in files.items():
        if path.startswith(ON_MAC):
            _put(mac, path.removeprefix(ON_MAC), words)
    bundle = bundle_of({path: words for path, words in files.items() if not path.startswith(ON_MAC)})
    with _trusting():
        taken = intake.take_in(_Offer(bundle), mac.settings, State(), Store(mac.site.state))
        return taken.release is not None and _apply(mac, taken.release)


def _apply(mac: Mac, release: Release) -> bool:
    try:
        refuse_unless_turn(release, mac.settings)
        refuse_unless_possible(mac, release)
        bring(mac, release)
        look(mac, release)
        again = bring(mac, release)
        bring(mac, None, is_undoing=True)
    except (Refusal, OSError):
        return False
    assert not again.changed, f"a second pass changes {again.changed}"
    return True


def _files(content: bytes) -> Mapping[str, bytes]:
    parts = (part.partition(b"\n") for part in content.split(BETWEEN))
    return {name.decode("latin-1"): words for name, _, words in parts}


def _put(mac: Mac, path: str, words: bytes) -> None:
    """A file in the Mac's home, where that is possible."""
    file = mac.site.home / path
    with contextlib.suppress(OSError, ValueError):
        if file.resolve().is_relative_to(mac.site.home):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(words)


def bundle_of(files: Mapping[str, bytes]) -> bytes:
    entries = tuple(
        Entry(path, _kind(path), hashlib.sha256(files[path]).hexdigest(), len(files[path]), 0o644)
        for path in sorted(files)
        if len(path) <= 90
    )
    return pack(Manifest(MACHINE, ORIGIN, (), None, entries), files)


def _kind(path: str) -> str:
    first = path.partition("/")[0]
    return first if first in ("cursor", "launchd", "rollout") else "openclaw"


def _row(content: bytes) -> bool:
    """Cursor's row as Cursor, or an extension of it, may have left it."""
    mac = new_mac()
    file = mac.site.home / DATABASE
    file.parent.mkdir(parents=True)
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA user_version = 1")
    database.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    database.execute("INSERT INTO ItemTable VALUES (?, ?)", (KEY, content))
    database.close()
    owned: dict[str, object] = {}
    try:
        with _trusting():
            for wanted in (WANTED, None):
                cursor_settings.converge(wanted, owned, mac.site, lambda mine, _: owned.update(mine))
    except Waiting:
        return False
    return True


def _own(name: str, read: Callable[[Path], object], content: bytes) -> bool:
    """A file of the agent's own, damaged."""
    file = emptied(_root()) / name
    file.write_bytes(content)
    file.chmod(0o600)
    try:
        read(file)
    except Refusal:
        return False
    return True


def _state_again(file: Path) -> None:
    write_state(file.parent, read_state(file.parent))


def _ledger_again(file: Path) -> None:
    write_ledger(file.parent, read_ledger(file.parent))


def _parse(read: Callable[[bytes], object], content: bytes) -> bool:
    try:
        read(content)
    except ValueError:
        return False
    return True


def joined(**files: bytes) -> bytes:
    return BETWEEN.join(path.encode() + b"\n" + words for path, words in files.items())


RELEASE = {
    "openclaw.json": openclaw(gateway={"mode": "local", "port": 18789}),
    "workspace-agents/AGENTS.md": b"Be short.\n",
    "cursor/hooks.json": hooks(Path(PREFIX.decode())),
    "cursor/settings.json": json.dumps(WANTED).encode(),
    "cursor/permissions.json": b"{}\n",
    "cursor/vane-cursor-guard": b"#!/bin/sh\n",
    "launchd/ai.weathervane.mlx.plist": plist("ai.weathervane.mlx", KeepAlive=True, ExitTimeOut=5),
    RINGS: json.dumps({"format": "weathervane-rings/1", "rings": [], "last": "rest"}).encode(),
}
THERE = {
    "mac .openclaw/openclaw.json": openclaw(wizard={"a": 1}),
    "mac .cursor/hooks.json": b'{"version": 1, "hooks": {"stop": [{"command": "say done"}]}}',
    "mac .openclaw/workspace-agents/AGENTS.md": b"Mine.\n<!-- >>> weathervane >>> -->\nold\n",
}
BUNDLE = bundle_of(RELEASE)
AGENT_FILE = {
    "machine": MACHINE, "remote": {"folder": "/srv/releases"}, "allowed_signers": "/etc/signers", "prefix": "/opt/vane",
    "reports": {"git": "https://x/y"}, "keep": 5, "health_seconds": 60, "checkouts": ["/a"], "cursor_settings": True,
}  # fmt: skip


def _written(write: Callable[[Path], None], name: str) -> bytes:
    folder = new_folder()
    write(folder)
    return (folder / name).read_bytes()


TARGET = Target(
    {
        "offered": Door(_offered, (BUNDLE,)),
        "sealed": Door(_sealed, (joined(**RELEASE, **THERE), joined(**RELEASE))),
        "cursor row": Door(_row, (b'{"aiSettings": {"userAddedModels": ["mine"], "modelConfig": {"composer": {}}}}',)),
        "unpack": Door(partial(_parse, unpack), (BUNDLE,)),
        "manifest": Door(partial(_parse, parse_manifest), (manifest_bytes(unpack(BUNDLE).manifest),)),
        "pointer": Door(partial(_parse, parse_pointer), (b"a" * 64 + b"\n",)),
        "rings": Door(
            partial(_parse, lambda content: rings_of({RINGS: content})),
            (json.dumps({"format": "weathervane-rings/1", "rings": [RING], "last": "rest"}).encode(),),
        ),
        "report": Door(partial(_parse, lambda content: parse_report(content, MACHINE)), (json.dumps(REPORT).encode(),)),
        "agent.json": Door(partial(_own, "agent.json", read_settings), (json.dumps(AGENT_FILE).encode(),)),
        "state.json": Door(
            partial(_own, "state.json", _state_again),
            (_written(lambda folder: write_state(folder, State(("a" * 64,), ORIGIN)), "state.json"),),
        ),
        "ledger.json": Door(
            partial(_own, "ledger.json", _ledger_again),
            (_written(lambda folder: write_ledger(folder, read_ledger(folder)), "ledger.json"),),
        ),
    }
)
