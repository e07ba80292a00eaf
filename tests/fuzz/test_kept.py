"""What fuzzing begins with, what it found, and what reached most: replayed without a fuzzer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import bundles, market, policies
from tests.fuzz.doors import Target

TARGETS = {"policies": policies.TARGET, "market": market.TARGET, "bundles": bundles.TARGET}
KEPT = Path(__file__).parent / "kept"


def _seeds() -> Iterator[tuple[Target, str, bytes]]:
    for target in (market.TARGET, bundles.TARGET):
        for name, data in target.seeds().items():
            yield target, name, data


@pytest.mark.parametrize(("target", "data"), [pytest.param(t, data, id=name) for t, name, data in _seeds()])
def test_a_good_content_is_taken(target: Target, data: bytes) -> None:
    """Else its door would hold its promise by refusing everything."""
    assert target.once(data)


@pytest.mark.parametrize("name", TARGETS)
def test_the_promise_holds_for_what_is_kept(name: str) -> None:
    kept = sorted((KEPT / name).iterdir())
    assert kept
    taken = sum(TARGETS[name].once(file.read_bytes()) for file in kept)
    assert taken < len(kept), "most of it is hostile"
