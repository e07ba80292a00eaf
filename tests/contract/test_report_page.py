"""The report in a real Chromium: it draws, answers to pointer and keys, asks nobody, and passes axe-core.

Run by `make contract`. The browser is the system's (Debian: `apt install chromium`), driven by Playwright. Each request
is answered or refused here: none reaches a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, sync_playwright

from harness.market.screenshot import installed_browser
from harness.report.command import write
from tests.contract.npm import installed
from tests.report.evidence_files import WEEK, whole

AXE = "4.14.1"
SITE = "https://report.test/"
PAGES = (f"{WEEK}/index.html", "index.html")
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = {"phone": 390, "desktop": 1280}


@dataclass
class Visit:
    """A page that is open, and what it did."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@dataclass
class Reader:
    """Opens pages of a site that exists nowhere."""

    browser: Browser
    folder: Path

    def open(self, name: str, theme: Theme = "light", width: int = 1280, **how: Any) -> Visit:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce", **how
        )
        visit = Visit(context.new_page())

        def answer(route: Route, request: Request) -> None:
            visit.requests.append(request.url)
            file = self.folder / request.url.removeprefix(SITE)
            if request.url.startswith(SITE) and request.is_navigation_request():
                route.fulfill(body=file.read_bytes(), content_type="text/html")
            else:
                route.abort()

        context.route("**/*", answer)
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.goto(SITE + name)
        return visit


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    browser = installed_browser()
    if not browser:
        pytest.skip("a Chromium is needed, and there is none: apt install chromium")
    project = whole(tmp_path_factory.mktemp("report"))
    page, index = (each.file for each in write(project, WEEK, project / "generated" / "weeks"))
    assert page.is_file()
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=browser)
        yield Reader(running, index.parent)
        running.close()


@pytest.fixture(scope="module")
def axe() -> str:
    return (installed("axe", {"axe-core": AXE}) / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
def test_it_asks_nobody_fits_and_axe_finds_nothing(
    reader: Reader, axe: str, name: str, theme: Theme, width: int
) -> None:
    visit = reader.open(name, theme, width)
    page = visit.page
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'passes']})")
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert {"color-contrast", "link-name", "document-title", "region"} <= {each["id"] for each in found["passes"]}
    assert visit.requests == [SITE + name]
    assert visit.complaints == []
    page.context.close()


def test_axe_would_find_something(reader: Reader, axe: str) -> None:
    page = reader.open(PAGES[0]).page
    page.evaluate("document.querySelector('.lead').style.color = '#ddd'")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document)")
    assert [each["id"] for each in found["violations"]] == ["color-contrast"]
    page.context.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_charts_are_drawn_inside_their_charts(reader: Reader, width: int) -> None:
    page = reader.open(PAGES[0], width=width).page
    drawn = page.evaluate(
        """() => [...document.querySelectorAll('[data-chart]')].map(chart => {
            const marks = [...chart.querySelectorAll('circle:not(.reach), rect:not(.reach), line')];
            const boxes = marks.map(mark => mark.getBoundingClientRect()).filter(box => box.width + box.height > 0);
            const around = chart.getBoundingClientRect();
            const out = boxes.filter(box => box.left < around.left - 12 || box.right > around.right + 12);
            return [chart.getAttribute('aria-label'), boxes.length, out.length];
        })"""
    )
    assert [name for name, _, _ in drawn] == [
        "Top 10 of the week", "Ranks over the weeks", "Prices of the models in use", "Time to the whole answer",
        "Tasks right", "Tool-call errors", "Spend against cap", "Route map",
    ]  # fmt: skip
    shown = {name: count for name, count, _ in drawn}
    assert all(out == 0 for _, _, out in drawn)
    assert shown["Top 10 of the week"] == 10
    assert shown["Ranks over the weeks"] > 60
    assert shown["Time to the whole answer"] == 3 * 2 * 3
    if width == WIDTHS["desktop"]:
        assert shown["Prices of the models in use"] > 40 and shown["Route map"] > 15
    page.context.close()


