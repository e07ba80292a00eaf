"""A screenshot of the public rankings page, where Playwright and a Chromium are installed. Its absence is no failure.

It is for people to look at; no number is read from it.
"""

from __future__ import annotations

import shutil
from importlib import import_module
from typing import Any

PAGE = "https://openrouter.ai/rankings"
FILE = "rankings-page.png"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_MS = 60_000


class NoScreenshotError(Exception):
    """Why there is none, in words for people."""


def screenshot(page: str = PAGE) -> bytes:
    """The whole page as PNG. Raises NoScreenshotError for whatever reason there is none."""
    try:
        playwright: Any = import_module("playwright.sync_api")
    except ImportError:
        raise NoScreenshotError("Playwright is not installed: pip install playwright") from None
    browser = installed_browser()
    try:
        with playwright.sync_playwright() as started:  # without a browser of the system it takes its own
            return _of(started.chromium.launch(executable_path=browser), page)
    except playwright.Error as error:
        raise NoScreenshotError(str(error).partition("\n")[0]) from error


def installed_browser() -> str | None:
    """The Chromium of the system."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def _of(browser: Any, address: str) -> bytes:
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        answer = page.goto(address, wait_until="networkidle", timeout=_PATIENCE_MS)
        if answer is None or not answer.ok:
            raise NoScreenshotError(f"{address} answers {answer.status if answer else 'nothing'}")
        return bytes(page.screenshot(full_page=True, timeout=_PATIENCE_MS))
    finally:
        browser.close()
