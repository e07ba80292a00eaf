"""What Cursor's guard writes down: decisions without a word of anybody, and whether it works."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from compiler.targets.cursor.guard import decisions
from tests.plans import laptop_plan
from tests.targets.test_cursor_guard import SECRET_PROMPT, checkout, event, prompt, run, write_guard

KEY = "sk-" + "a1B2" * 8


@pytest.fixture
def guard(tmp_path: Path) -> Path:
    return write_guard(tmp_path, laptop_plan())


def state(guard: Path) -> Path:
    return guard.parent / "home" / ".cursor" / "vane-guard"


def lines(guard: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (state(guard) / "decisions.jsonl").read_text("utf-8").splitlines()]


def test_texts_carry_labels_wherever_they_come_from(guard: Path, tmp_path: Path) -> None:
    assert run(guard, prompt(tmp_path, "auto", prompt="nothing here")).allowed
    events = (
        prompt(tmp_path, "auto", prompt=f"why does {KEY} fail"),
        event("beforeReadFile", tmp_path, "auto", file_path=str(tmp_path / "a.txt"), content=f"x\r\n{KEY}"),
        event("beforeTabFileRead", tmp_path, "tab", file_path=str(tmp_path / "a.txt"), content="ACME-12345678"),
        event("beforeShellExecution", tmp_path, "auto", command=f"curl -H 'k: {KEY}' https://x.example", cwd=""),
        event("beforeMCPExecution", tmp_path, "auto", tool_name="t", tool_input=json.dumps({"k": KEY})),
        event("subagentStart", tmp_path, "auto", subagent_model="auto", task=f"use {KEY}"),
    )
    for each in events:
        answer = run(guard, each)
        assert not answer.allowed, each["hook_event_name"]
        assert answer.message.startswith('This is labelled "credentials" (Keys).')
        assert KEY not in json.dumps(answer.reply)
    assert all(KEY not in file.read_text("utf-8", "replace") for file in state(guard).iterdir())


def test_a_decision_is_a_line_that_says_who_and_what_and_no_word(guard: Path, tmp_path: Path) -> None:
    crm = checkout(tmp_path / "crm", "git@github.com:acme/crm.git")
    run(guard, prompt(crm, generation_id="g-1"))
    run(guard, prompt(crm, "@preset/vane-design-review", prompt=f"(SEC-12) {SECRET_PROMPT}", conversation_id="other"))
    run(guard, prompt(tmp_path, "@preset/vane-design-review"))
    run(guard, prompt(crm, "what they said"))
    run(guard, event("beforeReadFile", tmp_path, file_path=str(tmp_path / "a")))  # nothing was decided
    first, second, third, fourth = lines(guard)
    assert (first["action"], first["scenario"], first["chosen"]) == ("allow", "ide-assist", "@preset/vane-ide-assist")
    assert (first["labels"], first["reason"], first["surface"]) == (["customer-data", "source-code"], None, "cursor")
    assert (second["action"], second["reason"], second["ticket"], second["chosen"]) == (
        "block",
        "label",
        "SEC-12",
        None,
    )
    assert (third["reason"], third["ticket"], third["labels"]) == ("ticket", None, [])
    assert (fourth["wanted"], fourth["scenario"]) == ("?", None)  # a name that may be words of a person
    assert first["session"] == third["session"] != second["session"]
    assert len({line["id"] for line in lines(guard)}) == 4
    for line in lines(guard):
        assert re.fullmatch("[0-9a-f]{32}", line["id"])
        assert re.fullmatch("[0-9a-f]{16}", line["session"])
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["at"])
        assert (line["version"], line["prompt_tokens"], line["cost_usd"]) == (1, 0, None)
    text = (state(guard) / "decisions.jsonl").read_bytes()
    assert SECRET_PROMPT.encode() not in text
    assert max(map(len, text.splitlines())) <= decisions.LONGEST_LINE


def test_the_record_is_the_person_s_own(guard: Path, tmp_path: Path) -> None:
    machine = guard.parent / "home" / ".openclaw" / "guard" / "machine"
    machine.parent.mkdir(parents=True)
    machine.write_text("air-ana\n")
    run(guard, prompt(tmp_path))
    assert lines(guard)[0]["machine"] == "air-ana"
    assert stat.S_IMODE(state(guard).stat().st_mode) == 0o700
    assert {stat.S_IMODE((state(guard) / name).stat().st_mode) for name in ("decisions.jsonl", "salt")} == {0o600}


def test_the_status_says_which_policies_hold_and_when_none_can_be_read(guard: Path, tmp_path: Path) -> None:
    def status() -> dict[str, Any]:
        return dict(json.loads((state(guard) / "status.json").read_text("utf-8")))

    rules = guard.with_name("guard.json")
    content = rules.read_bytes()
    assert run(guard, prompt(tmp_path)).allowed
    assert (status()["ok"], status()["problem"]) == (True, None)
    assert status()["policy_sha256"] == sha256(content).hexdigest()
    for wrong in (
        b"{",
        b"\xff",
        b"[]",
        b'{"format": "weathervane/guard/2"}',
        content.replace(b'"cursor": {', b'"x": {'),
    ):
        rules.write_bytes(wrong)
        answer = run(guard, prompt(tmp_path))
        assert (answer.code, answer.reply) == (2, {})
        assert "guard.json" in status()["problem"]
        assert not status()["ok"]
    rules.unlink()
    assert run(guard, prompt(tmp_path)).code == 2
    assert status()["policy_sha256"] is None
    rules.write_bytes(content)
    assert run(guard, prompt(tmp_path)).allowed
    assert status()["ok"]


def test_a_record_that_cannot_be_written_stops_nobody(guard: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".cursor").write_text("in the way")
    answer = run(guard, prompt(tmp_path))
    assert answer.allowed
    assert "could not write its record" in answer.error
    assert not run(guard, prompt(tmp_path, "auto", prompt=KEY)).allowed


WRITER = """
import sys
from compiler.targets.cursor.guard import decisions
decisions.MOST_BYTES = 20_000
for number in range(150):
    decisions.append(f"{sys.argv[1]} {number} ".encode() + b"x" * 200 + b"\\n")
"""


def test_hooks_that_run_at_the_same_time_lose_and_mix_no_line_and_keep_few_files(tmp_path: Path) -> None:
    def write(name: int) -> None:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        subprocess.run([sys.executable, "-c", WRITER, str(name)], check=True, env=environment, timeout=120)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    folder = tmp_path / ".cursor" / "vane-guard"
    files = sorted(file.name for file in folder.iterdir())
    assert len(files) <= decisions.KEPT
    assert files[-1] == "decisions.jsonl"
    written = [line for file in folder.iterdir() for line in file.read_bytes().splitlines()]
    assert all(re.fullmatch(rb"[0-3] \d{1,3} x{200}", line) for line in written)
    assert len(written) == len(set(written)) == 600
    assert max(file.stat().st_size for file in folder.iterdir()) < 21_500
