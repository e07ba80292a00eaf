"""The real mlx_lm.server on a tiny model with random weights, started by the harness once for all tests here."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tokenizers import Tokenizer

from harness.bench.call import Reply, Request, ask, encoded
from harness.bench.legs import MLX_MODEL
from harness.bench.mlx_server import mlx_server
from harness.bench.transport import open_transport
from tests.mlx_models import in_cache, tiny
from tests.runs.conftest import chat, desk

__all__ = ["chat", "desk"]
#: What the shipped policies put on the `mlx` leg.
REPOSITORY = "mlx-community/Qwen3-4B-4bit"
SECONDS = 120.0
QUESTION = [{"role": "user", "content": "what is the weather in Paris"}]


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs."""

    url: str
    log: Path
    #: the model's folder, and HF_HOME above it
    model: Path
    home: Path

    def post(self, **body: Any) -> httpx.Response:
        """A chat completion, as it is asked for by anybody."""
        sent = {"messages": QUESTION, "max_tokens": 8, **body}
        return httpx.post(f"{self.url}/chat/completions", json=sent, timeout=SECONDS, trust_env=False)

    def choice(self, **body: Any) -> dict[str, Any]:
        """The one choice of a whole answer."""
        answer = self.post(**body)
        assert answer.status_code == 200, answer.text
        (choice,) = answer.json()["choices"]
        return dict(choice)

    def ask(self, **body: Any) -> Reply:
        """A streamed call, as the harness makes it and reads the answer."""
        url = httpx.URL(f"{self.url}/chat/completions")
        sent = {
            "model": MLX_MODEL, "messages": QUESTION, "max_tokens": 8, "stream": True,
            "stream_options": {"include_usage": True}, **body,
        }  # fmt: skip
        request = Request(url, {"content-type": "application/json"}, encoded(sent))

        async def call() -> Reply:
            transport = open_transport(self.url, 1)
            try:
                return await ask(transport, request, SECONDS)
            finally:
                await transport.aclose()

        return asyncio.run(call())

    def dictated(self, *tokens: str) -> Mapping[str, Any]:
        """Makes the random model say exactly these tokens: each is likelier than the next, and what was said is not.

        Both are parameters of the request that the server honours, so it generates, parses and streams as ever.
        """
        ids = [self._words.token_to_id(token) for token in tokens]
        assert None not in ids, tokens
        bias = {str(token): 1000.0 * (len(ids) - place) for place, token in enumerate(ids)}
        return {"logit_bias": bias, "presence_penalty": 100_000.0, "presence_context_size": 4}

    @property
    def _words(self) -> Tokenizer:
        return Tokenizer.from_file(str(self.model / "tokenizer.json"))


def needs_compiler() -> None:
    """Skip where MLX cannot run."""
    if sys.platform == "linux" and shutil.which("g++") is None:
        pytest.skip("MLX compiles with g++ as it runs on Linux, and there is none: apt install g++")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HF_HOME with the tiny model under the name of the shipped policies' one."""
    needs_compiler()
    folder = tmp_path_factory.mktemp("hf")
    tiny(in_cache(folder, REPOSITORY))
    return folder


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    log = home / "mlx.log"
    with mlx_server(REPOSITORY, log, environment={**os.environ, "HF_HOME": str(home)}) as url:
        yield Server(url, log, in_cache(home, REPOSITORY), home)
