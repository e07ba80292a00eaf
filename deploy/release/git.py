"""What git says when it refuses."""

from __future__ import annotations

from subprocess import CompletedProcess


def last_words(done: CompletedProcess[bytes]) -> str:
    """The last line of its complaint, or its exit code where it has none."""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"exit code {done.returncode}"
