"""What `vane init` has to know: five questions, each with the option that answers it and a default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from compiler.policy.types import NAME_PATTERN

_OWNER = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_ADDRESS = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{2,5})?")
_AMOUNT = re.compile(r"[1-9][0-9]{0,5}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Answers:
    """The team as it was described. Without a file to start from all of it is used, with one the owner alone."""

    start: Path | None
    owner: str
    laptops: tuple[str, ...]
    address: str
    limit_usd: Decimal

    @property
    def gateway(self) -> str:
        """The always-on Mac's name: the first part of its address."""
        return (urlsplit(self.address).hostname or "").partition(".")[0]


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is the option without its dashes; `check` raises ValueError with what is wrong."""

    name: str
    words: str
    default: str
    check: Callable[[str], object]
    #: whether a file to start from leaves it open
    is_always: bool = False


def _file(text: str) -> None:
    if text and not Path(text).expanduser().is_file():
        raise ValueError(f"there is no file {text!r}")


def _owner(text: str) -> None:
    if not _OWNER.fullmatch(text) or len(text) > 39:
        raise ValueError(f"{text!r} is no name of an organization or a person on GitHub")


def _laptops(text: str) -> None:
    names = _names(text)
    if wrong := [name for name in names if not re.fullmatch(NAME_PATTERN, name)]:
        raise ValueError(f"{wrong[0]!r} is no name for a Mac; take lower-case letters, digits and dashes")
    if not names or len(set(names)) < len(names):
        raise ValueError("name each laptop once, with commas between them")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _address(text: str) -> None:
    if not _ADDRESS.fullmatch(text) or not re.fullmatch(NAME_PATTERN, text.removeprefix("https://").partition(".")[0]):
        raise ValueError(f"{text!r} is no address such as https://studio.example.com")


def _amount(text: str) -> None:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no amount such as 200")


QUESTIONS = (
    Question("from", "An openclaw.json or a LiteLLM config to start from (none: start anew)", "", _file, True),
    Question("owner", "Your organization on GitHub: it owns the repositories and reviews", "your-org", _owner, True),
    Question("laptops", "Names for the team's laptops, with commas between them", "air-1,air-2", _laptops),
    Question("gateway", "Address of the Mac that never sleeps", "https://studio.example.com", _address),
    Question("cap", "USD a month that the dear models may cost", "200", _amount),
)


def checked(texts: Mapping[str, str]) -> Answers:
    """The answers by name of their question. Raises ValueError for the first that cannot be."""
    for question in QUESTIONS:
        try:
            question.check(texts[question.name])
        except ValueError as error:
            raise ValueError(f"--{question.name}: {error}") from error
    start = Path(texts["from"]).expanduser() if texts["from"] else None
    laptops = _names(texts["laptops"])
    answers = Answers(start, texts["owner"], laptops, texts["gateway"], Decimal(texts["cap"]))
    if answers.gateway in laptops:
        raise ValueError(f"--gateway: {answers.gateway!r} is also the name of a laptop")
    return answers
