"""A real sshd on the loopback, with a host key and accounts' keys of its own; the system's is left alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.gateway import free_port
from tests.deploy.desk import make_key

PATIENCE_SECONDS = 60
#: Where it separates privileges; Debian's package makes it when its own service starts.
_PRIVILEGE_SEPARATION = Path("/run/sshd")


@dataclass(frozen=True)
class Sshd:
    """`known_host` is its line of known_hosts."""

    port: int
    key: Path
    known_host: str


@contextmanager
def sshd(folder: Path, path: str) -> Iterator[Sshd]:
    """Running, for this account, with `path` as the PATH of who logs in."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("there is no sshd; on Debian: apt install openssh-server")
    if os.geteuid() == 0:
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    host_key, key, port = make_key(folder, "host_key"), make_key(folder, "client_key"), free_port()
    (folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    config = folder / "sshd_config"
    config.write_text(
        f"""\
Port {port}
ListenAddress 127.0.0.1
HostKey {host_key}
AuthorizedKeysFile {folder / "authorized_keys"}
PasswordAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
PidFile none
SetEnv PATH={path}
Subsystem sftp internal-sftp
"""
    )
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stdout=log, stderr=log)
        try:
            _await(process, port, folder / "sshd.log")
            kind, words = host_key.with_suffix(".pub").read_text().split()[:2]
            yield Sshd(port, key, f"[127.0.0.1]:{port} {kind} {words}\n")
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"sshd does not listen: {log.read_text()}")
