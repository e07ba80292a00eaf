"""The MLX server's model: there, or missing with the command that fetches it. The agent downloads nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.agent.jobs import Job
from deploy.agent.labels import MLX
from deploy.agent.site import Site


@dataclass(frozen=True, slots=True)
class Weights:
    """The model that an MLX server's command line names."""

    model: str
    is_there: bool

    @property
    def fix(self) -> str:
        return f"hf download {self.model}"


def weights_of(jobs: Mapping[str, Job], site: Site) -> Weights | None:
    """None where this Mac serves no model."""
    job = jobs.get(MLX)
    command = [str(word) for word in job.data.get("ProgramArguments", [])] if job else []
    if "--model" not in command[:-1]:
        return None
    model = command[command.index("--model") + 1]
    return Weights(model, _is_there(model, site))


def _is_there(model: str, site: Site) -> bool:
    if model.startswith("/"):
        return _is_whole(Path(model))
    snapshots = _hub(site) / f"models--{model.replace('/', '--')}" / "snapshots"
    return snapshots.is_dir() and any(_is_whole(snapshot) for snapshot in snapshots.iterdir())


def _hub(site: Site) -> Path:
    """Where the server looks. A root agent's own environment says nothing about the account that serves."""
    if site.person is None and (hub := os.environ.get("HF_HUB_CACHE")):
        return Path(hub)
    if site.person is None and (hub := os.environ.get("HF_HOME")):
        return Path(hub) / "hub"
    return site.home / ".cache/huggingface/hub"


def _is_whole(folder: Path) -> bool:
    """Its configuration, and every file of weights that its index names: an interrupted download lacks some."""
    if not (folder / "config.json").is_file():
        return False
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return (folder / "model.safetensors").is_file()
    try:
        files = set(json.loads(index.read_bytes())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return bool(files) and all((folder / str(name)).is_file() for name in files)
