"""What `vane lock` asks OpenRouter: the one module of the compiler that talks to the network."""

from __future__ import annotations

import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from compiler.diagnostics import Place, PolicyError
from compiler.lock import BAD_ANSWER, Answers, models_of, zdr_slugs

API = "https://openrouter.ai/api/v1"
_ATTEMPTS = 3
_TIMEOUT = httpx.Timeout(30)


def fetch(api: str = API, key: str | None = None) -> Answers:
    """Ask for all models and zero-retention endpoints. Raises PolicyError when an answer does not come or is odd."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=api, headers=headers, timeout=_TIMEOUT, follow_redirects=False) as client:
        answer, as_of = _get(client, "/models")
        zdr, _ = _get(client, "/endpoints/zdr")
    return Answers(models_of(answer), zdr_slugs(zdr), as_of, "GET /models and GET /endpoints/zdr")


def _get(client: httpx.Client, path: str) -> tuple[Any, datetime.date]:
    problem = ""
    for _ in range(_ATTEMPTS):
        try:
            response = client.get(path)
            if response.status_code == httpx.codes.OK:
                return response.json(), _day(response)
            problem = f"HTTP {response.status_code}"
            if response.status_code < 500 and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
        except (httpx.HTTPError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
    said = f"GET {path}: {problem}"
    fix = "check the network, or use a saved answer: vane lock --from FILE"
    raise PolicyError([BAD_ANSWER.at(Place("policies/models.lock.json"), said, fix)])


def _day(response: httpx.Response) -> datetime.date:
    """The day of the answer by the server's own clock, or by ours where it does not say."""
    try:
        return parsedate_to_datetime(response.headers["date"]).astimezone(datetime.UTC).date()
    except (KeyError, ValueError):
        return datetime.datetime.now(datetime.UTC).date()
