"""Starting and ending the local server, with a stand-in for mlx_lm that is there at once; tests/mlx runs the real."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from compiler.diagnostics import PolicyError
from harness.bench.mlx_server import mlx_server

SERVER = """
import http.server, os, sys
if "absent" in sys.argv:
    print("loading", file=sys.stderr)
    sys.exit("FileNotFoundError: absent/model is not in the cache")
if "mute" in sys.argv:
    import time
    time.sleep(60)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(404 if "broken" in sys.argv else 200)
        self.end_headers()
        self.wfile.write(b'{"error": "generation thread died"}' if "broken" in sys.argv else b"{}")
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.getpid()} {os.environ['HF_HUB_OFFLINE']} {' '.join(sys.argv[1:])}".encode())
    def log_message(self, *_):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """In which `python -m mlx_lm` is the stand-in."""
    package = tmp_path / "stand-in" / "mlx_lm"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(SERVER)
    return {**os.environ, "PYTHONPATH": str(package.parent)}


def test_it_serves_until_the_end_and_no_longer(tmp_path: Path, environment: dict[str, str]) -> None:
    with mlx_server("a/b", tmp_path / "log" / "mlx.log", environment=environment) as url:
        told = httpx.get(f"{url}/models", trust_env=False).text
    pid, offline, *arguments = told.split()
    assert offline == "1"
    assert arguments[:5] == ["server", "--model", "a/b", "--host", "127.0.0.1"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_one_that_ends_by_itself_is_a_finding_with_what_it_said(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(PolicyError) as caught, mlx_server("absent", tmp_path / "mlx.log", environment=environment):
        pass
    finding, cause = caught.value.findings
    assert (finding.code, cause.code) == ("VB317", "VB318")
    assert cause.fix == "get it with: hf download absent"
    assert "it ended with exit code 1" in finding.message
    assert "absent/model is not in the cache" in finding.message


def test_one_that_does_not_answer_is_ended(tmp_path: Path, environment: dict[str, str]) -> None:
    server = mlx_server("mute", tmp_path / "mlx.log", patience=1, environment=environment)
    with pytest.raises(PolicyError, match="does not answer after 1 s"), server:
        pass


def test_one_that_listens_and_cannot_generate_is_given_up_at_once(tmp_path: Path, environment: dict[str, str]) -> None:
    """What mlx_lm.server does with a model that it cannot load."""
    server = mlx_server("broken", tmp_path / "mlx.log", environment=environment)
    with pytest.raises(PolicyError, match=r"it answers 404: .*generation thread died"), server:
        pass
