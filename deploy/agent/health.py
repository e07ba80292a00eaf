"""Whether what was deployed is well: each part by itself, and long enough in a row to be believed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from deploy.account.refusal import Refusal
from deploy.agent.guards import NEVER_STARTED, Seen, guards, seen
from deploy.agent.jobs import jobs_of
from deploy.agent.labels import GATEWAY, MLX
from deploy.agent.mac import Done, Mac
from deploy.agent.openclaw import gateway_port, is_healthy, refuse_unless_answering
from deploy.agent.patience import attempts
from deploy.agent.site import acting_for
from deploy.agent.weights import weights_of
from deploy.release.archive import Release

Verdict = Literal["good", "bad", "missing"]
#: One good answer may be the last of a dying process, one bad answer the first of a waking one.
IN_A_ROW, EVERY_SECONDS = 3, 1.0
#: OpenClaw saw a new configuration after 2.5 s; before that one looks at the old one.
RELOAD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that can be well. `pid` tells a job that runs from one that is started again and again; a `code` has
    its way out in `fix`.
    """

    verdict: Verdict
    words: str
    pid: int | None = None
    code: str = ""
    fix: str = ""


def look(mac: Mac, release: Release | None) -> Mapping[str, Part]:
    """Every part, asked once. Raises Refusal."""
    parts: dict[str, Part] = {}
    jobs = jobs_of(release)
    with acting_for(mac.site.person):
        weights = weights_of(jobs, mac.site)
    if weights and not weights.is_there:
        parts["mlx"] = Part("missing", f"the model is not on this Mac: {weights.fix}")
    for label, job in sorted(jobs.items()):
        if job.is_server and not (label == MLX and "mlx" in parts):
            parts[label] = _job(mac, label)
    port = _port(release)
    if port is not None and GATEWAY in jobs:
        is_good = is_healthy(port)
        parts["gateway"] = Part("good" if is_good else "bad", f"/healthz at {port} {'' if is_good else 'not '}well")
    return parts


def look_at_guards(mac: Mac, release: Release | None) -> Mapping[str, Part]:
    """What a report says of them beside all that."""
    return {guard.name: _part(seen(guard)) for guard in guards(release, mac.site)}


def _part(guard: Seen) -> Part:
    verdict: Verdict = "missing" if guard.code == NEVER_STARTED else "bad" if guard.code else "good"
    return Part(verdict, guard.words, code=guard.code, fix=guard.fix)


def _port(release: Release | None) -> int | None:
    return gateway_port(release.of("openclaw").get("openclaw.json", b"")) if release else None


def _job(mac: Mac, label: str) -> Part:
    found = mac.launchctl.service(label)
    if found is None:
        return Part("bad", "not loaded")
    return Part("good" if found.state == "running" else "bad", found.state, found.pid)


def wait_until_well(mac: Mac, release: Release, done: Done) -> None:
    """Look until all is well several times in a row; then the probe, if one is asked for. Raises Refusal."""
    port = _port(release)
    if port is not None and any(path.endswith("/openclaw.json") for path in done.changed):
        time.sleep(RELOAD_SECONDS)
    before: Mapping[str, Part] = {}
    streak = 0
    for _ in attempts(mac.settings.health_seconds, EVERY_SECONDS):
        parts = look(mac, release)
        if bad := [f"{name}: {part.words}" for name, part in parts.items() if part.verdict == "bad"]:
            streak = 0
        else:
            streak = streak + 1 if parts == before or not streak else 1
        before = parts
        if streak >= IN_A_ROW or not parts:
            break
    else:
        why = "; ".join(bad) or "jobs are started again and again"
        limit = f"{mac.settings.health_seconds} s"
        raise Refusal("VD307", "health", f"{why} after {limit}", "see the logs of the jobs named")
    if mac.settings.probe and port is not None:
        refuse_unless_answering(port, mac.settings.probe)


def overall(parts: Mapping[str, Part]) -> str:
    """One word for all: the worst."""
    verdicts = {part.verdict for part in parts.values()}
    return next((verdict for verdict in ("bad", "missing", "good") if verdict in verdicts), "nothing to check")
