"""The site of `make docs` in a real Chromium, from a folder and from a server: it asks nobody else, its search finds.

Run by `make contract`. The browser is the system's (Debian: `apt install chromium`), driven by Playwright. Each request
is answered or refused here: none reaches a network.
"""

from __future__ import annotations

import mimetypes
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Request, Route, sync_playwright

from harness.market.screenshot import installed_browser
from tests.docs.fences import PROJECT

SITE = "https://docs.test/docs/"
PAGES = ("index.html", "start.html", "reference/rules.html", "decisions/0001-events-not-nodes.html")


@pytest.fixture(scope="module")
def folder() -> Path:
    subprocess.run(["make", "--silent", "docs"], cwd=PROJECT, check=True)
    return PROJECT / ".cache/site"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = installed_browser()
    if not program:
        pytest.skip("a Chromium is needed, and there is none: apt install chromium")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program)
        yield running
        running.close()


def served(browser: Browser, folder: Path, asked: list[str]) -> BrowserContext:
    """A server that exists nowhere."""
    context = browser.new_context()

    def answer(route: Route, request: Request) -> None:
        file = folder / request.url.removeprefix(SITE).partition("?")[0].partition("#")[0]
        if request.url.startswith(SITE) and file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0] or "text/plain")
        else:
            asked.append(request.url)
            route.abort()

    context.route("**/*", answer)
    return context


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_its_own_server_alone(browser: Browser, folder: Path, page: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    tab = served(browser, folder, asked).new_page()
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(SITE + page)
    tab.wait_for_load_state("networkidle")
    assert (asked, complaints) == ([], [])
    assert tab.locator("h1").count() == 1


def test_the_search_finds_a_rule(browser: Browser, folder: Path) -> None:
    asked: list[str] = []
    tab = served(browser, folder, asked).new_page()
    tab.goto(SITE + "index.html")
    tab.locator("input.md-search__input").click()
    tab.keyboard.type("VN203")
    tab.locator(".md-search-result__item a", has_text="VN203").first.wait_for()
    assert asked == []


def test_a_page_opens_from_a_folder(browser: Browser, folder: Path) -> None:
    asked: list[str] = []
    tab = browser.new_context().new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((folder / "start.html").as_uri())
    tab.wait_for_load_state("networkidle")
    assert len(asked) > 1, "its style sheets at least"
    assert all(url.startswith("file://") for url in asked)
    assert tab.evaluate("getComputedStyle(document.querySelector('.md-header')).position") == "sticky"
