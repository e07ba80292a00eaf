"""The screenshot is there where a browser is, and elsewhere a sentence says why it is not."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from compiler.cli import main
from harness.market import archive, screenshot
from harness.market.pictures import DARK_PNG, PNG, SVG
from tests.market.weeks import WEEK, ranking


class Page(BaseHTTPRequestHandler):
    """A page that needs its script, as the real one does; /gone is not there."""

    def do_GET(self) -> None:
        found = self.path == "/rankings"
        body = b"<body style='height:3000px'><script>document.body.append('Top 10')</script>" if found else b"gone"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


@contextmanager
def page() -> Iterator[str]:
    """The page's server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_without_playwright_the_pictures_are_drawn_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)  # importing it fails
    archive.write(tmp_path, ranking(WEEK))
    assert main(["market", "chart", "--screenshot", "-C", str(tmp_path)]) == 0
    names = {file.name for file in archive.folder(tmp_path, WEEK).iterdir()}
    assert names == {archive.RANKINGS, SVG, PNG, DARK_PNG}
    assert "no screenshot of https://openrouter.ai/rankings: Playwright is not installed" in capsys.readouterr().err


installed = importlib.util.find_spec("playwright") and any(shutil.which(name) for name in ("chromium", "google-chrome"))


@pytest.mark.skipif(not installed, reason="Playwright or a Chromium is not installed")
def test_the_whole_page() -> None:
    with page() as address:
        taken = screenshot.screenshot(f"{address}/rankings")
    assert taken.startswith(b"\x89PNG")
    assert int.from_bytes(taken[20:24]) >= 3000


@pytest.mark.skipif(not installed, reason="Playwright or a Chromium is not installed")
def test_a_page_that_is_gone_is_no_picture() -> None:
    with page() as address, pytest.raises(screenshot.NoScreenshotError, match="answers 404"):
        screenshot.screenshot(f"{address}/gone")
