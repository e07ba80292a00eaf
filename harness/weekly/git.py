"""Git, as the week needs it: no hook runs, nothing is signed, no index is locked, and whoever commits is the bot."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from compiler.diagnostics import Place, PolicyError
from harness.outside import inert
from harness.weekly.findings import GIT_REFUSED
from harness.weeks import Week

#: An address that is nobody's: GitHub shows whoever has one as the author.
NAME, EMAIL = "weathervane", "weathervane@bot.invalid"
#: Of the branches that it makes.
PREFIX = "weathervane/"
_SETTINGS = (
    "core.hooksPath=/dev/null", "commit.gpgSign=false", "core.quotePath=false", "core.autocrlf=false",
    "advice.detachedHead=false", "gc.auto=0",
)  # fmt: skip
#: Whoever runs the week may have set names of their own; and looking must not lock the index of a person's tree.
_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": NAME, "GIT_AUTHOR_EMAIL": EMAIL, "GIT_COMMITTER_NAME": NAME, "GIT_COMMITTER_EMAIL": EMAIL,
    "GIT_OPTIONAL_LOCKS": "0",
}  # fmt: skip
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
_SECONDS = 600


def git(folder: Path, *arguments: str, told: Mapping[str, str] | None = None) -> str:
    """What git prints. Raises PolicyError with what it says against it. `told`: more of its environment."""
    done = ask(folder, *arguments, told=told)
    if done.returncode:
        said = inert(done.stderr.decode(errors="replace").strip().replace("\n", "; ")[:500])
        raise PolicyError([GIT_REFUSED.at(Place(f"git {arguments[0]}"), said or "it says nothing")])
    return done.stdout.decode()


def ask(folder: Path, *arguments: str, told: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """The same where a refusal is an answer."""
    settings = [part for each in _SETTINGS for part in ("-c", each)]
    command = ["git", "-C", str(folder), *settings, *arguments]
    known = {**os.environ, **_ENVIRONMENT, **(told or {})}
    return subprocess.run(
        command, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL, env=known
    )


def dated(week: Week) -> Mapping[str, str]:
    """What git is told so that a commit of a week has its Monday's date: made again, it is the same commit."""
    date = f"{week.after().monday}T00:00:00+0000"
    return {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}


def web_address(project: Path) -> str | None:
    """The repository's page on the web by its origin; None where that is no host. No credential of it is shown."""
    found = ask(project, "remote", "get-url", "origin")
    url = found.stdout.decode().strip() if found.returncode == 0 else ""
    if "://" in url:
        parts = urlsplit(url)
        host, path = (parts.hostname, parts.path) if parts.scheme in ("https", "http", "ssh") else (None, "")
    else:
        scp = _SCP.fullmatch(url)
        host, path = (scp.group(1), scp.group(2)) if scp else (None, "")
    return f"https://{host}/{quote(path.strip('/').removesuffix('.git'))}" if host and path.strip("/") else None
