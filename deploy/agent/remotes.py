"""Where releases come from: a folder, an HTTPS address, or a branch of a git repository. None of them is trusted."""

from __future__ import annotations

import http.client
import os
import stat
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

from deploy.account.refusal import Refusal

#: For one file, by the monotonic clock, however slowly it drips; and for one silence.
_FILE_SECONDS, _SILENCE_SECONDS = 300, 30
_LATER = "nothing was changed; the next pass tries again"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Remote(Protocol):
    """Gives files by their flat names."""

    def file(self, name: str, limit: int) -> bytes: ...


def remote_of(wanted: Mapping[str, str], state: Path) -> Remote:
    """The remote that agent.json names."""
    if "folder" in wanted:
        return Folder(Path(wanted["folder"]))
    if "https" in wanted:
        return Https(wanted["https"])
    return Git(wanted["git"], wanted["branch"], state / "remote.git")


def unreachable(place: str, why: str) -> Refusal:
    """A remote that does not answer, now."""
    return Refusal("VD201", place, why, _LATER)


class Folder:
    """A folder, such as a share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, name: str, limit: int) -> bytes:
        place = self._folder / name
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise unreachable(str(place), "it is no regular file")
                content = stream.read(limit + 1)
        except OSError as error:
            raise unreachable(str(place), str(error.strerror)) from error
        if len(content) > limit:
            raise _too_big(str(place), limit)
        return content


class Https:
    """Files below an address, such as https://github.com/acme/routes/releases/latest/download/."""

    def __init__(self, address: str) -> None:
        self._address = address if address.endswith("/") else f"{address}/"
        _refuse_unless_https(self._address)
        self._opener = urllib.request.build_opener(_Redirects())

    def file(self, name: str, limit: int) -> bytes:
        place = self._address + name
        end = time.monotonic() + _FILE_SECONDS
        try:
            request = urllib.request.Request(place, headers={"User-Agent": "vane-agent"})
            with self._opener.open(request, timeout=_SILENCE_SECONDS) as answer:
                content = _read_until(answer, limit, end, place)
                if (length := answer.headers.get("Content-Length")) and int(length) != len(content):
                    raise unreachable(place, f"it broke off after {len(content)} of {length} bytes")
                return content
        except urllib.error.HTTPError as error:
            with error:  # it holds the connection
                raise unreachable(place, f"HTTP {error.code}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise unreachable(place, f"{type(error).__name__}: {error}") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows where a forge keeps its files, and never out of TLS."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        _refuse_unless_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_unless_https(address: str) -> None:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise unreachable(address, "it is not https")


def _read_until(answer: IO[bytes], limit: int, end: float, place: str) -> bytes:
    content = bytearray()
    while chunk := answer.read(1 << 16):
        content += chunk
        if len(content) > limit:
            raise _too_big(place, limit)
        if time.monotonic() > end:
            raise unreachable(place, f"it was not over after {_FILE_SECONDS} s")
    return bytes(content)


class Git:
    """The newest commit of a branch, fetched without history and without files that nobody asks for."""

    def __init__(self, address: str, branch: str, clone: Path) -> None:
        self._address, self._branch, self._clone, self._is_fetched = address, branch, clone, False

    def file(self, name: str, limit: int) -> bytes:
        if not self._is_fetched:
            self._fetch()
        path = f"FETCH_HEAD:{name}"
        size = self._git("cat-file", "-s", path)
        if int(size) > limit:
            raise _too_big(f"{self._address} {name}", limit)
        return self._git("cat-file", "blob", path)

    def _fetch(self) -> None:
        if not (self._clone / "HEAD").exists():
            self._clone.parent.mkdir(parents=True, exist_ok=True)
            _run(["git", "init", "--quiet", "--bare", "--template=", str(self._clone)], self._address)
        for key, value in {
            "remote.origin.url": self._address,
            "remote.origin.promisor": "true",
            "remote.origin.partialclonefilter": "blob:none",
        }.items():
            self._git("config", key, value)
        branch = f"refs/heads/{self._branch}"
        self._git("fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "origin", branch)
        self._is_fetched = True

    def _git(self, *arguments: str) -> bytes:
        return _run(["git", f"--git-dir={self._clone}", *arguments], self._address)


def _run(command: list[str], place: str) -> bytes:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_FILE_SECONDS, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise unreachable(place, f"git: {error}") from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise unreachable(place, words[-1])
    return done.stdout


def _too_big(place: str, limit: int) -> Refusal:
    return Refusal("VD202", place, f"it is larger than {limit} bytes", _LATER)
