"""Where a path lies: the checkouts around it, and the repositories that they come from."""

from __future__ import annotations

import fnmatch
import functools
import os
import re
from collections.abc import Iterable, Iterator

from .events import Unclear

#: Hosts under which a forge answers for the sake of firewalls: ssh.github.com is github.com.
DETOUR = re.compile(r"^(?:ssh|altssh|www)\.")
SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
#: Files that a configuration may include, itself counted.
MOST_FILES = 100
VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[^"#;\\]')


@functools.cache
def spellings(path: str) -> tuple[str, ...]:
    """A path as it is written and as it is without symbolic links."""
    return tuple(dict.fromkeys((os.path.normpath(path), os.path.realpath(path))))


def checkouts(path: str) -> list[str]:
    """Every checkout around a path, the innermost first: what lies in a labelled checkout is labelled too."""
    found: dict[str, None] = {}
    for spelling in spellings(path):
        folder = spelling
        while True:
            if has_git(folder):
                found[folder] = None
            if folder == os.path.dirname(folder):
                break
            folder = os.path.dirname(folder)
    return list(found)


@functools.cache
def has_git(folder: str) -> bool:
    """Whether a folder is the top of a checkout."""
    return os.path.lexists(os.path.join(folder, ".git"))


def git_folder(checkout: str) -> str:
    """Where a checkout keeps its git data: worktrees and submodules only point there."""
    dot_git = os.path.join(checkout, ".git")
    if os.path.isdir(dot_git):
        return dot_git
    first = read(dot_git).partition("\n")[0]
    folder = os.path.join(checkout, first[len("gitdir:") :].strip())
    if not first.startswith("gitdir:") or not os.path.isdir(folder):
        raise Unclear("the .git file points nowhere in " + checkout)
    return folder


def read(path: str) -> str:
    """A file's text; bytes that are not UTF-8 survive. Of a pipe or a device, which may never end, none."""
    if os.path.exists(path) and not os.path.isfile(path):
        return ""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def git_settings(path: str, seen: set[str] | None = None) -> Iterator[tuple[str, str, str, str]]:
    """(section, name, key, value) of a git configuration and of the files that it includes, each of them once."""
    seen = set() if seen is None else seen
    path = os.path.normpath(path)
    if path in seen or not os.path.exists(path):
        return
    seen.add(path)
    if len(seen) > MOST_FILES:
        raise Unclear("a git configuration includes too many files")
    section = name = ""
    for raw in re.sub(r"\\\r?\n", "", read(path)).split("\n"):
        entry = raw.strip()
        header = SECTION.match(entry)
        if header:
            section, _, old_name = header[1].lower().partition(".")
            name = re.sub(r"\\(.)", r"\1", header[2]) if header[2] is not None else old_name
            entry = entry[header.end() :]
        key, _, value = (part.strip() for part in entry.partition("="))
        value = re.sub(r"\\(.)", r"\1", "".join(until_comment(value))).strip()
        if section in ("include", "includeif") and key.lower() == "path":
            yield from git_settings(os.path.join(os.path.dirname(path), os.path.expanduser(value)), seen)
        elif key:
            yield section, name, key.lower(), value


def until_comment(value: str) -> Iterator[str]:
    """The pieces of a git value, without their quotes, up to an unquoted # or ;."""
    end = 0
    for piece in VALUE.finditer(value):
        if piece.start() != end:
            return
        end = piece.end()
        yield piece[0][1:-1] if piece[0].startswith('"') else piece[0]


@functools.cache
def personal_rewrites() -> list[tuple[str, str]]:
    """(base, prefix) of each url.<base>.insteadOf of the account: it turns short remotes into real ones."""
    home = os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    paths = ("/etc/gitconfig", os.path.join(config, "git", "config"), os.path.join(home, ".gitconfig"))
    return rewrites(entry for path in paths for entry in git_settings(path))


def rewrites(settings: Iterable[tuple[str, str, str, str]]) -> list[tuple[str, str]]:
    """(base, prefix) of each url.<base>.insteadOf."""
    return [(name, value) for section, name, key, value in settings if section == "url" and key.endswith("insteadof")]


@functools.cache
def remotes(checkout: str) -> set[str]:
    """Every remote of a checkout as host/org/repo, in each spelling that may be meant."""
    git = git_folder(checkout)
    common = os.path.join(git, "commondir")
    shared = os.path.join(git, read(common).strip()) if os.path.exists(common) else git
    settings = [*git_settings(os.path.join(shared, "config")), *git_settings(os.path.join(git, "config.worktree"))]
    urls = [value for section, _, key, value in settings if section == "remote" and key in ("url", "pushurl")]
    rules = [*personal_rewrites(), *rewrites(settings)]
    urls += [base + url[len(prefix) :] for url in urls for base, prefix in rules if prefix and url.startswith(prefix)]
    return {name for url in urls for name in repository_names(url)}


def repository_names(url: str) -> set[str]:
    """host/org/repo in lower case; more than one where the host is an alias for another."""
    url = re.sub(r"^[A-Za-z0-9+-]+::", "", url)
    scp = re.match(r"\[?(?:[^/\]]*@)?([^:/@\[\]]+)(?::\d+)?\]?:(?!//)(.+)", url)
    from urllib.parse import unquote, urlsplit  # slow to load, and only needed for checkouts with a remote

    if "://" in url:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    elif scp:
        host, path = scp[1], scp[2]
    else:
        return set()
    segments = [segment for segment in unquote(path).split("/") if segment]
    repository = re.sub(r"\.git$", "", "/".join(segments), flags=re.IGNORECASE).rstrip("/")
    host = host.lower().rstrip(".")
    hosts = {host, ssh_host(host)}
    return {(name + "/" + repository).lower() for each in hosts for name in (each, DETOUR.sub("", each)) if name}


def ssh_host(alias: str) -> str:
    """The host behind an alias of ~/.ssh/config, or the alias itself."""
    applies = True
    path = os.path.join(os.path.expanduser("~"), ".ssh", "config")
    for line in read(path).split("\n") if os.path.exists(path) else ():
        key, *values = line.replace("=", " ", 1).replace('"', " ").split() or [""]
        if key.lower() in ("host", "match"):
            applies = key.lower() == "host" and any(fnmatch.fnmatchcase(alias, each.lower()) for each in values)
        elif key.lower() == "hostname" and applies and values:
            return values[0].replace("%h", alias).lower()
    return alias
