"""launchctl as it really is: what it answers, and what it only says to have done."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.patience import attempts

#: A bootout ends when the job has ended, not when launchctl returns; until then a bootstrap gets error 5.
NOT_YET = 5
#: No such domain: nobody is logged in at the screen, as over SSH.
NO_GUI = 125
_CALL_SECONDS, _RETRY_SECONDS, _EVERY = 60, 40, 0.25


@dataclass(frozen=True, slots=True)
class Service:
    """A loaded job."""

    domain: str
    state: str
    pid: int | None


class Launchctl:
    """Jobs in the domains of one account, the preferred one first."""

    def __init__(self, domains: Sequence[str]) -> None:
        self._domains = tuple(domains)

    def service(self, label: str) -> Service | None:
        """The job as it is loaded, in whichever of our domains."""
        for domain in self._domains:
            if found := self.printed(domain, label):
                return found
        return None

    def printed(self, domain: str, label: str) -> Service | None:
        """The job in one domain, also one that is not ours."""
        code, words = _call("print", f"{domain}/{label}")
        if code:
            return None
        state, pid = re.search(r"^\s*state = (.+)$", words, re.M), re.search(r"^\s*pid = (\d+)$", words, re.M)
        return Service(domain, state[1].strip() if state else "unknown", int(pid[1]) if pid else None)

    def unload(self, label: str, exit_seconds: float) -> None:
        """Boot it out and wait until it is gone. Raises Refusal."""
        found = self.service(label)
        if found is None:
            return
        code, words = _call("bootout", f"{found.domain}/{label}")
        for _ in attempts(exit_seconds, _EVERY):
            if self.service(label) is None:
                return
        raise _failed("bootout", label, code, words or f"it is still there after {exit_seconds:.0f} s")

    def load(self, label: str, file: Path) -> None:
        """Load it anew: enabled first, since being disabled outlives both bootout and file. Raises Refusal."""
        for domain in self._domains:
            code, words = self._bootstrap(domain, label, file)
            if code == 0:
                return
            if code != NO_GUI:
                break
        raise _failed("bootstrap", label, code, words)

    def _bootstrap(self, domain: str, label: str, file: Path) -> tuple[int, str]:
        code, words = _call("enable", f"{domain}/{label}")
        if code == NO_GUI:
            return code, words
        for _ in attempts(_RETRY_SECONDS, _EVERY):
            code, words = _call("bootstrap", domain, str(file))
            if code != NOT_YET:
                break
        return code, words

    def start(self, label: str) -> None:
        """A job that should run and was only registered. `kickstart -k` would kill one that is just coming up."""
        if found := self.service(label):
            _call("kickstart", f"{found.domain}/{label}")


def _call(*arguments: str) -> tuple[int, str]:
    command = ["launchctl", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_CALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal("VD305", f"launchctl {arguments[0]}", str(error), "run the agent on the Mac itself") from error
    return done.returncode, (done.stderr or done.stdout).strip() if done.returncode else done.stdout


def _failed(verb: str, label: str, code: int, words: str) -> Refusal:
    last = words.strip().splitlines()[-1:] or ["no reason given"]
    fix = f"see `launchctl print` and the log of {label}; the next pass tries again"
    return Refusal("VD305", f"launchctl {verb} {label}", f"{code}: {last[0]}", fix)
