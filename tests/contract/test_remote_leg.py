"""`vane bench run --leg remote` on the real gateway: what a client's tools, errors and keys become on the way.

The gateway has the compiled files, so a client's tools lie behind its own `tool_search`; docs/harness.md has the table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from harness.bench.attempt import Attempt
from harness.bench.case import Suite
from harness.bench.prepare import chosen_suite
from harness.bench.runner import Settings
from tests.contract.bench import ASKED
from tests.contract.gateway import TOKEN_VARIABLE
from tests.contract.turns import ROUTES, Bench, slug
from tests.fakes.upstream import BUSY, FAILED, NO_CREDITS, Answer, Call
from tests.runs.conftest import Desk, chat, desk
from tests.suite.right_answers import right_answers

__all__ = ["chat", "desk"]
SHIPPED = {case.id: case for case in chosen_suite(None).cases}
#: What the stub's model says next, by what it was told before.
Rule = Callable[[Call], Answer]


def told(call: Call) -> int:
    """How many tools have answered the model in this turn."""
    return sum(message["role"] == "tool" for message in call.body["messages"])


def steps(*answers: Answer) -> Rule:
    """One answer after the other; the last one stays."""
    return lambda call: answers[min(told(call), len(answers) - 1)]


def by_search(tool: str, arguments: Mapping[str, Any]) -> Answer:
    """A client's tool, as the gateway lets a model call it."""
    return Answer(tool=("tool_call", {"id": tool, "args": arguments}))


def right(case: str) -> tuple[str, Mapping[str, Any]]:
    """The accepted call of a case."""
    (called,) = right_answers(SHIPPED[case])[0].calls
    return called.name, json.loads(called.arguments)


@dataclass(frozen=True, slots=True)
class Remote:
    """`vane bench run --leg remote` against the real gateway, and what the stub's model says to each case."""

    desk: Desk
    bench: Bench
    said: list[str]
    #: how many calls the stub had seen before each run
    before: list[int]

    def run(self, rules: Mapping[str, Rule], *arguments: str) -> list[Attempt]:
        """Ask these cases: every row, in the order in which they ended."""
        self.desk.use(Suite("some", "1", "d" * 64, tuple(SHIPPED[name] for name in rules)))
        marks = {_mark(name): rule for name, rule in rules.items()}

        def decide(call: Call) -> Answer:
            rule = next((rule for mark, rule in marks.items() if mark in call.text), self.bench.decide)
            return rule(call)

        self.before.append(len(self.bench.upstream.calls))
        self.bench.upstream.rule = decide
        try:
            where = ("--remote-url", f"http://127.0.0.1:{self.bench.gateway.port}", "--out", str(self.desk.file))
            how = ("--leg", "remote", "--repeats", "1", "--concurrency", "4", "--warm-up", "0", *arguments)
            done = self.desk("run", *where, *how)
        finally:
            self.bench.upstream.rule = self.bench.decide
        self.said.extend((done.out, done.err))
        assert done.code == 0, done.err
        return list(self.desk.kept.attempts)

    def calls(self, case: str) -> list[Call]:
        """What the model was asked for a case in the last run."""
        return [call for call in self.bench.upstream.calls[self.before[-1] :] if _mark(case) in call.text]


def _mark(case: str) -> str:
    """The beginning of a case's last message, as the stub's calls have it: in JSON."""
    return json.dumps(SHIPPED[case].messages[-1]["content"], ensure_ascii=False)[1:40]


