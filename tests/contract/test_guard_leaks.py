"""Labelled text on its way to the gray model, by every way that OpenClaw has: what the wire shows of each.

The guard runs as compiled, on the gateway Mac's own files. Not as compiled: one agent more, `loose`, whose chain and
allow list a careless hand has opened for the gray model; a web hook; and a gray share of one, so that nothing but the
label stands between the text and the gray model.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.contract.gateway import COMMAND_PATIENCE, TOKEN_VARIABLE, overlay
from tests.contract.guards import Guarded, guarded, stub
from tests.contract.table import Row
from tests.contract.turns import FILES, NUMBERS, TOLD, Bench, key_of
from tests.fakes.upstream import NO_CREDITS, Call

OWL, HY = "openrouter-gray/openrouter/owl-alpha", "openrouter/tencent/hy3-preview"
GRAY = "openrouter/owl-alpha"
KEY = f"sk-{secrets.token_hex(16)}"
#: A chat of OpenClaw shortens keys before anybody reads them; a card number it leaves alone.
CARD = "4111 1111 1111 1111"
HOOK_TOKEN = secrets.token_hex(16)
#: A picture of one pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="


@dataclass(frozen=True, slots=True)
class Scene:
    """The gateway, its guard, and the rows that a run prints."""

    bench: Bench
    guard: Guarded

    def session(self, agent: str) -> str:
        return f"agent:{agent}:leak-{next(NUMBERS)}"


def _loose(data: dict[str, Any]) -> None:
    """The agent that a careless hand has opened."""
    chain = {"primary": HY, "fallbacks": [OWL]}
    entries = data["agents"]["entries"]
    entries["loose"] = entries["gray-trials"] | {
        "workspace": "~/.openclaw/workspace-loose",
        "model": chain,
        "models": {OWL: {}, HY: {}},
        "modelPolicy": {"allow": [HY, OWL]},
        "subagents": {"model": chain, "allowAgents": []},
    }


def _policy() -> dict[str, Any]:
    """The guard's data with the loose agent in it, and with room for every gray turn."""
    data: dict[str, Any] = json.loads(FILES["guard/guard.json"])
    scenarios = data["scenarios"]
    known = {each["model"]: each for name in scenarios for each in scenarios[name]["candidates"]}
    scenarios["loose"] = scenarios["gray-trials"] | {"candidates": [known[HY], known[OWL]]}
    return data | {"gray": data["gray"] | {"max_share": "1"}}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, seen: list[Row]) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("leaks")
    with stub(folder) as (upstream, certificate):
        content = json.loads(overlay(FILES["openclaw.json"], upstream.mlx.port, {}))
        _loose(content)
        mapping = {
            "match": {"path": "news"},
            "action": "agent",
            "agentId": "gray-trials",
            "messageTemplate": "{{text}}",
        }
        content["hooks"] = {"enabled": True, "token": HOOK_TOKEN, "mappings": [mapping]}
        with guarded(folder / "home", upstream, certificate, json.dumps(content).encode()) as guard:
            guard.policy(_policy())
            bench = Bench(guard.gateway, upstream, seen)
            upstream.rule = bench.decide
            for agent in ("gray-trials", "loose"):  # a gray turn waits until it is known what one takes
                assert guard.gateway.ask(agent, "Say hello.").status_code == 200
            guard.wait_for_lines(2)
            yield Scene(bench, guard)


def is_told(call: Call, text: str) -> bool:
    """Whether a model reads a text that it did not write itself."""
    return any(message["role"] != "assistant" and text in json.dumps(message) for message in call.body["messages"])


def primary(scene: Scene, text: str) -> None:
    assert scene.bench.gateway.ask("gray-trials", text).status_code == 200


def history(scene: Scene, text: str) -> None:
    """The text came earlier in the session."""
    session = scene.session("gray-trials")
    scene.bench.gateway.ask("gray-trials", text, session=session)
    assert scene.bench.gateway.ask("gray-trials", "And now?", session=session).status_code == 200


def fallback(scene: Scene, text: str) -> None:
    scene.bench.script[text, "tencent/hy3-preview"] = NO_CREDITS
    scene.bench.gateway.ask("loose", text)


def header(scene: Scene, text: str) -> None:
    scene.bench.gateway.ask("loose", text, model=OWL)


def command(scene: Scene, text: str) -> None:
    """`/model`, then the text."""
    session = scene.session("loose")
    assert "Model set to" in scene.bench.gateway.chat(session, f"/model {OWL}")
    scene.bench.gateway.chat(session, text)


def task(scene: Scene, text: str) -> None:
    """A sub-agent's task, written by a model of an agent that may not see it."""
    told = scene.bench.use_tool("gray-trials", "sessions_spawn", {"task": text})
    assert "labelled" in told


def child(scene: Scene, text: str) -> None:
    """A sub-agent of a labelled session, whose own task shows no label."""
    session = scene.session("gray-trials")
    scene.bench.gateway.ask("gray-trials", text, session=session)
    mark = f"[child {next(NUMBERS)}]"
    scene.bench.use_tool("gray-trials", "sessions_spawn", {"task": f"Say hello. {mark}"}, session)
    asked = scene.bench.upstream.wait_for(lambda call: mark in call.text and TOLD not in call.text, COMMAND_PATIENCE)
    assert asked.model != GRAY


def compaction(scene: Scene, text: str) -> None:
    session = scene.session("gray-trials")
    for part in range(3):
        filler = "A line of a report that goes on and on. " * 1500
        scene.bench.gateway.ask("gray-trials", f"[{part}] {text} {filler}", session=session)
    done = scene.bench.gateway.call("sessions.compact", {"key": session})
    assert done.returncode == 0, done.stdout + done.stderr


