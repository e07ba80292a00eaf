"""Detached signatures with `ssh-keygen -Y`, which every Mac has. Who may sign stands in a file that the Mac holds."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from deploy.account.refusal import Refusal

NAMESPACE = "weathervane"
#: Whom a line of the allowed-signers file must name: `release namespaces="weathervane" ssh-ed25519 AAAA…`
SIGNER = "release"
MOST_SIGNATURE_BYTES = 64 << 10
_PATIENCE_SECONDS = 60


def sign(content: bytes, key: Path) -> bytes:
    """A signature of `content`. Raises Refusal."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE]
    # a passphrase is asked for on the terminal; without one it must fail and not wait
    done = _run(command, content, None)
    if done.returncode or not done.stdout:
        fix = "give --key a private key of `ssh-keygen -t ed25519`, readable by you alone"
        raise Refusal("VD105", str(key), f"ssh-keygen: {_said(done)}", fix)
    return done.stdout


def verify(content: bytes, signature: bytes, allowed: Path) -> None:
    """Whether somebody whom the Mac trusts signed exactly these bytes. Raises Refusal."""
    with tempfile.NamedTemporaryFile(prefix="vane-", suffix=".sig") as file:
        file.write(signature)
        file.flush()
        who = ["-f", str(allowed), "-I", SIGNER, "-n", NAMESPACE, "-s", file.name]
        done = _run(["ssh-keygen", "-Y", "verify", *who], content, _PATIENCE_SECONDS)
    if done.returncode:
        fix = f"nothing was changed; if the signer is new, add the key to {allowed} on this Mac"
        raise Refusal("VD203", "signature", f"ssh-keygen: {_said(done)}", fix)


def _run(command: list[str], content: bytes, patience: float | None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=content, capture_output=True, check=False, timeout=patience)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal("VD203", command[0], f"cannot be run: {error}", "install OpenSSH 8.2 or newer") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    words = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
    return words.splitlines()[-1] if words else f"exit code {done.returncode}"