@pytest.fixture
def remote(desk: Desk, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Remote:
    monkeypatch.setenv(TOKEN_VARIABLE, bench.gateway.environment[TOKEN_VARIABLE])
    monkeypatch.setattr("harness.bench.run_command.Settings", partial(Settings, pauses=(0.1,)))
    return Remote(desk, bench, [], [])


def test_answers_and_calls_come_back_and_are_graded(remote: Remote) -> None:
    name, arguments = right("agent-read-lines")
    rows = {row.case: row for row in remote.run({
        "agent-read-lines": steps(Answer(tool=("tool_search", {"query": name})), by_search(name, arguments)),
        "agent-one-test": steps(by_search("run_tests", {"target": 7})),
        "agent-search-symbol": steps(Answer(tool=right("agent-search-symbol")), Answer(text="It is not there.")),
        "agent-open-search-hit": steps(Answer(text="Here it is.")),
        "agent-general-knowledge": steps(Answer(text="Conflict.")),
    })}  # fmt: skip
    assert {row.error for row in rows.values()} == {None}
    for row in rows.values():
        assert row.model == row.answered_by == f"openclaw/{ASKED}"
        assert row.first_token_ms and 0 < row.first_token_ms <= row.total_ms
        assert row.cost_basis == "free"
    graded = {case: row.grade for case, row in rows.items()}
    called, wrong, direct, spoken, known = (graded[case] for case in (
        "agent-read-lines", "agent-one-test", "agent-search-symbol", "agent-open-search-hit", "agent-general-knowledge",
    ))  # fmt: skip
    assert called and called.is_tool_request and called.success and called.protocol_error is None
    assert wrong and wrong.is_tool_request and wrong.protocol_error == "SchemaMismatch", "nobody mends it"
    assert direct and not direct.is_tool_request and direct.failure == "no_call"
    assert spoken and spoken.failure == "no_call"
    assert known and known.success
    # tokens are of all that the agent asked its model
    usage = {case: row.usage.prompt_tokens for case, row in rows.items()}
    assert usage == {case: 10 * len(remote.calls(case)) for case in rows}


def test_what_the_model_is_asked(remote: Remote) -> None:
    """The compiled gateway hides a client's tools behind its own, and tells a conversation as one message."""
    remote.run({"agent-open-search-hit": steps(Answer(text="Here it is."))})
    (asked,) = remote.calls("agent-open-search-hit")
    offered = {tool["function"]["name"] for tool in asked.body["tools"]}
    assert {"tool_search", "tool_describe", "tool_call", "exec"} <= offered
    assert not offered & {tool["function"]["name"] for tool in SHIPPED["agent-open-search-hit"].tools}
    assert asked.model == slug(ROUTES[ASKED].hops[0])
    assert (asked.body["temperature"], asked.body["seed"]) == (0, 1)
    assert asked.body["max_tokens"] == SHIPPED["agent-open-search-hit"].max_tokens
    roles = [message["role"] for message in asked.body["messages"]]
    assert roles[0] == "system" and "tool" not in roles and "assistant" not in roles
    assert SHIPPED["agent-open-search-hit"].messages[0]["content"][:60] in asked.body["messages"][0]["content"]
    assert asked.size > 40_000, "the agent's own instructions go along"


def test_errors_behind_the_gateway_have_names(remote: Remote) -> None:
    broken = Answer(text="The first half of", broken=True)
    answers = {
        "agent-read-lines": NO_CREDITS, "agent-one-test": BUSY, "agent-search-symbol": broken,
        "agent-service-health": FAILED,
    }  # fmt: skip
    rows = remote.run({case: steps(answer) for case, answer in answers.items()})
    final = {row.case: row for row in rows if row.final}
    assert {case: row.error for case, row in final.items()} == {
        "agent-read-lines": "payment_required", "agent-one-test": "rate_limited", "agent-search-symbol": "stream_error",
        "agent-service-health": "stream_error",
    }  # fmt: skip
    assert {row.http_status for row in rows} == {200}, "the gateway says 200 before it asks"
    assert Counter(row.case for row in rows) == {**dict.fromkeys(answers, 1), "agent-one-test": 2}
    assert final["agent-search-symbol"].token_chunks == 1 and final["agent-service-health"].token_chunks == 0
    assert "Insufficient credits" in final["agent-read-lines"].error_detail
    assert all(row.grade is None for row in rows)


def test_the_token_is_nowhere(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    token = remote.bench.gateway.environment[TOKEN_VARIABLE]
    rules = {"agent-general-knowledge": steps(Answer(text=f"Conflict, and your token is {token}"))}
    (row,) = remote.run(rules, "--keep-text")
    assert row.answer and row.answer.text == "Conflict, and your token is ********"
    remote.desk.file.unlink()
    monkeypatch.setenv(TOKEN_VARIABLE, wrong := token[::-1])
    (row,) = remote.run(rules, "--keep-text")
    assert (row.error, row.http_status) == ("unauthorized", 401)
    kept = [file.read_bytes() for file in remote.desk.project.rglob("*") if file.is_file()]
    for secret in (token, wrong):
        assert not any(secret.encode() in content for content in kept)
        assert not any(secret in words for words in remote.said)
