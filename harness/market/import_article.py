"""A table in a text → a week. People write it as YAML; what the text claims beyond its table is kept as a claim."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StrictInt, ValidationError

from compiler.diagnostics import Place, PolicyError, errors
from compiler.policy.complaints import complaints
from compiler.policy.types import Policy, PolicyFile, Positive, Text
from compiler.yaml_text import Refused, parse
from harness.market.form import MOST_LETTERS, PERMASLUG
from harness.market.import_findings import ODD_ROW
from harness.market.rankings import Provenance, Ranked, Ranking, Section
from harness.weeks import Week


class ArticleRow(Policy):
    """A line of the table. The permaslug is the reader's: articles write names."""

    permaslug: Annotated[str, Field(pattern=PERMASLUG, max_length=MOST_LETTERS)]
    name: Text
    tokens: Positive
    change_percent: StrictInt | None = None
    """What the text says of the change against the week before."""


class Article(PolicyFile):
    """An article's table of one week."""

    kind: Literal["article"]
    week: Annotated[str, Field(pattern=r"^[0-9]{4}-W[0-9]{2}$")]
    source: Text
    platform_tokens: Positive | None = None
    models: Annotated[tuple[ArticleRow, ...], Field(min_length=1)]


def is_article(text: str) -> bool:
    """Whether a file says that it is one."""
    return re.search(r"^kind:\s*article\b", text, re.MULTILINE) is not None


def read_article(text: str, place: Place, sha256: str) -> tuple[Ranking, ...]:
    """The week of a table. Raises PolicyError where it is odd."""
    try:
        document, problems = parse(text, place.file)
    except Refused as refused:
        raise PolicyError([refused.finding]) from None
    if errors(problems):
        raise PolicyError(problems)
    try:
        article = Article.model_validate(document.data)
        week = Week.parse(article.week)
    except ValidationError as error:
        raise PolicyError(complaints(document, Article, error)) from error
    except ValueError as error:
        raise PolicyError([ODD_ROW.at(document.place("week"), str(error))]) from error
    if why := _oddity(article):
        raise PolicyError([ODD_ROW.at(document.place("models"), why)])
    rows = enumerate(article.models, 1)
    models = tuple(Ranked(rank, row.permaslug, row.tokens, {}, row.change_percent) for rank, row in rows)
    other = None if article.platform_tokens is None else article.platform_tokens - sum(m.tokens for m in models)
    origin = Provenance("article", article.source, sha256, False, None, None)
    return (Ranking(week, None, week.days, origin, Section(models, other)),)


def _oddity(article: Article) -> str | None:
    tokens = [row.tokens for row in article.models]
    if tokens != sorted(tokens, reverse=True):
        return "rows are not in the order of their tokens"
    if len({row.permaslug for row in article.models}) != len(tokens):
        return "a model is listed twice"
    if article.platform_tokens is not None and article.platform_tokens < sum(tokens):
        return f"its models have {sum(tokens)} tokens, the platform only {article.platform_tokens}"
    return None
