"""A page laid out as text for a terminal, or as Markdown for a pull request. Outside text is escaped here."""

from __future__ import annotations

from collections.abc import Iterator

from harness.market.moved import Moved
from harness.market.page import Part, parts, title
from harness.outside import markdown, plain


def as_text(moved: Moved) -> str:
    """For a terminal."""
    blocks = [plain(title(moved.moves))]
    blocks += ["\n".join(_text(part)) for part in parts(moved)]
    blocks.append("\n".join(map(plain, moved.citations)))
    return "\n\n".join(blocks) + "\n"


def as_markdown(moved: Moved) -> str:
    """For a pull request, an issue, and the week's market.md. It ends with the citations that the licence asks for."""
    blocks = [f"# {markdown(title(moved.moves))}"]
    blocks += ["\n".join(_markdown(part)) for part in parts(moved)]
    blocks.append("\n\n".join(markdown(citation) for citation in moved.citations))
    return "\n\n".join(blocks) + "\n"


def _text(part: Part) -> Iterator[str]:
    if part.title:
        yield plain(part.title)
    yield from (f"  {plain(sentence)}" for sentence in part.sentences)
    if not part.rows:
        return
    table = [tuple(map(plain, row)) for row in (part.columns, *part.rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(part.columns))]
    for row in table:
        cells = (
            cell.rjust(width) if column in part.numeric else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _markdown(part: Part) -> Iterator[str]:
    if part.title:
        yield f"## {markdown(part.title)}"
        yield ""
    single = len(part.sentences) == 1
    yield from (markdown(sentence) if single else f"- {markdown(sentence)}" for sentence in part.sentences)
    if part.rows:
        if part.sentences:
            yield ""
        yield f"| {' | '.join(map(markdown, part.columns))} |"
        yield f"|{'|'.join('---:' if n in part.numeric else '---' for n in range(len(part.columns)))}|"
        yield from (f"| {' | '.join(map(markdown, row))} |" for row in part.rows)
