"""A week from OpenRouter: ask, check, and hand over its files. Nothing is written here."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.lock import Answers, endpoints_of, models_of, zdr_slugs
from harness.clock import Clock
from harness.market import archive, questions
from harness.market.answers import CITATION, LICENCE, Rows, read_rows, section_of
from harness.market.apps import FILE as APPS_FILE
from harness.market.apps import apps_json
from harness.market.findings import NO_DAY_YET, UNANSWERED
from harness.market.form import moment
from harness.market.oddities import Expected, in_rows, in_week
from harness.market.prices import FILE as PRICES_FILE
from harness.market.prices import prices_json
from harness.market.questions import Question
from harness.market.rankings import Provenance, Ranking, Section
from harness.openrouter import Answer, OpenRouter, UnansweredError
from harness.weeks import Week

_MODELS, _ZDR = "/models", "/endpoints/zdr"
_UNAUTHORIZED, _NOT_FOUND, _TOO_MANY = 401, 404, 429


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask for."""

    week: Week
    sections: tuple[str, ...]
    #: slugs of OpenRouter models that the policies name
    models: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A checked week: its ranking, its other files, and the models that OpenRouter does not serve."""

    ranking: Ranking
    files: Mapping[str, bytes]
    not_served: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refresh:
    """Asks for one week. `tell` hears of each question before it is asked, and of how many there are."""

    client: OpenRouter
    wanted: Wanted
    archived: Sequence[Ranking]
    clock: Clock
    tell: Callable[[str, int], None]

    def run(self) -> Refreshed:
        """The week. Raises PolicyError where an answer does not come, or anything about it is odd."""
        week = self.wanted.week
        days = questions.days_over(week, self.clock.now())
        if not days:
            said = f"{week} begins on {week.monday}, and no day of it is over"
            raise PolicyError([NO_DAY_YET.at(archive.place(week), said)])
        ranking = self._ranking(days)
        if odd := tuple(in_week(ranking, self.archived, self.clock.now(), archive.place(week))):
            raise PolicyError(odd)
        place = archive.place(week, APPS_FILE)
        question = questions.apps(days)
        apps = apps_json(week, days, self._asked(question, place), question, place)
        if not questions.has_prices(week, self.clock.now()):
            return Refreshed(ranking, {APPS_FILE: apps}, ())
        prices, not_served = self._prices()
        return Refreshed(ranking, {APPS_FILE: apps, PRICES_FILE: prices}, not_served)

    def _ranking(self, days: tuple[datetime.date, ...]) -> Ranking:
        question = questions.platform(days)
        answer, rows = self._rows(question, days, is_platform=True)
        sections = {name: self._section(questions.section(name, days), days) for name in self.wanted.sections}
        citation = CITATION.format(as_of=moment(rows.as_of))
        origin = Provenance("official", str(question), answer.sha256, True, citation, LICENCE)
        return Ranking(self.wanted.week, rows.as_of, days, origin, section_of(rows.rows), sections)

    def _section(self, question: Question, days: tuple[datetime.date, ...]) -> Section:
        answer, rows = self._rows(question, days, is_platform=False)
        sampled = question.is_sampled
        return section_of(rows.rows, is_daily=not sampled, sampled=sampled, sha256=answer.sha256)

    def _rows(self, question: Question, days: tuple[datetime.date, ...], *, is_platform: bool) -> tuple[Answer, Rows]:
        place = archive.place(self.wanted.week)
        answer = self._asked(question, place)
        rows = read_rows(answer.data, place, str(question))
        expected = Expected(str(question), place, days, is_platform, question.is_sampled)
        if odd := tuple(in_rows(rows, expected)):
            raise PolicyError(odd)
        return answer, rows

    def _prices(self) -> tuple[bytes, tuple[str, ...]]:
        week = self.wanted.week
        place = archive.place(week, PRICES_FILE)
        answer, zdr = self._asked(Question(_MODELS, {}), place), self._asked(Question(_ZDR, {}), place)
        models, keepers = models_of(answer.data, place), zdr_slugs(zdr.data, place)
        served = {model["id"] for model in models}
        raw = {answer.question: answer.sha256, zdr.question: zdr.sha256}
        endpoints: dict[str, tuple[Mapping[str, Any], ...]] = {}
        for slug in sorted(self.wanted.models & served):
            if found := self._endpoints(slug, place):
                raw[found.question] = found.sha256
                endpoints[slug] = endpoints_of(found.data, slug, place)
        answers = Answers(models, keepers, answer.day, "GET /models", endpoints)
        content = prices_json(week, self.wanted.models, answers, zdr.data, raw, place)
        return content, tuple(sorted(self.wanted.models - served))

    def _endpoints(self, slug: str, place: Place) -> Answer | None:
        """Who serves a model; None where OpenRouter lists it and knows no endpoints of it."""
        self.tell(f"GET /models/{slug}/endpoints", self._count)
        try:
            return self.client.get(f"/models/{slug}/endpoints")
        except UnansweredError as error:
            if error.status == _NOT_FOUND:
                return None
            raise _unanswered(error, place) from error

    def _asked(self, question: Question, place: Place) -> Answer:
        self.tell(str(question).removesuffix("?"), self._count)
        try:
            return self.client.get(question.path, question.query)
        except UnansweredError as error:
            raise _unanswered(error, place) from error

    @property
    def _count(self) -> int:
        """How many questions there will be: platform, apps, sections; for prices models, zero retention, endpoints."""
        prices = 2 + len(self.wanted.models) if questions.has_prices(self.wanted.week, self.clock.now()) else 0
        return 2 + len(self.wanted.sections) + prices


def _unanswered(error: UnansweredError, place: Place) -> PolicyError:
    fix = "try again later; nothing was written"
    if error.status == _UNAUTHORIZED:
        fix = "check OPENROUTER_API_KEY: it must be a key of the account that is not disabled"
    elif error.status == _TOO_MANY:
        fix = "wait a minute (30 requests a minute, 500 a day); nothing was written"
    return PolicyError([UNANSWERED.at(place, str(error), fix)])
