"""What mlx_lm.server (0.32) does that a harness must know, each shown on the real one. docs/harness.md lists them."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from harness.bench.case import Case
from harness.bench.events import EventStream
from harness.bench.expectation import Calls, ExpectedCall
from harness.bench.grade import grade
from tests.mlx.conftest import QUESTION, SECONDS, Server
from tests.mlx_models import CALL, HALF_A_CALL, STOP, TEMPLATE, qwen3, shape, tokenizer, weights, write
from tests.runs.conftest import WEATHER, tool_case

CASE = tool_case("weather")
WHOLE = ("<tool_call>", CALL, "</tool_call>", STOP)
HALF = ("<tool_call>", HALF_A_CALL, "</tool_call>", STOP)
TOOLS: dict[str, Any] = {"tools": [WEATHER]}


def chunks(body: str) -> list[Any]:
    return [json.loads(event) for event in EventStream().feed(body.encode()) if event != b"[DONE]"]


def test_a_call_is_parsed_and_written_anew(server: Server) -> None:
    """So a client never sees arguments that are no JSON: InvalidJson cannot come from this leg."""
    choice = server.choice(**TOOLS, **server.dictated(*WHOLE))
    (call,) = choice["message"]["tool_calls"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}  # the model set no space
    reply = server.ask(**TOOLS, **server.dictated(*WHOLE))
    assert reply.answer
    assert grade(CASE, reply.answer, reply.usage).success


def test_a_call_that_cannot_be_parsed_is_dropped_in_silence(server: Server) -> None:
    choice = server.choice(**TOOLS, **server.dictated(*HALF))
    assert choice == {
        "index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": None},
    }  # fmt: skip
    assert "Failed to parse tool call" in server.log.read_text("utf-8")
    reply = server.ask(**TOOLS, **server.dictated(*HALF))
    assert reply.answer and reply.error is None
    graded = grade(CASE, reply.answer, reply.usage)
    assert (graded.failure, graded.protocol_error) == ("dropped_call", None)


def test_a_call_that_is_cut_off_leaves_nothing(server: Server) -> None:
    cut = {**TOOLS, **server.dictated(*HALF), "max_tokens": 2}
    assert server.choice(**cut) == {
        "index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": None},
    }  # fmt: skip
    reply = server.ask(**cut)
    assert reply.answer
    assert grade(CASE, reply.answer, reply.usage).failure == "truncated"


def test_a_call_that_was_whole_when_it_was_cut_off_comes(server: Server) -> None:
    choice = server.choice(**TOOLS, **server.dictated(*WHOLE), max_tokens=2)
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["tool_calls"]) == 1


def test_a_repeated_prompt_is_cached_and_says_so(server: Server) -> None:
    asked = {"messages": [{"role": "user", "content": "please call the tool in plain words if you must today"}]}
    first, second = (server.ask(**asked).usage for _ in range(2))
    assert first.prompt_tokens == second.prompt_tokens
    assert first.cached_tokens is not None and second.cached_tokens is not None and second.prompt_tokens is not None
    assert first.cached_tokens < second.prompt_tokens / 2  # the template's first words, of earlier prompts
    assert second.cached_tokens == second.prompt_tokens - 1


def test_the_first_byte_is_no_token(server: Server) -> None:
    body = server.post(stream=True).text
    assert body.startswith(": keepalive ")
    assert EventStream().feed(body.partition("data:")[0].encode()) == []
    reply = server.ask()
    assert reply.first_token_at is not None and reply.last_token_at is not None
    assert reply.first_token_at <= reply.last_token_at  # on a busy machine both wait in one read
    assert reply.token_chunks > 1


def test_a_streamed_call_is_one_piece_and_every_piece_has_a_role(server: Server) -> None:
    asked = {**TOOLS, **server.dictated(*WHOLE), "stream": True, "stream_options": {"include_usage": True}}
    call, end, usage = chunks(server.post(**asked).text)
    (whole,) = call["choices"][0]["delta"]["tool_calls"]
    assert json.loads(whole["function"]["arguments"]) == {"city": "Paris"}
    assert call["choices"][0]["finish_reason"] is None
    assert [chunk["choices"][0]["delta"]["role"] for chunk in (call, end)] == ["assistant"] * 2
    assert (end["object"], usage["object"]) == ("chat.completion.chunk", "chat.completion")
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], len(WHOLE))


def test_usage_comes_only_when_asked_and_empty_options_break_the_stream(server: Server) -> None:
    plain = server.post(stream=True).text
    assert all("usage" not in chunk for chunk in chunks(plain))
    assert plain.endswith("data: [DONE]\n\n")
    broken = server.post(stream=True, stream_options={}).text
    assert "[DONE]" not in broken
    assert chunks(broken)[-1]["choices"][0]["finish_reason"] == "length"
    reply = server.ask(stream_options={})  # the harness never sends that; the answer was whole before it broke off
    assert (reply.error, reply.answer and reply.answer.finish_reason) == (None, "length")


def test_every_call_has_a_connection_of_its_own(server: Server) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
    connection.request("GET", "/v1/models", headers={"connection": "keep-alive"})
    answer = connection.getresponse()
    assert (answer.version, answer.will_close) == (10, True)
    connection.close()


def test_errors_are_a_bare_string(server: Server) -> None:
    refused = server.post(temperature="hot")
    assert (refused.status_code, refused.json()) == (400, {"error": "temperature must be of type ('float', 'int')"})
    reply = server.ask(temperature="hot")
    assert reply.error == "bad_request"
    assert "temperature must be of type" in reply.error_detail


def test_an_unknown_model_is_refused_and_evicts_the_one_that_is_held(server: Server) -> None:
    reply = server.ask(model="a/typo")
    assert reply.error == "not_found"
    assert "cached snapshot" in reply.error_detail
    aside = server.model.with_name("aside")
    server.ask(model="a/typo")
    server.model.rename(aside)
    try:
        assert server.post().status_code == 404  # it must load the model anew, from where it is not
    finally:
        aside.rename(server.model)
    assert server.post().status_code == 200


def test_what_is_ignored(server: Server) -> None:
    plain = server.choice()
    ignored: list[dict[str, Any]] = [
        {"response_format": {"type": "json_object"}}, {"n": 3}, {"parallel_tool_calls": False}, {"tool_choice": "none"},
    ]  # fmt: skip
    for each in ignored:
        assert server.choice(**each) == plain
    forced = {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
    assert "tool_calls" not in server.choice(**TOOLS, **forced)["message"]
    called = server.choice(**TOOLS, **server.dictated(*WHOLE), tool_choice="none")
    assert called["finish_reason"] == "tool_calls"


def test_what_is_honoured(server: Server) -> None:
    hot = [server.choice(temperature=1.5, seed=seed)["message"]["content"] for seed in (1, 1, 2)]
    assert hot[0] == hot[1] != hot[2]
    assert server.post(max_completion_tokens=3, max_tokens=5).json()["usage"]["completion_tokens"] == 3
    said = server.choice(logprobs=True)["logprobs"]["content"]
    assert [set(token) for token in said] == [{"id", "logprob"}] * 8  # numbers of tokens, not their text
    plain, noted = (
        server.post(chat_template_kwargs=more).json()["usage"]["prompt_tokens"] for more in ({}, {"note": "please"})
    )
    assert noted > plain


def test_defaults_are_512_tokens_at_temperature_0(server: Server) -> None:
    answer = httpx.post(
        f"{server.url}/chat/completions", json={"messages": QUESTION}, timeout=SECONDS, trust_env=False
    ).json()
    assert answer["usage"]["completion_tokens"] == 512
    assert answer["model"] == "default_model"
    assert server.choice(temperature=0) == server.choice()


def test_reasoning_stands_apart(server: Server) -> None:
    thinking = server.dictated("<think>", "today", "</think>", "plain", STOP)
    assert server.choice(**thinking)["message"] == {"role": "assistant", "content": "plain", "reasoning": "today"}
    answer = server.ask(**thinking).answer
    assert answer
    assert (answer.text, answer.reasoning_chars) == ("plain", len("today"))


@pytest.mark.parametrize("seed", [None, 5])
def test_a_seed_is_served_alone(server: Server, seed: int | None) -> None:
    """Calls without one are decoded together, half a second after they came; the harness sends a seed."""
    order: list[int] = []
    tokens = 60 if seed else 800
    word = {"logit_bias": server.dictated("plain")["logit_bias"]}  # said on and on

    def listen(number: int) -> None:
        body = {"messages": QUESTION, "max_tokens": tokens, "stream": True, **word, **({"seed": seed} if seed else {})}
        with httpx.stream(
            "POST", f"{server.url}/chat/completions", json=body, timeout=SECONDS, trust_env=False
        ) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    order.append(number)

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(order) >= 2 * tokens
    second_begins = max(order.index(0), order.index(1))
    first_ends = len(order) - 1 - max(order[::-1].index(0), order[::-1].index(1))
    assert first_ends - second_begins < 20 if seed else first_ends - second_begins > 40


def test_calls_are_found_by_words_of_the_template(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without them what the model says goes out as text, marks and all."""
    from mlx_lm.tokenizer_utils import load

    words = tokenizer(["a b c"], 300)
    config = shape(words)
    bare = TEMPLATE.replace("tool_call.name", "tool_call['name']")
    found = []
    for template in (TEMPLATE, bare):
        folder = write(tmp_path_factory.mktemp("words"), config, words, weights(qwen3(config)), template)
        found.append(load(folder).has_tool_calling)
    assert found == [True, False]


def test_markup_that_came_as_text_is_graded_as_that() -> None:
    from harness.bench.attempt import Answer

    expected = Calls((ExpectedCall("get_weather", {"city": ("Paris",)}),))
    case = Case("a", "agent-loops", "single", tuple(QUESTION), (WEATHER,), expected, 50)
    leaked = Answer(f"<tool_call>\n{CALL}\n</tool_call>", (), "stop")
    assert grade(case, leaked).failure == "tool_call_as_text"
