"""A run from its options to its rows."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from harness.bench.store import read_run, unit_of
from tests.fakes.chat import COST, KEY, Call, Reply, said
from tests.runs.conftest import Desk, suite_of, text_case, tool_case
from tests.shipped import edit

OPENROUTER = ("--leg", "openrouter")


def test_every_leg_is_asked_with_the_same_body_and_its_own_model_and_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"OPENROUTER_TOKEN_KEY": "token-key", "OPENCLAW_GATEWAY_TOKEN": "gateway-key"}
    for variable, key in keys.items():
        monkeypatch.setenv(variable, key)
    desk.chat.keys = {"token-key", "gateway-key", None}  # type: ignore[arg-type]
    desk.use(suite_of(tool_case("one")))
    done = desk.run("--repeats", "1", "--seed", "7")
    assert (done.code, done.err.count("error")) == (0, 1)
    by_model = {call.model: call for call in desk.chat.calls}
    assert {model: call.bearer for model, call in by_model.items()} == {
        "default_model": None, "deepseek/deepseek-v4-flash": "token-key", "openclaw/private-desk": "gateway-key",
    }  # fmt: skip
    same = [{k: v for k, v in call.body.items() if k not in ("model", "provider")} for call in desk.chat.calls]
    assert same[0] == same[1] == same[2]
    assert (same[0]["temperature"], same[0]["seed"], same[0]["max_tokens"], same[0]["stream"]) == (0, 7, 50, True)
    provider = by_model["deepseek/deepseek-v4-flash"].body["provider"]
    assert (provider["data_collection"], provider["sort"]) == ("deny", "price")
    assert {call.path for call in desk.chat.calls} == {"/api/v1/chat/completions"}


def test_rows_say_what_came_back(desk: Desk) -> None:
    desk.run(*OPENROUTER, "--repeats", "2")
    rows = desk.kept.attempts
    assert Counter(unit_of(row) for row in rows) == {
        ("openrouter", case, repeat, ""): 1 for case in ("one", "two", "three") for repeat in (1, 2)
    }
    one = next(row for row in rows if row.case == "one")
    assert (one.answered_by, one.provider, one.http_status) == ("deepseek/deepseek-v4-flash", "Stub", 200)
    assert (one.cost_usd, one.cost_basis) == (Decimal(COST), "billed")
    assert one.grade and one.grade.success
    three = next(row for row in rows if row.case == "three")
    assert three.grade and three.grade.failure == "no_call"


def test_the_seed_decides_the_order_and_repeats_come_whole(desk: Desk) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(10))))
    orders = []
    for seed in ("1", "1", "2"):
        desk.file.unlink(missing_ok=True)
        desk.run(*OPENROUTER, "--repeats", "2", "--seed", seed)
        orders.append([row.case for row in desk.kept.attempts])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0][:10]) == sorted(orders[0][10:])
    assert orders[0][:10] != orders[0][10:]


def test_warm_ups_are_rows_that_never_count(desk: Desk) -> None:
    desk.use(suite_of(text_case("one"), text_case("two"), tool_case("three")))
    desk.run(*OPENROUTER, "--repeats", "1", "--warm-up", "2")
    warm = [row for row in desk.kept.attempts if row.repeat == 0]
    assert {row.case for row in warm} == {"one", "three"}, "each setting of the request is warmed up"
    assert [(row.final, row.grade) for row in warm] == [(False, None)] * 2
    assert len(desk.kept.done) == 3


def test_a_model_without_eyes_is_not_shown_pictures_and_that_is_said(desk: Desk) -> None:
    desk.use(suite_of(text_case("scan", "multimodal-docs", ("text", "image")), text_case("two")))
    done = desk.run("--repeats", "1")
    assert "1 cases do not run on mlx: mlx/mlx-community/Qwen3-4B-4bit takes no image" in done.err
    rows = {(row.leg, row.case): row.model for row in desk.kept.attempts}
    assert rows["openrouter", "scan"] == "google/gemini-3-flash-preview"
    assert ("mlx", "scan") not in rows and ("mlx", "two") in rows


def test_whole_answers_have_no_first_token(desk: Desk) -> None:
    desk.run(*OPENROUTER, "--repeats", "1", "--no-stream")
    assert {(row.first_token_ms, row.token_chunks, row.error) for row in desk.kept.attempts} == {(None, 0, None)}
    assert all("stream" not in call.body for call in desk.chat.calls)


def test_a_limit_stops_the_run_and_it_says_what_is_left(desk: Desk) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(10))))
    done = desk.run(*OPENROUTER, "--repeats", "1", "--concurrency", "4", "--max-usd", "0.0001")
    made = len(desk.kept.done)
    assert done.code == 0
    assert 1 <= made < 10
    assert desk.kept.most_usd <= Decimal("0.0001")
    assert f"vane: openrouter: the next call might pass --max-usd; {10 - made} calls are left" in done.err
    assert f"--resume {desk.file}" in done.err


def test_a_bill_above_the_list_is_learned_from(desk: Desk) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(10))))
    dear = f'"cost": {COST}'.encode()

    def rule(call: Call) -> Reply:
        pieces = [(wait, piece.replace(dear, b'"cost": 0.01')) for wait, piece in said(call).pieces]
        return Reply(pieces)

    desk.chat.rule = rule
    desk.run(*OPENROUTER, "--repeats", "1", "--max-usd", "0.025")
    assert [row.cost_usd for row in desk.kept.attempts] == [Decimal("0.01")] * 2


def test_free_legs_go_on_when_the_money_is_gone(desk: Desk) -> None:
    done = desk.run("--repeats", "1", "--max-usd", "0")
    assert Counter(row.leg for row in desk.kept.attempts) == {"mlx": 3, "remote": 3}
    assert "openrouter: the next call might pass --max-usd; 3 calls are left" in done.err


def test_a_limit_needs_prices(desk: Desk) -> None:
    lock = desk.project / "policies" / "models.lock.json"
    data = json.loads(lock.read_text())
    data["models"]["deepseek/deepseek-v4-flash"]["pricing"].update(prompt="-1", completion="-1")
    lock.write_text(json.dumps(data))
    edit(desk.project / "policies" / "market.yaml", ("version: 1", "version: 1 # looked at"))
    done = desk.run(*OPENROUTER, "--repeats", "1", "--max-usd", "1")
    assert done.code == 1
    assert not desk.file.exists()


def test_an_open_loop_starts_on_the_clock_and_counts_the_wait(desk: Desk) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(6))))
    desk.chat.rule = lambda call: said(call, delay=0.2)
    desk.run(*OPENROUTER, "--repeats", "1", "--rate", "20", "--concurrency", "1")  # 50 ms apart, 200 ms each
    rows = desk.kept.attempts
    assert rows[0].queued_ms < 100
    assert rows[-1].queued_ms > 500, "what a slow server makes others wait is not left out"
    assert all(row.total_ms >= row.queued_ms + 195 for row in rows)


def test_concurrency_is_a_bound(desk: Desk) -> None:
    lock, most = threading.Lock(), 0
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(12))))
    ends: list[float] = []

    def rule(call: Call) -> Reply:
        nonlocal most
        with lock:
            alive = sum(end > time.monotonic() for end in ends)
            most = max(most, alive + 1)
            ends.append(time.monotonic() + 0.1)
        return said(call, delay=0.1)

    desk.chat.rule = rule
    desk.run(*OPENROUTER, "--repeats", "1", "--concurrency", "4")
    assert 2 <= most <= 4


def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(desk: Desk) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(20))))

    def rule(call: Call) -> Reply:
        if desk.chat.count == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return said(call, delay=0.05)

    desk.chat.rule = rule
    done = desk.run(*OPENROUTER, "--repeats", "1", "--concurrency", "2")
    assert done.code == 130
    run = desk.kept
    assert 3 <= len(run.done) <= 5
    assert run.cut_off == ()
    assert f"--resume {desk.file}" in done.err
    desk.chat.rule = said
    assert desk("run", "--api", desk.chat.address, "--resume", str(desk.file), "--warm-up", "0").code == 0
    assert Counter(unit_of(row) for row in desk.kept.attempts if row.final).total() == 20
    assert len(desk.chat.calls) == 20


def test_a_full_disk_ends_the_run_and_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(20))))
    write, rows = os.write, 0

    def full(descriptor: int, line: bytes) -> int:
        nonlocal rows
        rows += bytes(line).startswith(b'{"row":')
        if rows > 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, line)

    monkeypatch.setattr("harness.bench.store.os.write", full)
    done = desk.run(*OPENROUTER, "--repeats", "1", "--concurrency", "3")
    monkeypatch.undo()
    assert (done.code, "No space left on device" in done.err) == (1, True), done.err
    assert 0 < len(read_run(desk.file).attempts) < 20


@pytest.mark.parametrize(
    ("arguments", "said_"),
    [
        (("--repeats", "0"), "--repeats takes 1 to 1000, not 0"),
        (("--concurrency", "0"), "--concurrency takes"),
        (("--rate", "nan"), "--rate takes a number above 0"),
        (("--timeout", "-1"), "--timeout takes a number above 0"),
        (("--warm-up", "-1"), "--warm-up takes 0 or more"),
        (("--max-usd", "a lot"), "--max-usd takes an amount such as 2.50, not 'a lot'"),
        (("--max-usd", "NaN"), "--max-usd takes an amount"),
        (("--shard", "3/2"), "--shard takes K/N"),
        (("--shard", "0/2"), "--shard takes K/N"),
        (("--week", "2026-W99"), "--week: 2026 has no week 99"),
        (("--until-decided",), "say with --max-usd"),
        (("--until-decided", "--max-usd", "1", "--shard", "1/2"), "no --shard with it"),
        (("--against", "2026-W20"), "--against is for --until-decided"),
        (("--scenario", "agent-loop"), "no scenario 'agent-loop'; did you mean 'agent-loops'?"),
        (("--out", "run.json"), "ends in .jsonl"),
        (("--resume", "x.jsonl", "--seed", "2"), "leave out --seed"),
    ],
)
def test_wrong_usage(desk: Desk, arguments: tuple[str, ...], said_: str) -> None:
    done = desk("run", *arguments)
    assert (done.code, said_ in done.err) == (2, True), done.err
    assert not (desk.project / ".vane").exists()


def test_a_file_that_is_there_is_not_written_over(desk: Desk) -> None:
    desk.file.write_text("mine\n")
    done = desk.run(*OPENROUTER)
    assert done.code == 2
    assert desk.file.read_text() == "mine\n"


def test_names_of_new_runs(desk: Desk) -> None:
    for _ in range(2):
        assert desk.run(*OPENROUTER, "--repeats", "1", "--week", "2026-W20", out=False).code == 0
    runs = desk.project / ".vane" / "runs"
    assert sorted(file.name for file in runs.iterdir()) == ["2026-W20-2.jsonl", "2026-W20.jsonl"]


def test_a_missing_key_is_said_before_anything_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_TOKEN_KEY")
    monkeypatch.setenv("OPENCLAW_GATEWAY_TOKEN", "with space")
    done = desk.run("--repeats", "1")
    assert done.code == 1
    assert "VB313 OPENROUTER_TOKEN_KEY is not set; it is for openrouter/agent-loops" in done.err
    assert "OPENCLAW_GATEWAY_TOKEN holds what no key can hold" in done.err
    assert "with space" not in done.err
    assert not desk.file.exists()


@pytest.mark.parametrize("url", ["http://openrouter.example/api/v1", "ftp://x", "https://user@x/v1", "nonsense"])
def test_keys_go_to_no_odd_address(desk: Desk, url: str) -> None:
    done = desk("run", "--api", url, "--leg", "openrouter", "--out", str(desk.file))
    assert done.code == 1
    assert "VB314" in done.err or "VB312" in done.err
    assert not desk.file.exists()


def test_no_key_and_no_text_is_kept(desk: Desk) -> None:
    def rule(call: Call) -> Reply:
        if "Case one" in call.prompt:
            return Reply([(0.0, f'{{"error": {{"message": "bad key {call.bearer}"}}}}'.encode())], status=401,
                         kind="application/json")  # fmt: skip
        return said(call, text=f"understood, and your key is {call.bearer}")

    desk.chat.rule = rule
    done = desk.run(*OPENROUTER, "--repeats", "1", "--keep-text")
    kept = desk.file.read_text()
    assert KEY not in kept + done.out + done.err
    assert "bad key ********" in kept and "your key is ********" in kept
    assert "Case two: do you understand?" in kept
    desk.file.unlink()
    done = desk.run(*OPENROUTER, "--repeats", "1")
    kept = desk.file.read_text()
    assert KEY not in kept + done.out + done.err
    assert "do you understand" not in kept and "understood" not in kept
    assert all(row.answer is None and len(row.prompt_sha256) == 64 for row in desk.kept.attempts)


def test_json_says_how_it_ended(desk: Desk) -> None:
    done = desk.run(*OPENROUTER, "--repeats", "1", "--json")
    told = json.loads(done.out)
    assert (told["calls"], told["left"], told["without_answer"], told["interrupted"]) == (3, 0, 0, False)
    assert Decimal(told["most_usd"]) == 3 * Decimal(COST)


def test_a_dry_run_calls_nobody_and_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_TOKEN_KEY")
    before = sorted(desk.project.rglob("*"))
    done = desk.run("--dry-run", "--json", "--repeats", "2", out=False)
    found = json.loads(done.out)
    assert done.code == 0
    assert {(row["case"], row["leg"], row["route"]) for row in found} == {
        (case, leg, route)
        for case in ("one", "two", "three")
        for leg, route in (
            ("mlx", "local-drafts"), ("openrouter", "agent-loops"), ("openrouter", "gray-trials"),
            ("remote", "private-desk"),
        )
    }  # fmt: skip
    worst = {row["route"]: Decimal(row["worst_usd"]) for row in found if row["case"] == "one"}
    assert worst["local-drafts"] == worst["private-desk"] == worst["gray-trials"] == 0 < worst["agent-loops"]
    assert "24 calls, at most $" in desk.run("--dry-run", "--repeats", "2", out=False).out
    assert desk.chat.calls == []
    assert sorted(desk.project.rglob("*")) == before


def test_the_worst_case_is_one(desk: Desk) -> None:
    found = json.loads(desk.run("--dry-run", "--json", "--leg", "openrouter", "--repeats", "1", out=False).out)
    lock = json.loads((desk.project / "policies" / "models.lock.json").read_text())
    price = lock["models"]["deepseek/deepseek-v4-flash"]["pricing"]
    least = Decimal(price["completion"]) * 50 + Decimal(price["prompt"]) * 10
    assert all((Decimal(row["worst_usd"]) > least) == (row["route"] == "agent-loops") for row in found)


def test_progress_on_a_terminal(desk: Desk) -> None:
    import io

    from harness.bench.progress import Bars, watcher

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    bars = watcher({"openrouter": 3, "mlx": 2}, screen)
    desk.run(*OPENROUTER, "--repeats", "1")
    with bars:
        for row in desk.kept.attempts:
            bars.ended(row, Decimal(1))
        bars.waits("mlx", 3, "rate_limited")
        bars.more("mlx", 2)
    assert isinstance(bars, Bars)
    assert "3/3" in screen.getvalue() and "0/4" in screen.getvalue()


def test_nobody_knows_what_an_agent_with_a_model_of_the_api_costs(desk: Desk) -> None:
    """Its own instructions go along, and it asks as often as it likes; on our own Macs it costs nothing."""
    assert {
        row["worst_usd"] for row in json.loads(desk.run("--dry-run", "--json", "--leg", "remote", out=False).out)
    } == {"0"}
    edit(
        desk.project / "policies" / "acceptance.yaml",
        ("{leg: remote, scenario: private-desk}", "{leg: remote, scenario: batch}"),
    )
    told = json.loads(desk.run("--dry-run", "--json", "--leg", "remote", out=False).out)
    assert {(row["model"], row["worst_usd"]) for row in told} == {("openclaw/batch", None)}
    done = desk.run("--leg", "remote", "--max-usd", "1")
    assert (done.code, "VB316 openclaw/batch is an agent" in done.err) == (1, True)


def test_an_unknown_leg_of_the_policies(desk: Desk) -> None:
    edit(desk.project / "policies" / "acceptance.yaml", ("  - {leg: remote, scenario: private-desk}\n", ""))
    done = desk.run("--leg", "remote", "--repeats", "1")
    assert done.code == 1
    assert "VB311 no leg 'remote'" in done.err


def test_own_prompts_are_held_to_the_blocks(desk: Desk, tmp_path: Path) -> None:
    """A team's own prompts may be what its labels say; the shipped ones are invented."""
    desk.use(suite_of(text_case("salary", "local-drafts"), text_case("two")))
    assert desk.run("--dry-run", "--json", "--leg", "openrouter", out=False).out.count('"salary"') == 2, "and on trial"
    done = desk.run("--dry-run", "--json", "--suite", str(tmp_path), out=False)
    found = {(row["case"], row["leg"]) for row in json.loads(done.out)}
    assert ("salary", "openrouter") not in found and ("salary", "mlx") in found
    assert "local-drafts does not run on openrouter: label" in done.err
