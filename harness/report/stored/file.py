"""Reading a file of a week's folder. One that is there and is not what it should be stops the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.market import archive
from harness.market.form import broken
from harness.weeks import Week

Stored = TypeVar("Stored", bound="StoredFile")


class Kept(BaseModel):
    """A part of a file; what the page does not show is let through unread."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class StoredFile(Kept):
    """A whole file, which says whose week it is."""

    week: str


def read(kind: type[Stored], project: Path, week: Week, name: str) -> Stored | None:
    """The file; None where there is none. Raises PolicyError where it cannot be believed."""
    place = archive.place(week, name)
    try:
        content = (archive.folder(project, week) / name).read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = kind.model_validate(json.loads(content, parse_float=str))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise broken(place, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise broken(place, "it is not JSON") from error
    if found.week != str(week):
        raise broken(place, f"it holds {found.week}")
    return found
