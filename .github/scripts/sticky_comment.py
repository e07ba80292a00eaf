"""Put what `check` found out about the routes into one comment on its pull request.

Run by comment.yml from the default branch, with a token that may comment. The artifact was written by the code of the
pull request, maybe a stranger's: it is data, and every claim in it is held against what GitHub says about the run.
Standard library only, so that nothing is installed where the token is.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

MARKER = "<!-- weathervane: route-diff -->"
AUTHOR = "github-actions[bot]"
ARTIFACT = "route-diff"
#: GitHub refuses a longer comment. Counted as UTF-16 does, which is never less than GitHub counts.
LONGEST_COMMENT = 65_536
#: Of the archive, and of each file in it.
MOST_BYTES = 1_048_576
#: Left free for what closes a text that is cut.
_CLOSING = 600
_MOST_OPEN = 20
_PAGE = 100
_SECONDS = 30


class RefusedError(Exception):
    """The artifact, or what GitHub answered, is not what it must be."""


class NothingToDoError(Exception):
    """There is no comment to write, and that is fine."""


@dataclass(frozen=True, slots=True)
class GitHub:
    """The REST API as one repository's workflow may use it."""

    api: str
    repository: str
    token: str

    def get(self, path: str) -> Any:
        """A JSON answer."""
        return json.loads(self._ask("GET", path))

    def send(self, method: str, path: str, data: Mapping[str, str]) -> None:
        """Write something."""
        self._ask(method, path, json.dumps(data).encode())

    def download(self, path: str) -> bytes:
        """A file, which GitHub has elsewhere: that host must not see the token."""
        return self._ask("GET", path, most=MOST_BYTES)

    def _ask(self, method: str, path: str, body: bytes | None = None, most: int = 64 * MOST_BYTES) -> bytes:
        request = Request(f"{self.api}/repos/{self.repository}{path}", data=body, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", "weathervane")
        # "unredirected": urllib would otherwise carry it to the host that GitHub sends us to
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urlopen(request, timeout=_SECONDS) as answer:
                content: bytes = answer.read(most + 1)
        except HTTPError as error:
            raise RefusedError(f"GitHub answered {error.code} to {method} {path}") from None
        except (URLError, TimeoutError) as error:
            raise RefusedError(f"no answer to {method} {path}: {error}") from None
        if len(content) > most:
            raise RefusedError(f"the answer to {method} {path} is larger than {most} bytes")
        return content


@dataclass(frozen=True, slots=True)
class Run:
    """What GitHub itself says about the run of `check`; nothing here comes from the pull request's code."""

    id: int
    url: str
    sha: str
    branch: str
    repository: int | None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Run:
        """From the payload of a workflow_run event."""
        run = event["workflow_run"]
        if run["event"] != "pull_request":
            raise NothingToDoError(f"the run was for {run['event']!r}, not for a pull request")
        head = run["head_repository"] or {}
        return cls(int(run["id"]), run["html_url"], run["head_sha"], run["head_branch"], head.get("id"))


def main() -> int:
    """0: written, or nothing to write; 1: refused; 2: not run by Actions."""
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
        github = GitHub(
            os.environ["GITHUB_API_URL"].rstrip("/"), os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"]
        )
    except KeyError as error:
        print(f"sticky_comment: {error} is not set; this runs in comment.yml", file=sys.stderr)
        return 2
    try:
        print(comment(github, Run.of(event)))
    except NothingToDoError as reason:
        print(f"::notice::{_data(str(reason))}")
    except RefusedError as reason:
        print(f"::error title=no comment::{_data(str(reason))}")
        return 1
    return 0


def _data(words: str) -> str:
    """Escaped as in GitHub's toolkit: text cannot start a workflow command of its own."""
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def comment(github: GitHub, run: Run) -> str:
    """Write or update the comment; says what was done."""
    number, text = unpacked(archive(github, run))
    own_pull_request(github, run, number)
    found = sticky(github, number)
    if found is None and not text.strip():
        raise NothingToDoError(f"pull request {number} changes no policy")
    body = worded(run, text)
    if found is None:
        github.send("POST", f"/issues/{number}/comments", {"body": body})
        return f"commented on pull request {number}"
    if found["body"].replace("\r\n", "\n") == body:
        return f"the comment on pull request {number} is up to date"
    github.send("PATCH", f"/issues/comments/{int(found['id'])}", {"body": body})
    return f"updated the comment on pull request {number}"


def archive(github: GitHub, run: Run) -> bytes:
    """The newest artifact of that name of the run."""
    listed = github.get(f"/actions/runs/{run.id}/artifacts?name={quote(ARTIFACT)}&per_page={_PAGE}")["artifacts"]
    found = [artifact for artifact in listed if artifact["name"] == ARTIFACT and not artifact["expired"]]
    if not found:
        raise NothingToDoError(f"run {run.id} left no {ARTIFACT}: it failed before, and says why itself")
    newest = max(found, key=lambda artifact: int(artifact["id"]))
    if newest["size_in_bytes"] > MOST_BYTES:
        raise RefusedError(f"{ARTIFACT} of run {run.id} is larger than {MOST_BYTES} bytes")
    return github.download(f"/actions/artifacts/{int(newest['id'])}/zip")


def unpacked(content: bytes) -> tuple[int, str]:
    """(number of the pull request, text), read in memory: no name in the archive ever becomes a path."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as files:
            number, text = (_member(files, name) for name in ("pull-request", "comment.md"))
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise RefusedError(f"{ARTIFACT} is not the archive that check.yml makes: {error!r:.200}") from None
    if not re.fullmatch(rb"[1-9][0-9]{0,8}\n?", number):
        raise RefusedError(f"{ARTIFACT} names no pull request: {number[:40]!r}")
    return int(number), text.decode("utf-8", "replace")


def _member(files: zipfile.ZipFile, name: str) -> bytes:
    with files.open(name) as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:  # whatever size the archive's directory claims
        raise RefusedError(f"{name} in {ARTIFACT} is larger than {MOST_BYTES} bytes")
    return content


def own_pull_request(github: GitHub, run: Run, number: int) -> None:
    """The number comes from the pull request's code: only the one that the run itself was for may be written to."""
    pull = github.get(f"/pulls/{number}")
    head = pull["head"]
    origin = (head["repo"] or {}).get("id")
    if run.repository is None or origin != run.repository or head["ref"] != run.branch:
        raise RefusedError(f"run {run.id} was not for pull request {number}, whose number its {ARTIFACT} holds")
    if pull["state"] != "open":
        raise NothingToDoError(f"pull request {number} is {pull['state']}")
    if head["sha"] != run.sha:
        raise NothingToDoError(f"pull request {number} has moved on from {run.sha[:7]}: its newer run will comment")


def sticky(github: GitHub, number: int) -> Mapping[str, Any] | None:
    """Our comment. Anybody can copy the marker, so the author counts as well."""
    for comment in _comments(github, number):
        if comment["user"] and comment["user"]["login"] == AUTHOR and (comment["body"] or "").startswith(MARKER):
            return comment
    return None


def _comments(github: GitHub, number: int) -> Iterator[Mapping[str, Any]]:
    page = 1
    while True:
        some: list[Mapping[str, Any]] = github.get(f"/issues/{number}/comments?per_page={_PAGE}&page={page}")
        yield from some
        if len(some) < _PAGE:
            return
        page += 1


def worded(run: Run, text: str) -> str:
    """The comment. Our own words stand first: whatever the text opens and leaves open, it cannot swallow them."""
    said = f"Routes of this pull request, as [its own check]({run.url}) of `{run.sha[:7]}` found them."
    head = f"{MARKER}\n{said}\n\n"
    return head + fitted(quiet(clean(text)).strip() or "No policy changes any more.", LONGEST_COMMENT - length(head))


def clean(text: str) -> str:
    """Without control characters, which GitHub refuses or a mail client would obey."""
    return "".join(c for c in text.replace("\r\n", "\n") if c.isprintable() or c in "\n\t\u00a0\u202f\u200d")


def quiet(text: str) -> str:
    """Nobody is called by a name that stands in a policy. Code blocks notify nobody, and stay as they are."""
    lines = (re.sub(r"@(?=\w)", "@\u200b", line) if not fence else line for line, fence in _fenced(text))
    return "\n".join(lines)


def fitted(text: str, room: int) -> str:
    """Cut at a line to what GitHub takes, with every code block and fold closed."""
    if length(text) <= room:
        return text
    room -= _CLOSING
    kept: list[str] = []
    fence, folds = "", 0
    for line, inside in _fenced(text):
        room -= length(line) + 1
        opened = folds + (0 if inside else line.count("<details") - line.count("</details>"))
        if room < 0 or opened > _MOST_OPEN:
            break
        kept.append(line)
        fence, folds = _after(inside, line), max(0, opened)
    closing = [fence] if fence else []
    return "\n".join([*kept, *closing, *["</details>"] * folds, "", "*Cut: `vane diff` shows all of it.*"])


_FENCE = re.compile(r" {0,3}(`{3,100}(?!`)|~{3,100}(?!~))(.*)")


def _fenced(text: str) -> Iterator[tuple[str, str]]:
    """(line, the fence of the code block that is open before it)."""
    fence = ""
    for line in text.split("\n"):
        yield line, fence
        fence = _after(fence, line)


def _after(fence: str, line: str) -> str:
    """The fence of the code block that is open after a line, as CommonMark has it."""
    found = _FENCE.fullmatch(line)
    if not found:
        return fence
    marks, rest = found.groups()
    if fence:
        closes = marks.startswith(fence) and not rest.strip()
        return "" if closes else fence
    return "" if marks[0] == "`" and "`" in rest else marks


def length(text: str) -> int:
    """In UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


if __name__ == "__main__":
    sys.exit(main())
