"""`vane market history`: a model, a vendor or the whole platform over the archived weeks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from compiler.formats import one_line
from harness.market.findings import NO_SUCH_WEEK
from harness.market.history import UnknownNameError, history, subject
from harness.market.history_index import ARCHIVE, opened
from harness.market.history_layout import as_json, as_text
from harness.weeks import Week

LOCK = "policies/models.lock.json"


def run(asked: argparse.Namespace) -> int:
    """0: said; 1: nothing is archived, or a week is broken; 2: no such name, or no ISO week."""
    project: Path = asked.project
    try:
        since, until = (Week.parse(name) if name else None for name in (asked.since, asked.until))
    except ValueError as error:
        return _refuse(str(error))
    if since and until and since > until:
        return _refuse(f"--since {since} is after --until {until}")
    try:
        index = opened(project)
        if not index.weeks:
            fix = "fetch one: vane market refresh"
            raise PolicyError([NO_SUCH_WEEK.at(Place(ARCHIVE), "the archive holds no week", fix)])
        of = subject(index, asked.what, _canonical(project))
        weeks = history(index, of, since, until)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    except UnknownNameError as error:
        hint = f"; did you mean {error.near!r}?" if error.near else ""
        return _refuse(f"nothing in the archive is called {error.name!r}{hint}")
    sys.stdout.write(as_json(weeks) if asked.json else as_text(of, weeks))
    return 0


def _canonical(project: Path) -> Mapping[str, str]:
    """The lock's permaslug of each slug. Read without its types: they would take longer than the question.

    A lock that cannot be read names nothing here; `vane compile` is the one to say what is wrong with it.
    """
    try:
        models = json.loads((project / LOCK).read_bytes())["models"]
        return {slug: str(facts["canonical_slug"]) for slug, facts in models.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _refuse(why: str) -> int:
    print(f"vane: {one_line(why)}", file=sys.stderr)
    return 2
