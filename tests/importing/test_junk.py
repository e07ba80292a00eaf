"""Files with junk where a value should be: an import says what it cannot use, and never breaks."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

import json5
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.importing.litellm import read_litellm
from compiler.importing.openclaw import read_openclaw
from compiler.importing.policies import write_policies
from compiler.importing.proof import compiled_reach, differences
from compiler.importing.skeleton import read_skeleton
from compiler.importing.slugs import Catalogue, of_models
from compiler.lock import Answers, make_lock
from tests.importing.shapes import HUGE, MLX, SHAPES, answer, lock_with_mlx
from tests.importing.test_formats import LITELLM, SKELETON

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["*", "a/b", "http://[", "x@y", "/"]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=4), below, max_size=2),
    max_leaves=4,
)
FILES = {
    **{shape.name: (read_openclaw, json5.loads(shape.text)) for shape in SHAPES if shape is not HUGE},
    "litellm": (read_litellm, yaml.safe_load(LITELLM)),
    "skeleton": (read_skeleton, json5.loads(SKELETON)),
}


def spoil(data: Any, way: list[int], junk: Any) -> Any:
    """The data with one value, found by going `way`, replaced by junk."""
    whole = copy.deepcopy(data)
    at = whole
    for number, step in enumerate(way):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = keys[step % len(keys)]
        if number == len(way) - 1 or not isinstance(at[key], dict | list) or not at[key]:
            at[key] = junk
            break
        at = at[key]
    return whole


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(way=st.lists(st.integers(0, 12), min_size=1, max_size=8), junk=JUNK, known=st.booleans())
def test_junk_is_left_out_and_what_is_left_reaches_the_same(name: str, way: list[int], junk: Any, known: bool) -> None:
    reader, data = FILES[name]
    models = answer()["data"]
    found = reader(spoil(data, way, junk), of_models(models) if known else Catalogue())
    if not found.works:
        return
    written = write_policies(found, of_models(models), "file.json")
    wanted = {slug for work in found.works for slug in work.slugs} | ({found.mlx.model} if found.mlx else set())
    if not wanted <= {MLX, *(model["id"] for model in models)}:
        return
    answers = Answers(tuple(models), None, datetime.date(2026, 5, 22), "made up")
    lock, _ = make_lock(wanted, answers, json.loads(lock_with_mlx())["mlx"])
    assert list(differences(found, written, compiled_reach(written.texts, lock), "file.json")) == []
