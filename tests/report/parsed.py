"""A page taken apart by the standard library's parser: its words, its tags, and whether they are balanced."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link"})


@dataclass
class Tag:
    """A start tag."""

    name: str
    attributes: dict[str, str]


@dataclass
class Parsed:
    """A page."""

    tags: list[Tag] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def named(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    def says(self) -> list[str]:
        """What charts say."""
        return [tag.attributes["data-says"] for tag in self.tags if "data-says" in tag.attributes]

    @property
    def addresses(self) -> set[str]:
        """Everything that a browser could fetch or follow."""
        kinds = ("href", "src", "srcset", "action", "formaction", "data", "poster", "background", "xlink:href")
        return {tag.attributes[kind] for tag in self.tags for kind in kinds if kind in tag.attributes}


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page, self.open = Parsed(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice: {names}"
        self.page.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.page.words.append(data)


def parsed(page: bytes) -> Parsed:
    """Take it apart; unbalanced tags are a failure."""
    parser = _Parser()
    parser.feed(page.decode())
    parser.close()
    assert parser.open == []
    return parser.page
