"""Git, as the week needs it: no hook runs, nothing is signed, and whoever commits is the bot."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import quote, urlsplit

from compiler.diagnostics import Place, PolicyError
from harness.outside import inert
from harness.weekly.findings import GIT_REFUSED

#: An address that is nobody's: GitHub shows whoever has one as the author.
NAME, EMAIL = "weathervane", "weathervane@bot.invalid"
#: Of the branches that it makes.
PREFIX = "weathervane/"
_SETTINGS = (
    "core.hooksPath=/dev/null", "commit.gpgSign=false", "core.quotePath=false", "core.autocrlf=false",
    "advice.detachedHead=false", f"user.name={NAME}", f"user.email={EMAIL}",
)  # fmt: skip
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
_SECONDS = 600


def git(folder: Path, *arguments: str) -> str:
    """What git prints. Raises PolicyError with what it says against it."""
    done = ask(folder, *arguments)
    if done.returncode:
        said = inert(done.stderr.decode(errors="replace").strip().replace("\n", "; ")[:500])
        raise PolicyError([GIT_REFUSED.at(Place(f"git {arguments[0]}"), said or "it says nothing")])
    return done.stdout.decode()


def ask(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The same where a refusal is an answer."""
    settings = [part for each in _SETTINGS for part in ("-c", each)]
    command = ["git", "-C", str(folder), *settings, *arguments]
    return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)


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
