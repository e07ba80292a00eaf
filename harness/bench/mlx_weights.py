"""Whether a model's weights are on this machine, asked of the very Python, user and environment that will load them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

_MISSING = 44
#: mlx_lm takes the name of a folder, or of a repository in the cache of huggingface_hub, wherever that lies.
_PROBE = f"""
import pathlib, sys
folder = pathlib.Path(sys.argv[1])
if not folder.exists():
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError
    try:
        needed = ["*.safetensors", "*.json"]
        folder = pathlib.Path(snapshot_download(sys.argv[1], local_files_only=True, allow_patterns=needed))
    except LocalEntryNotFoundError:
        sys.exit({_MISSING})
sys.exit(0 if any(folder.glob("*.safetensors")) else {_MISSING})
"""
_SECONDS = 120


def are_missing(python: Sequence[str], model: str, environment: Mapping[str, str], folder: str | None = None) -> bool:
    """True if they certainly are. `python`: the command that starts it, launcher and all; `folder`: where it runs."""
    try:
        done = subprocess.run(
            [*python, "-c", _PROBE, model], env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == _MISSING
