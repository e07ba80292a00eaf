"""A case that failed on the gateway shows the gateway's log, without asking for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.contract.conftest import add_log
from tests.contract.gateway import Gateway
from tests.contract.turns import Bench
from tests.fakes.upstream import Upstream, self_signed


@pytest.fixture
def bench_at_rest(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "gateway.log").write_text("something broke\n", "utf-8")
    upstream = Upstream(self_signed(tmp_path))
    with upstream.running():
        yield Bench(Gateway((), {}, "", tmp_path, 0), upstream, [])


def report(outcome: Literal["passed", "failed"]) -> pytest.TestReport:
    return pytest.TestReport("a", ("a", 0, "a"), {}, outcome, None, "call")


def test_a_failure_shows_the_log(bench_at_rest: Bench) -> None:
    failed, passed, without = report("failed"), report("passed"), report("failed")
    add_log(failed, {"bench": bench_at_rest})
    add_log(passed, {"bench": bench_at_rest})
    add_log(without, {})
    assert failed.sections == [("The gateway's log", "something broke\n")]
    assert passed.sections == without.sections == []