def point(page: Page, at: Locator) -> None:
    """Scroll first, and let it end: a page that scrolls takes its tooltip away."""
    at.scroll_into_view_if_needed()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    at.hover()


def test_a_pointer_is_answered(reader: Reader) -> None:
    page = reader.open(PAGES[0]).page
    tip = page.locator("#tip")
    assert tip.is_hidden()
    dot = page.locator(".ranks .way.ours .dot").first
    point(page, dot)
    assert tip.is_visible() and tip.inner_text() == dot.get_attribute("data-says")
    lit, dim = page.locator(".way.lit"), page.locator(".way:not(.lit)")
    assert lit.count() == 1 and dim.count() > 10
    assert float(dim.first.evaluate("each => getComputedStyle(each).opacity")) < 0.5
    page.mouse.move(5, 5)
    assert tip.is_hidden() and lit.count() == 0
    point(page, page.locator(".bars tbody tr").first)
    assert "4 935 252 096 935 tokens" in tip.inner_text()
    point(page, page.locator(".map .node").first)
    assert page.locator(".map path.lit").count() == 3
    page.context.close()


def test_keys_reach_everything(reader: Reader) -> None:
    page = reader.open(PAGES[0]).page
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
            .filter(each => each.checkVisibility()).length"""
    )
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => { const at = document.activeElement; const style = getComputedStyle(at);
                return [at.tagName, at.getAttribute('aria-label'), style.outlineStyle]; }"""
            )
        )
    assert reached[0][0] == "A"  # "Skip to the page"
    assert all(tag != "BODY" and outline == "solid" for tag, _, outline in reached)
    assert "Spend against cap" in [label for _, label, _ in reached]
    page.context.close()


def test_arrow_keys_read_a_chart(reader: Reader) -> None:
    page = reader.open(PAGES[0]).page
    chart, tip = page.locator(".chart.ranks"), page.locator("#tip")
    says = chart.locator("[data-says]").evaluate_all("all => all.map(each => each.dataset.says)")
    chart.focus()
    page.keyboard.press("ArrowRight")
    assert tip.inner_text() == says[0]
    page.keyboard.press("ArrowRight")
    assert tip.inner_text() == says[1]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert tip.inner_text() == says[-1]
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.context.close()


def test_it_reads_without_script(reader: Reader) -> None:
    page = reader.open(PAGES[0], java_script_enabled=False).page
    assert page.get_by_text("Tasks right as a table").is_visible()
    assert page.locator(".way .dot").count() > 60
    page.context.close()


def test_paper_is_white_and_holds_everything(reader: Reader) -> None:
    page = reader.open(PAGES[0], "dark").page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("nav").is_hidden()
    assert page.get_by_role("region", name="Table: Tasks right").is_visible()
    page.context.close()


def test_what_got_in_would_neither_run_nor_call(reader: Reader) -> None:
    """The escaping is tested elsewhere. Here a fault in it is played: the page's policy holds all the same."""
    visit = reader.open(PAGES[0])
    page = visit.page
    page.evaluate(
        """() => {
            const planted = '<img src="https://evil.test/a" onerror="window.ran = 1"><iframe src="https://evil.test/b">'
                + '</iframe><form action="https://evil.test/c"><button id="send">Send</button></form>';
            document.querySelector('main').insertAdjacentHTML('beforeend', planted);
            const script = document.createElement('script');
            script.textContent = 'window.ran = 2';
            document.body.append(script);
        }"""
    )
    page.locator("#send").click(no_wait_after=True)
    page.wait_for_function("() => document.querySelector('img').complete")
    assert page.evaluate("window.ran") is None
    assert visit.requests == [SITE + PAGES[0]]
    assert any("Content Security Policy" in said for said in visit.complaints)
    page.context.close()
