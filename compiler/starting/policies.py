"""The first policies of a team that starts anew: the shipped ones, with its own names, Macs and budget in them.

They are edited as text, so that they come with their comments; a test compiles what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.policy import LOCK_FILE
from compiler.shipped import shipped
from compiler.starting.answers import Answers

#: The team of the shipped policies; its first laptop is written out, the others are like it.
_TEAM, _ADDRESS, _GATEWAY, _FIRST = "acme", "https://studio.acme.example", "studio", "air-ana"
_LIKE_FIRST = re.compile(r"(?:^  air-\w+: \*air\n)+", re.MULTILINE)
_LIMIT = re.compile(r"(?<=limit_usd: )[0-9.]+")
_FLEET_HEAD = re.compile(r"^# Six people .*$", re.MULTILINE)
_RINGS_HEAD = re.compile(r"^# a release comes to .*$", re.MULTILINE)
_COMMENT = re.compile(r"(?P<mark>[ ]*#[ ])(?P<words>.*)$")


def starting_policies(answers: Answers) -> Mapping[str, str]:
    """Path inside policies/ → text, with the lock that pins their models."""
    root = shipped("policies")
    files = [*root.glob("*.yaml"), *root.glob("scenarios/*.yaml")]
    texts = {file.relative_to(root).as_posix(): file.read_text("utf-8") for file in files}
    texts = {path: _of_team(_without_article(text), answers) for path, text in texts.items()}
    texts["fleet.yaml"] = _fleet(texts["fleet.yaml"], answers)
    texts["caps.yaml"] = _LIMIT.sub(f"{answers.limit_usd:f}", texts["caps.yaml"])
    texts[LOCK_FILE] = (root / LOCK_FILE).read_text("utf-8")
    return texts


def _of_team(text: str, answers: Answers) -> str:
    text = text.replace(_ADDRESS, answers.address).replace(f"github.com/{_TEAM}/", f"github.com/{answers.owner}/")
    return text.replace(f"{_TEAM}-", f"{answers.owner.lower()}-")


def _without_article(text: str) -> str:
    """Without the sentences about the article that the shipped team follows."""
    return "".join(f"{line}\n" for line in _lines(text.splitlines()))


def _lines(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _COMMENT.search(line) if "article" in line else None
        if not found:
            yield line
            continue
        kept = [each for each in re.split(r"(?<=[.])\s+", found["words"]) if "article" not in each]
        left = line[: found.start()] + (found["mark"] + " ".join(kept) if kept else "")
        if left.strip():
            yield left


def _fleet(text: str, answers: Answers) -> str:
    first, *others = answers.laptops
    text = _FLEET_HEAD.sub("# The team's Macs. What hardware they are is a guess: review it.", text)
    text = _RINGS_HEAD.sub("# a release comes to one laptop first; to the others when its reports were good", text)
    text = _LIKE_FIRST.sub("".join(f"  {name}: *air\n" for name in others), text)
    text = re.sub(rf"(?<=  ){_GATEWAY}(?=:\n)|(?<=gateway: ){_GATEWAY}$", answers.gateway, text, flags=re.MULTILINE)
    return re.sub(rf"\b{_FIRST}\b", first, text)
