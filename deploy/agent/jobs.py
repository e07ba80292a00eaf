"""launchd jobs to what the property lists say. A job whose list is unchanged is not touched."""

from __future__ import annotations

import plistlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.agent.files import Change
from deploy.agent.labels import AGENT, GATEWAY
from deploy.agent.launchctl import Launchctl
from deploy.agent.ledger import Ledger, digest
from deploy.agent.patience import attempts
from deploy.agent.site import Site
from deploy.release.archive import Release

#: launchd's own, where a list does not say.
_EXIT_SECONDS, _SPAWN_SECONDS, _EVERY = 20, 10, 0.25
#: A pass waits as long as a job may take to end: a list must not make that for ever.
_MOST_EXIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its property list defines it."""

    label: str
    content: bytes
    data: Mapping[str, Any]

    @property
    def is_server(self) -> bool:
        return self.data.get("KeepAlive") is True

    @property
    def exit_seconds(self) -> float:
        """How long a bootout may take."""
        return float(self.data.get("ExitTimeOut", _EXIT_SECONDS)) + 10


def jobs_of(release: Release | None) -> Mapping[str, Job]:
    """By label. Raises Refusal where a list is none."""
    found = {}
    for path, content in sorted((release.of("launchd") if release else {}).items()):
        label = Path(path).stem
        if path != f"launchd/{label}.plist":
            raise _too_much(path, "it is no property list of a job")
        try:
            data = plistlib.loads(content)
        except Exception as error:  # it lets out whatever it trips over: a lone <key> is an IndexError
            raise _too_much(path, f"it is no property list: {error}") from error
        if not isinstance(data, dict) or data.get("Label") != label:
            raise _too_much(path, f"its label is not {label}")
        if why := _oddity(data):
            raise _too_much(path, why)
        found[label] = Job(label, content, data)
    return found


def _oddity(data: Mapping[str, Any]) -> str | None:
    """What is wrong with a value that the agent itself reads."""
    seconds, command = data.get("ExitTimeOut", _EXIT_SECONDS), data.get("ProgramArguments", [])
    if type(seconds) is not int or not 0 <= seconds <= _MOST_EXIT_SECONDS:
        return f"its ExitTimeOut is {seconds!r:.60}"
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return "its ProgramArguments are no list of words"
    return None


def refuse_jobs(jobs: Iterable[Job], changes: Iterable[Change], site: Site, launchctl: Launchctl) -> None:
    """Whether this Mac can take these jobs, before anything is changed. Raises Refusal."""
    for job in jobs:
        _refuse_accounts(job, site)
        _refuse_second_owner(job.label, site, launchctl)
    for change in changes:
        if change.place.name == f"{GATEWAY}.plist" and change.old and b"Weathervane" not in change.old.content:
            raise _second_owner(GATEWAY, f"{change.place} is OpenClaw's own", "run `openclaw gateway uninstall`")


def _refuse_accounts(job: Job, site: Site) -> None:
    user = job.data.get("UserName")
    if site.person is None:
        if user is not None:
            raise _too_much(job.label, "a user agent runs as its owner, and it names another account")
    elif job.label != AGENT and user != site.person.user:
        raise _too_much(job.label, f"it would run as {user or 'root'!r:.60} and not as {site.person.user}")


def _refuse_second_owner(label: str, site: Site, launchctl: Launchctl) -> None:
    """Two managers that keep one job alive restart it in turns, for ever."""
    if site.person is None:
        if launchctl.printed("system", label):
            raise _second_owner(label, "a system daemon has that label", f"sudo launchctl bootout system/{label}")
        return
    agent = site.home / "Library/LaunchAgents" / f"{label}.plist"
    if agent.exists():
        raise _second_owner(
            label, f"{agent} has that label", f"boot it out as {site.person.user}, then remove the file"
        )


def reload_jobs(
    jobs: Mapping[str, Job], reloads: Iterable[str], ledger: Ledger, site: Site, launchctl: Launchctl
) -> Ledger:
    """Boot out what is gone, load what changed, start what should run; all else is right as it is. Raises Refusal."""
    for label in reloads:
        job = jobs.get(label)
        launchctl.unload(label, job.exit_seconds if job else _EXIT_SECONDS + 10)
        if job:
            launchctl.load(label, site.launch / f"{label}.plist")
            if job.is_server:
                _start(label, launchctl)
    return replace(ledger, loaded={label: digest(job.content) for label, job in jobs.items() if label != AGENT})


def needs_reload(job: Job, ledger: Ledger, launchctl: Launchctl) -> bool:
    """Whether launchd has it, as it stands in the file."""
    if job.label == AGENT:
        return False
    known = ledger.loaded.get(job.label, digest(job.content))  # found loaded from an equal file: taken on as it is
    return known != digest(job.content) or launchctl.service(job.label) is None


def _start(label: str, launchctl: Launchctl) -> None:
    """A job can be registered and never be spawned."""
    for _ in attempts(_SPAWN_SECONDS, _EVERY):
        found = launchctl.service(label)
        if found and found.state == "running":
            return
        if found and found.state in ("not running", "waiting"):
            launchctl.start(label)


def to_reload(ledger: Ledger, labels: Iterable[str]) -> Ledger:
    """Note, before their files change, that what launchd has will not be what the files say."""
    return replace(ledger, loaded={**ledger.loaded, **dict.fromkeys(labels, "")})


def _too_much(place: str, why: str) -> Refusal:
    return Refusal("VD306", place, why, "nothing was changed; compile it anew with `vane compile`")


def _second_owner(label: str, why: str, fix: str) -> Refusal:
    return Refusal("VD304", label, why, fix)
