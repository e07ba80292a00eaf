"""`vane bench serve-mlx`: the local server by hand, exactly as launchd starts it."""

from __future__ import annotations

import argparse
import json
import os
import pwd
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from compiler.commands.asking import refuse, refuse_unknown, say
from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError
from harness.bench.mlx_job import FOLDER, MlxJob, machines, read_job, with_mlx
from harness.bench.mlx_server import START_SECONDS, await_token, end, failed, no_weights
from harness.bench.mlx_weights import are_missing
from harness.bench.run_codes import NO_PROGRAM, OTHER_USER, PORT_IN_USE


def run(asked: argparse.Namespace) -> int:
    """0: it served until it was ended; 1: it cannot start, or ended by itself; 2: no such Mac, or no server on it."""
    known, served = machines(asked.project), with_mlx(asked.project)
    if asked.machine is not None and asked.machine not in known:
        return refuse_unknown("machine", asked.machine, known)
    if not served:
        return refuse("no machine in generated/ has an MLX server; give one `mlx` in fleet.yaml, then vane compile")
    if asked.machine is None and len(served) > 1:
        return refuse(f"say with --machine which of these: {', '.join(served)}")
    if asked.machine is not None and asked.machine not in served:
        return refuse(f"{asked.machine} has no MLX server; these have: {', '.join(served)}")
    try:
        return _run(asked, read_job(asked.project, asked.machine or served[0]))
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1


def _run(asked: argparse.Namespace, job: MlxJob) -> int:
    if asked.dry_run:
        _tell(job, as_json=asked.json)
        return 0
    if problem := _problem(job):
        raise PolicyError([problem])
    return _serve(job, as_json=asked.json)


def _tell(job: MlxJob, *, as_json: bool) -> None:
    """What would be started."""
    if as_json:
        print(json.dumps({
            "machine": job.machine, "file": str(job.file), "command": job.arguments,
            "environment": job.surroundings(), "umask": job.umask, "folder": FOLDER, "user": job.user,
            "model": job.model, "url": job.url, "log": str(job.log()),
        }, indent=2))  # fmt: skip
        return
    say(f"{job.machine}, as {job.file} says:")
    for name, value in sorted(job.surroundings().items()):
        say(f"  {name}={shlex.quote(value)}")
    say(f"  umask {job.umask:03o}; cd {FOLDER}" + (f"; as {job.user}" if job.user else ""))
    say(f"  {shlex.join(job.program)}")
    say(f"answers at {job.url}, writes to {job.log()}; nothing was started")


def _problem(job: MlxJob) -> Finding | None:
    """Why it would not be the server that launchd starts, or none at all."""
    place, me = Place(str(job.file)), pwd.getpwuid(os.getuid()).pw_name
    if job.user not in (None, me):
        fix = f"sudo -u {shlex.quote(str(job.user))} vane bench serve-mlx --machine {job.machine}"
        return OTHER_USER.at(place, f"the server of {job.machine} runs as {job.user}, and this is {me}", fix)
    python = job.program[0]
    if not os.access(python, os.X_OK):
        return NO_PROGRAM.at(place, f"{python} is not there")
    if _is_taken(job.address):
        fix = f"end it, or use it as it is: vane bench run --mlx-url {job.url}"
        return PORT_IN_USE.at(place, f"something listens on {job.address[0]}:{job.address[1]} already", fix)
    if are_missing(job.python, job.model, job.surroundings(), FOLDER):
        home = job.surroundings().get("HOME", FOLDER)
        get = shlex.join([str(Path(python).with_name("hf")), "download", job.model])
        return no_weights(job.model, f"HOME={shlex.quote(home)} {get}")
    return None


def _is_taken(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return True


def _serve(job: MlxJob, *, as_json: bool) -> int:
    """Until Ctrl-C or SIGTERM. launchd would start it again when it ends by itself; here that is a finding."""
    with _term_as_interrupt():
        process = subprocess.Popen(
            job.arguments, env=job.surroundings(), umask=job.umask, cwd=FOLDER, stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us
        )  # fmt: skip
        try:
            why = await_token(process, job.url, START_SECONDS)
            if why is None:
                _greet(job, process.pid, as_json=as_json)
                why = f"it ended with exit code {process.wait()}"
            raise PolicyError([failed(why, job.log(), job.model)])
        except KeyboardInterrupt:
            return 0
        finally:
            end(process, job.exit_seconds)


def _greet(job: MlxJob, pid: int, *, as_json: bool) -> None:
    about = {"machine": job.machine, "model": job.model, "url": job.url, "log": str(job.log()), "pid": pid}
    if as_json:
        print(json.dumps(about), flush=True)
        return
    say(f"{job.model} answers at {job.url}; its log is {job.log()}")
    say("Ctrl-C ends it")


@contextmanager
def _term_as_interrupt() -> Iterator[None]:
    """SIGTERM ends the server with us, as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
