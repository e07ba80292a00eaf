"""Tool calls that a server failed to recognise and passed on as text, by the markup of the families that do it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.bench.grade.schemas import by_name

#: How far into an answer one looks; a leaked call is rarely behind a long preamble.
_LIMIT = 20_000
#: Markup that is never prose: Qwen and Hermes, Mistral, Kimi, Gemma and GLM, DeepSeek, Llama, Qwen-Coder, MiniMax.
_MARKS = re.compile(
    r"</?tool_calls?>|\[TOOL_CALLS\]|<\|tool_calls?\w*\|?>|<\|tool▁calls?▁begin\|>|<｜tool▁calls?▁begin｜>"
    r"|<\|python_tag\|>|<function=[\w.-]+>|<function_call>|<start_function_call>|<invoke name=|<parameter name="
    r"|<minimax:tool_call>|<｜DSML｜|functions\.[\w.-]+:\d+",
    re.IGNORECASE,
)
_NAME = re.compile(r"\"(?:name|tool|function|tool_name)\"\s{0,20}:\s{0,20}\"([\w.-]{1,100})\"")
_ARGUMENTS = re.compile(r"\"(?:arguments|parameters|args|input|tool_input)\"\s{0,20}:\s{0,20}[{\"]")


def leaked_call(text: str, tools: tuple[Mapping[str, Any], ...]) -> str | None:
    """The markup or the name that gives a leaked call away; None where the text is just text."""
    text = text[:_LIMIT]
    if found := _MARKS.search(text):
        return found.group()[:60]
    names = by_name(tools)
    if _ARGUMENTS.search(text) and (named := next((n[1] for n in _NAME.finditer(text) if n[1] in names), None)):
        return named
    return _as_python(text, names)


def _as_python(text: str, names: Mapping[str, Any]) -> str | None:
    """`[get_weather(city="Berlin")]` and nothing else: how Llama and LFM2 write a call."""
    stripped = text.strip().removeprefix("```python").removeprefix("```").removesuffix("```").strip().strip("[]")
    name = stripped.partition("(")[0]
    return name if name in names and stripped.endswith(")") else None
