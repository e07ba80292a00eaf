"""What a block means: whether a model is denied to a label, and what calls with the label must ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from compiler.plan import MLX_PREFIX
from compiler.policy import Policies
from compiler.policy.sensitive_data import Block


def blocks_on(policies: Policies, labels: Iterable[str]) -> Iterator[tuple[int, Block]]:
    """The blocks on any of the labels, with their index in sensitive-data.yaml."""
    wanted = set(labels)
    return ((i, block) for i, block in enumerate(policies.sensitive.blocks) if block.label in wanted)


def denial(block: Block, model: str, policies: Policies) -> str | None:
    """Why a block denies a model, or None where it does not.

    A model that the lock does not know is denied by every block that denies anything: nothing can be said of it.
    """
    if model.startswith(MLX_PREFIX) and model in policies.lock.mlx:
        return _by_pattern(block, model)
    locked = policies.lock.models.get(model)
    if locked is None:
        return "it is not in the lock, so nothing is known of it" if block.deny else None
    classes = {
        "it does not run on a Mac of ours": "cloud" in block.deny,
        "it is free": "free" in block.deny and (locked.pricing.is_free or model.endswith(":free")),
        "it is in the gray pool": "gray" in block.deny and policies.is_gray(model),
        "it is a router and may pick any model": bool(block.deny) and locked.pricing.is_router,
    }
    return next((why for why, holds in classes.items() if holds), None) or _by_pattern(block, model)


def _by_pattern(block: Block, model: str) -> str | None:
    for pattern in block.deny:
        if "/" in pattern and fnmatchcase(model, pattern):
            return f"{pattern!r} is denied"
    return None
