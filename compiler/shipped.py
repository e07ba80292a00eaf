"""Files that come along with the tool and are no code: policies, weeks, docs. From a checkout or a wheel."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path

_SOURCE = Path(__file__).parents[1]
#: Below which folder a wheel brings them: `[tool.setuptools.data-files]` in pyproject.toml.
_BROUGHT = ("share", "weathervane")


def shipped(path: str) -> Path:
    """A file or folder by its path in the project."""
    return _root() / path


@cache
def _root() -> Path:
    if (_SOURCE / "pyproject.toml").is_file():
        return _SOURCE
    for file in metadata.files("weathervane") or ():
        for at in range(len(file.parts) - len(_BROUGHT)):
            if file.parts[at : at + len(_BROUGHT)] == _BROUGHT:
                return Path(str(file.locate())).parents[len(file.parts) - at - len(_BROUGHT) - 1].resolve()
    raise FileNotFoundError(2, "this installation has no share/weathervane; install it again", str(_SOURCE))
