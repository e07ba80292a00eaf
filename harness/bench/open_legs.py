"""Legs made ready to be called: keys from the environment, and a local MLX server where none runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from harness.bench.legs import Way, with_keys
from harness.bench.mlx_server import mlx_server, repository
from harness.bench.prepare import Pair, Prepared


@contextmanager
def open_legs(prepared: Prepared, legs: Sequence[str], log: Path) -> Iterator[Mapping[str, Sequence[Pair]]]:
    """The cases of each of these legs with ways that can be called, for as long as the servers run."""
    wanted = [way for way in prepared.ways if way.leg in legs]
    keyed = with_keys(tuple(wanted))
    with ExitStack() as stack:
        urls = {model: stack.enter_context(mlx_server(repository(model), log)) for model in _unserved(wanted)}
        ready = {
            way: replace(with_key, base_url=with_key.base_url or urls[way.model])
            for way, with_key in zip(wanted, keyed, strict=True)
        }
        yield {leg: [(case, ready[way]) for case, way in prepared.pairs[leg]] for leg in legs}


def _unserved(ways: Sequence[Way]) -> list[str]:
    """Models that a server is to be started for: on the `mlx` leg all ways have the same one."""
    return list(dict.fromkeys(way.model for way in ways if not way.base_url))
