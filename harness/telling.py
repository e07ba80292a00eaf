"""How a command that asks many questions says where it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def telling() -> Iterator[Callable[[str, int], None]]:
    """A bar on a terminal, a line a question elsewhere."""
    if not sys.stderr.isatty():
        yield _say
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        asked = iter(range(10**6))
        yield lambda question, count: bar.update(task, description=escape(question), total=count, completed=next(asked))


def _say(question: str, count: int) -> None:
    sys.stderr.write(f"{question}\n")