def picture(scene: Scene, text: str) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    scene.bench.gateway.ask("gray-trials", [{"type": "text", "text": text}, image])


def cron(scene: Scene, text: str) -> None:
    job = {
        "name": "leak",
        "agentId": "gray-trials",
        "schedule": {"kind": "at", "at": "2035-01-01T00:00:00Z"},
        "sessionTarget": "isolated",
        "payload": {"kind": "agentTurn", "message": text},
        "delivery": {"mode": "none"},
    }
    added = scene.bench.gateway.call("cron.add", job)
    assert added.returncode == 0, added.stdout + added.stderr
    ran = scene.bench.gateway.call("cron.run", {"id": json.loads(added.stdout)["id"], "mode": "force"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    scene.bench.upstream.wait_for(lambda call: text in call.text, COMMAND_PATIENCE)


def webhook(scene: Scene, text: str) -> None:
    url = f"http://127.0.0.1:{scene.bench.gateway.port}/hooks/news"
    answer = httpx.post(url, json={"text": text}, headers={"Authorization": f"Bearer {HOOK_TOKEN}"}, timeout=60)
    assert answer.status_code < 300, answer.text
    scene.bench.upstream.wait_for(lambda call: text in call.text, COMMAND_PATIENCE)


WAYS: Mapping[str, Callable[[Scene, str], None]] = {
    each.__name__: each
    for each in (primary, history, fallback, header, command, task, child, compaction, picture, cron, webhook)
}


def test_the_gray_model_is_asked_where_no_label_stands_in_the_way(scene: Scene) -> None:
    """Else the refusals below would prove nothing."""
    for agent, model in (("gray-trials", None), ("loose", OWL)):
        mark = f"[open {next(NUMBERS)}]"
        assert scene.bench.gateway.ask(agent, f"Say hello. {mark}", model=model).status_code == 200
        assert {call.model for call in scene.bench.calls_with(mark)} == {GRAY}


@pytest.mark.parametrize("way", WAYS)
def test_labelled_text_never_reaches_the_gray_model(scene: Scene, way: str) -> None:
    mark = f"[leak {next(NUMBERS)}]"
    before = len(scene.guard.lines)
    WAYS[way](scene, f"The key is {KEY}, the card {CARD}. {mark}")
    readers = [f"{call.model} [{key_of(call)}]" for call in scene.bench.upstream.calls if is_told(call, mark)]
    made = {f"{line['action']} {line['reason'] or ''}".strip() for line in scene.guard.lines[before:]}
    scene.bench.seen.append(
        Row(
            "guard",
            f"labelled text by {way}",
            " ".join(dict.fromkeys(readers)) or "nobody",
            "-",
            ", ".join(sorted(made)),
        )
    )
    assert not any(GRAY in reader for reader in readers)


@pytest.mark.parametrize("file", ["secrets/plan.txt", "notes.txt"])
def test_a_tool_brings_no_labelled_file_to_a_model_that_may_not_see_it(scene: Scene, file: str) -> None:
    """One by its path, the other by what is in it."""
    path = scene.bench.gateway.folder / ".openclaw" / "workspace-gray-trials" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"the key is {KEY}", "utf-8")
    before = len(scene.bench.upstream.calls)
    told = scene.bench.use_tool("gray-trials", "read", {"path": str(path)})
    assert "credentials" in told and "may not see it" in told
    assert not any(KEY in call.text for call in scene.bench.upstream.calls[before:])
    scene.bench.seen.append(Row("guard", f"a tool reads {file}", "nobody", "-", "withheld"))


def test_without_its_data_the_guard_lets_only_models_of_the_mac_answer(scene: Scene) -> None:
    file = scene.guard.folder / "guard.json"
    good = file.read_bytes()
    file.write_bytes(b"{")
    try:
        mark = f"[unreadable {next(NUMBERS)}]"
        answer = scene.bench.gateway.ask("agent-loops", f"Say hello. {mark}")
        assert "cannot read its policy" in answer.text
        assert scene.bench.gateway.ask("private-desk", f"Say hello. {mark}").status_code == 200
        assert {key_of(call) for call in scene.bench.calls_with(mark)} == {"local"}
        assert scene.guard.status["ok"] is False and "guard.json" in scene.guard.status["problem"]
    finally:
        file.write_bytes(good)
    assert scene.bench.gateway.ask("agent-loops", "Say hello.").status_code == 200
    assert scene.guard.status["ok"] is True


def test_what_openrouter_says_is_left_counts(scene: Scene) -> None:
    """The log knows of no dollar yet, OpenRouter says that the key is used up: the token track takes over."""
    scene.bench.upstream.limit_remaining = 0
    session, deadline = scene.session("security-audit"), time.monotonic() + COMMAND_PATIENCE
    keys: set[str] = set()
    while keys != {"token"} and time.monotonic() < deadline:
        mark = f"[dollar {next(NUMBERS)}]"
        assert scene.bench.gateway.ask("security-audit", f"SEC-1 {mark}", session=session).status_code == 200
        keys = {key_of(call) for call in scene.bench.calls_with(mark)}
    assert keys == {"token"}
    assert scene.guard.lines[-1]["reason"] == "cap"


def test_the_guard_kept_no_text(scene: Scene) -> None:
    for file in (scene.guard.folder / "state").iterdir():
        content = file.read_bytes()
        assert KEY.encode() not in content and b"Say hello" not in content, file.name
        assert file.stat().st_mode & 0o077 == 0, file.name
    assert TOKEN_VARIABLE not in json.dumps(scene.guard.lines)
