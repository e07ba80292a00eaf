"""Where releases come from: a folder, an HTTPS address, or a branch of a git repository. None of them is trusted."""

from __future__ import annotations

import http.client
import os
import shutil
import stat
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Protocol

from deploy.account.refusal import Refusal
from deploy.release.archive import MOST_BUNDLE_BYTES
from deploy.release.git import last_words

#: For one file, by the monotonic clock, however slowly it drips; and for one silence.
_FILE_SECONDS, _SILENCE_SECONDS = 300, 30
_LATER = "nothing was changed; the next pass tries again"
#: Of 512 bytes, for each file that git writes: the bundles of a whole fleet, where a server knows no filter.
_MOST_BLOCKS = 16 * MOST_BUNDLE_BYTES // 512
#: Set where the agent is started from a git hook; they would lead git into that repository.
_OTHER_REPOSITORY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"})
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
        came_by_tls = urllib.parse.urlsplit(req.full_url).scheme == "https"
        _refuse_unless_https(newurl, frozenset() if came_by_tls else _LOOPBACK)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_unless_https(address: str, loopback: Collection[str] = _LOOPBACK) -> None:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in loopback):
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
    """The newest commit of a branch, fetched without history and without files that nobody asks for. The clone holds
    nothing that cannot be fetched again: where git fails in it, it goes. A git that was killed leaves locks behind,
    and a remote that gives too much leaves half of it.
    """

    def __init__(self, address: str, branch: str, clone: Path) -> None:
        self._address, self._branch, self._clone, self._is_fetched = address, branch, clone, False

    def file(self, name: str, limit: int) -> bytes:
        try:
            return self._file(name, limit)
        except Refusal:
            shutil.rmtree(self._clone, ignore_errors=True)
            self._is_fetched = False
            raise

    def _file(self, name: str, limit: int) -> bytes:
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
        how = ("--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "--no-recurse-submodules")
        self._git("fetch", *how, "origin", branch)
        self._is_fetched = True

    def _git(self, *arguments: str) -> bytes:
        return _run(["git", f"--git-dir={self._clone}", *arguments], self._address)


def _run(command: list[str], place: str) -> bytes:
    """Git's files have a limit: what a remote sends is on the disk before git tells how much it is."""
    environment = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file:https:ssh"}
    command = ["/bin/sh", "-c", 'ulimit -f "$0" && exec "$@"', str(_MOST_BLOCKS), *command]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_FILE_SECONDS, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise unreachable(place, f"git: {error}") from error
    if done.returncode:
        raise unreachable(place, last_words(done))
    return done.stdout


def _too_big(place: str, limit: int) -> Refusal:
    return Refusal("VD202", place, f"it is larger than {limit} bytes", _LATER)
