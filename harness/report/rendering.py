"""A template to one self-contained HTML file: all escaped, one style sheet, one script, and nothing else allowed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from compiler.templates import templates
from harness.report.words import minus, shown, where

_CSS, _SCRIPT = "style.css.j2", "page.js.j2"


@cache
def _environment() -> Environment:
    """The house's environment for XML, which escapes; here each value is also made harmless first."""
    environment = templates("harness.report", xml=True).overlay(finalize=shown)
    environment.filters["address"] = lambda name: quote(str(name), safe="/.")
    environment.filters["place"] = where
    environment.filters["minus"] = minus
    return environment


def render(template: str, values: Mapping[str, object]) -> bytes:
    """The page. Same values, same bytes."""
    environment = _environment()
    css, script = (environment.get_template(name).render() for name in (_CSS, _SCRIPT))
    policy = (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    ours = {"css": Markup(css), "script": Markup(script), "security_policy": Markup(policy)}
    return environment.get_template(template).render(**values, **ours).encode()


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
