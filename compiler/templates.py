"""Jinja environments for targets: undefined names are errors, and every value passes the filter of its format."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import simplejson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def to_json(value: Any) -> str:
    """`value` as JSON on one line; Decimals keep every digit, and text stays readable."""
    return str(simplejson.dumps(value, ensure_ascii=False, use_decimal=True, namedtuple_as_object=False))


def _attribute_safe(value: Any) -> Markup:
    """XML text in which a carriage return survives: XML parsers turn a bare one into a newline."""
    return Markup(Markup.escape(value).replace("\r", Markup("&#13;")))


def one_line(text: str) -> str:
    """Text without line breaks, for a comment."""
    return " ".join(text.split())


def code_span(text: str) -> str:
    """Markdown that shows `text` as it is: inside a code span neither HTML nor links nor emphasis come alive."""
    line = one_line(text) or "(empty)"
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"


@cache
def templates(package: str, *, xml: bool = False) -> Environment:
    """The environment for the templates that lie beside the modules of `package`.

    With `xml`, every value is escaped by default; else the template must name a filter (`| json`) for each value.
    """
    environment = Environment(
        loader=PackageLoader(package, "."),
        undefined=StrictUndefined,
        autoescape=xml,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_attribute_safe if xml else None,
    )
    environment.filters.update(json=to_json, code=code_span, line=one_line)
    return environment
