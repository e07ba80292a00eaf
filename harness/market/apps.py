"""apps.json of a week: which apps used most tokens, by `GET /datasets/app-rankings`. Their names are outside text."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from compiler.diagnostics import Place, PolicyError
from harness.market.answers import LICENCE
from harness.market.findings import ODD_APPS
from harness.market.form import MOST_TOKENS, dumped, moment
from harness.market.questions import Question
from harness.openrouter import Answer
from harness.weeks import Week

FILE = "apps.json"
CITATION = "Source: OpenRouter (openrouter.ai/apps), as of {as_of}."


class _App(BaseModel):
    rank: Annotated[StrictInt, Field(ge=1)]
    app_id: StrictInt
    app_name: Annotated[StrictStr, Field(max_length=1000)]
    total_requests: Annotated[StrictInt, Field(ge=0, le=MOST_TOKENS)]
    total_tokens: Annotated[StrictStr, Field(pattern="^(0|[1-9][0-9]{0,18})$")]


class _Meta(BaseModel):
    as_of: StrictStr
    version: Literal["v1"]


class _Apps(BaseModel):
    data: Annotated[tuple[_App, ...], Field(min_length=1)]
    meta: _Meta


def apps_json(week: Week, days: tuple[datetime.date, ...], answer: Answer, question: Question, place: Place) -> bytes:
    """The file. Raises PolicyError where the answer is empty or odd."""
    apps, as_of = _checked(answer.data, question, place)
    stamp = moment(as_of)
    return dumped(
        {
            "version": 1,
            "week": str(week),
            "complete": days == week.days,
            "days": [day.isoformat() for day in days],
            "as_of": stamp,
            "citation": CITATION.format(as_of=stamp),
            "licence": LICENCE,
            "source": str(question),
            "sha256": answer.sha256,
            "apps": [{**app.model_dump(), "total_tokens": int(app.total_tokens)} for app in apps.data],
        }
    )


def _checked(data: Any, question: Question, place: Place) -> tuple[_Apps, datetime.datetime]:
    try:
        apps = _Apps.model_validate(data)
        as_of = datetime.datetime.fromisoformat(apps.meta.as_of)
        if as_of.tzinfo is None:
            raise ValueError("meta.as_of has no zone")
        as_of = as_of.astimezone(datetime.UTC)
        if [app.rank for app in apps.data] != list(range(1, len(apps.data) + 1)):
            raise ValueError("ranks do not count 1, 2, 3 …")
        if len({app.app_id for app in apps.data}) != len(apps.data):
            raise ValueError("an app is listed twice")
        if max(int(app.total_tokens) for app in apps.data) > MOST_TOKENS:
            raise ValueError("total_tokens is beyond 64 bits")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise PolicyError([ODD_APPS.at(place, f"{question}: {where}: {first['msg']}")]) from error
    except (ValueError, OverflowError) as error:
        raise PolicyError([ODD_APPS.at(place, f"{question}: {error!s:.200}")]) from error
    return apps, as_of
