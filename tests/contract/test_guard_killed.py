"""The gateway is killed in the middle of a turn: what its guard knows afterwards, and what it does with torn files."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.contract.guards import Guarded, configuration, guarded, stub
from tests.contract.turns import key_of
from tests.fakes.upstream import Answer, Call, tokens

KEY = "sk-" + "0a1B" * 8
USAGE = tokens(100, 20, cost=0.05)


def _counted(state: Path) -> int:
    """All tokens that the saved counters hold; none before they were saved."""
    file = state / "counters.json"
    hours = json.loads(file.read_text("utf-8"))["hours"] if file.exists() else []
    return sum(int(each["total"]) for _, each in hours)


def _logged(bench: Guarded) -> int:
    """All tokens of the log."""
    return sum(int(line["prompt_tokens"]) + int(line["completion_tokens"]) for line in bench.lines)


def test_counters_are_right_again_after_a_kill(tmp_path: Path) -> None:
    home, killed = tmp_path / "home", threading.Event()
    state = home / ".openclaw" / "guard" / "state"

    def rule(call: Call) -> Answer:
        if "hold the line" in call.text:
            killed.wait(300)
        return Answer(usage=USAGE)

    with stub(tmp_path) as (upstream, certificate):
        upstream.rule = rule
        with guarded(home, upstream, certificate) as bench, ThreadPoolExecutor(1) as pool:
            for _ in range(3):
                assert bench.gateway.ask("agent-loops", "Say hello.").status_code == 200
            assert bench.gateway.ask("security-audit", "Say hello. SEC-1").status_code == 200
            open_turn = pool.submit(bench.gateway.ask, "agent-loops", "hold the line")
            upstream.wait_for(lambda call: "hold the line" in call.text, 120)
            assert bench.gateway.process is not None
            bench.gateway.process.kill()
            bench.gateway.process.wait(60)
            killed.set()
            assert isinstance(open_turn.exception(120), httpx.TransportError)
            before = bench.lines
            assert [line["cost_usd"] for line in before if line["scenario"] == "security-audit"] == ["0.05"]
            assert {line["cost_from"] for line in before} == {"provider"}

            # the guard also runs where no gateway does
            leak = bench.gateway.run("agent", "--local", "--agent", "gray-trials", "--message", f"key {KEY}", "--json")
            assert leak.returncode == 0, leak.stdout + leak.stderr
            assert {key_of(call) for call in upstream.calls if KEY in call.text} == {"token"}
            after_local = bench.lines
            assert [line["labels"] for line in after_local[len(before) :]] == [["credentials"]]

        (state / "counters.json").write_text('{"hours": [[', "utf-8")
        with (state / "decisions.jsonl").open("a", encoding="utf-8") as log:
            log.write('{"version":1,"id":"0a')
        with guarded(home, upstream, certificate, configuration(upstream.mlx.port)) as bench:
            assert bench.gateway.ask("agent-loops", "Say hello.").status_code == 200
            # half a line is no line; OpenClaw itself takes up the turn that the kill broke off, sooner or later
            bench.wait_for_lines(len(after_local) + 1)
            assert bench.lines[: len(after_local)] == after_local
            assert bench.status["ok"] is False and "counters.json" in bench.status["problem"]
            assert any(file.name.startswith("counters.json.corrupt-") for file in state.iterdir())
            deadline = time.monotonic() + 60
            while _counted(state) != _logged(bench):  # the counters are saved some seconds after a line
                assert time.monotonic() < deadline, (_counted(state), bench.lines)
                time.sleep(0.1)
        served = 120 * sum(key_of(call) != "local" for call in upstream.calls)
        assert served - _logged(bench) <= 2 * 120  # what was under way when the gateway was killed, and when it stopped
