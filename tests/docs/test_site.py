"""The site of `make docs`: built without a warning; links lead somewhere; no page makes a browser ask elsewhere."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import pytest

from tests.docs.fences import PROJECT, prose
from tests.docs.walk import BIN

#: Attributes by which a page makes a browser fetch something, unasked.
_FETCHED = frozenset({"src", "srcset", "poster", "data", "background"})
_TARGET, _CODE = re.compile(r"\]\(([^)\s]+)\)"), re.compile(r"`[^`\n]+`")
_RAW = re.compile(r"^\s*(- |\* |\d+\. |\| |```|#+ )", re.MULTILINE)


@dataclass
class Seen(HTMLParser):
    """What a page holds: anchors, what it leads to, what it fetches, and the text of its paragraphs."""

    ids: set[str] = field(default_factory=set)
    leads: set[str] = field(default_factory=set)
    fetches: set[str] = field(default_factory=set)
    paragraphs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._in_paragraph = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        self.fetches |= {given[name].split()[0] for name in _FETCHED & set(given) if given[name]}
        if "href" in given:
            (self.leads if tag == "a" else self.fetches).add(given["href"])
        if tag == "p":
            self._in_paragraph = True
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_paragraph = self._in_paragraph and tag != "p"

    def handle_data(self, data: str) -> None:
        if self._in_paragraph:
            self.paragraphs[-1] += data


Site = Mapping[str, Seen]


def built(project: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """A project's docs, built as `make docs` builds them; the network is a dead end."""
    (recipe,) = re.findall(r"^docs: .*\n\t(.*)\n", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)
    command = f"{recipe.replace('$(BIN)', str(BIN))} --site-dir {out}"
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(
        ["sh", "-c", command], cwd=project, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site."""
    out = tmp_path_factory.mktemp("site")
    done = built(PROJECT, out)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert [line for line in said.splitlines() if not line.startswith("INFO")] == []
    return out


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    """Every page, by its path."""
    found = {}
    for file in sorted(folder.rglob("*.html")):
        seen = Seen()
        seen.feed(file.read_text("utf-8"))
        found[file.relative_to(folder).as_posix()] = seen
    return found


def each(site: Site, what: str) -> Iterator[tuple[str, SplitResult]]:
    for page, seen in site.items():
        if page != "404.html":  # its links are from the root of a server, since nobody knows where it is shown
            yield from ((page, urlsplit(address)) for address in getattr(seen, what))


def test_every_page_of_docs_is_there(site: Site) -> None:
    pages = {
        file.relative_to(PROJECT / "docs").with_suffix(".html").as_posix() for file in PROJECT.glob("docs/**/*.md")
    }
    assert {page.replace("README", "index") for page in pages} == set(site) - {"404.html"}


def test_nothing_is_fetched_from_elsewhere(site: Site, folder: Path) -> None:
    for page, address in each(site, "fetches"):
        if address.scheme != "data":
            assert not address.netloc and not address.scheme, f"{page} fetches {address.geturl()}"
            assert (folder / posixpath.dirname(page) / unquote(address.path)).is_file(), f"{page}: {address.geturl()}"
    sheets = "".join(file.read_text("utf-8") for file in folder.rglob("*.css"))
    assert not [
        url for url in re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]+)", sheets) if not url.startswith("data:")
    ]
    policy = "default-src 'self' file: data: blob: 'unsafe-inline'"
    assert all(policy in (folder / page).read_text("utf-8") for page in site), "the browser is told as well"


def test_every_link_leads_to_a_page_and_a_place_in_it(site: Site, folder: Path) -> None:
    wrong = []
    for page, address in each(site, "leads"):
        if address.scheme or address.netloc:
            if (
                address.scheme not in ("https", "mailto")
                or " " in address.geturl()
                or "." not in (address.netloc or ".")
            ):
                wrong.append(f"{page}: {address.geturl()} is no address")
            continue
        target = (
            posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address.path))) if address.path else page
        )
        if not (folder / target).exists():
            wrong.append(f"{page}: {address.geturl()} leads nowhere")
        elif address.fragment and unquote(address.fragment) not in site[target].ids:
            wrong.append(f"{page}: {address.geturl()} names no place there")
    assert not wrong


def test_pages_beside_docs_lead_somewhere(site: Site) -> None:
    """GitHub alone shows those; their links into docs/ name places that the site has, too."""
    wrong = []
    for page in PROJECT.glob("*.md"):
        for target in _TARGET.findall(_CODE.sub("", prose(page))):
            path, _, anchor = target.partition("#")
            shown = path.removeprefix("docs/").replace("README.md", "index.md").removesuffix(".md") + ".html"
            if "://" not in target and not (
                (PROJECT / path).exists() and (not anchor or not path.startswith("docs/") or anchor in site[shown].ids)
            ):
                wrong.append(f"{page.name}: {target}")
    assert not wrong


def test_no_markdown_is_left_in_a_paragraph(site: Site) -> None:
    left = [(page, text[:80]) for page, seen in site.items() for text in seen.paragraphs if _RAW.search(text)]
    assert not left, "a list or a table needs a line of its own before it, and four blanks inside another"


def test_links_out_of_docs_lead_to_the_repository(site: Site, folder: Path) -> None:
    assert "https://github.com/weathervane/weathervane/blob/main/SECURITY.md" in site["security.html"].leads
    shown = (folder / "weekly-pull-request.html").read_text("utf-8")
    assert "../../../policies/models.lock.json" in shown, "what a block shows is left as it is"


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs/decisions").mkdir(parents=True)
    shutil.copytree(PROJECT / "script", tmp_path / "script")
    settings = (PROJECT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(f"{settings}\nnav: [index.md, {{Decisions: decisions}}]\n")
    links = ("decisions/0001.md#nowhere", "b.md", "../c.md", "decisions/0001.md#why", "../mkdocs.yml")
    (tmp_path / "docs/index.md").write_text("\n\n".join(("# Here", *(f"[there]({link})" for link in links))))
    (tmp_path / "docs/decisions/0001.md").write_text("# 1. So\n\n## Why\n\nA decision lists itself.\n")
    done = built(tmp_path, tmp_path / "site")
    warnings = [line for line in done.stderr.splitlines() if line.startswith("WARNING")]
    assert done.returncode != 0
    assert [re.findall(r"'([^']+)'", line)[1] for line in warnings] == ["b.md", "../c.md", "decisions/0001.md#nowhere"]
