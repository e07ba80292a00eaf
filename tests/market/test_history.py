"""History against a plain recomputation from the same weeks, and an index that may be absent, old, broken or shared."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.cli import main
from compiler.diagnostics import PolicyError
from harness.market import archive, history_index
from harness.market.history import Kind, Subject, UnknownNameError, history, subject
from harness.market.history_index import INDEX, opened
from harness.market.rankings import Ranked, Ranking, Section
from harness.weeks import Week
from tests.market.weeks import WEEK, ranking

MOST = 2**63 - 1
#: Two families under several names, in two vendors' hands, and one that is not like them.
SLUGS = (
    "d/flash-20260423", "d/flash-20260731", "d/flash-20260423:free", "d/pro-20260423", "t/hy3-preview-20260421",
    "t/hy3-20260706", "t/hy3-20260706:free", "o/owl-alpha",
)  # fmt: skip
FAMILY = {slug: slug.partition(":")[0].rpartition("-20")[0].removesuffix("-preview") for slug in SLUGS[:-1]}
FAMILY["o/owl-alpha"] = "o/owl-alpha"


def made(week: Week, counts: Mapping[str, int], other: int | None = 5, exact: bool = True, days: int = 7) -> Ranking:
    """A week with those tokens."""
    base = ranking(week, days=days)
    ordered = sorted(counts, key=lambda slug: (-counts[slug], slug))
    models = tuple(Ranked(number, slug, counts[slug]) for number, slug in enumerate(ordered, 1))
    provenance = dataclasses.replace(base.provenance, exact=exact)
    return dataclasses.replace(base, platform=Section(models, other), provenance=provenance)


def archived(project: Path, *rankings: Ranking) -> Path:
    """A project with these weeks."""
    for each in rankings:
        archive.write(project, each)
    return project


def told(project: Path, *asked: str) -> list[dict[str, Any]]:
    """What the command says as JSON, in a process like a person's."""
    vane = [str(Path(sys.executable).parent / "vane"), "market", "history", *asked, "--json", "-C", str(project)]
    found: list[dict[str, Any]] = json.loads(subprocess.run(vane, capture_output=True, check=True).stdout)
    return found


counted = st.dictionaries(st.sampled_from(SLUGS), st.integers(1, 2**55), min_size=1)
weeks_of_archive = st.dictionaries(st.integers(0, 7), st.tuples(counted, st.none() | st.integers(0, 2**60)), min_size=1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(weeks_of_archive, st.sampled_from([*FAMILY.values(), "d", "t", *SLUGS]))
def test_history_is_what_a_plain_sum_gives(
    weeks: Mapping[int, tuple[Mapping[str, int], int | None]], name: str
) -> None:
    kind: Kind = "permaslug" if name in SLUGS and name != "o/owl-alpha" else "family" if "/" in name else "vendor"
    with tempfile.TemporaryDirectory() as folder:
        project = archived(Path(folder), *(made(WEEK.after(n), *each) for n, each in weeks.items()))
        index = opened(project)
        found = {each.week: each for each in history(index, Subject(kind, name), WEEK, WEEK.after(8))}
    assert [*found] == [WEEK.after(number) for number in range(9)]
    before: int | None = None
    for number in range(9):
        each = found[WEEK.after(number)]
        counts, other = weeks.get(number, ({}, None))
        members = {slug: count for slug, count in counts.items() if name in (slug, FAMILY[slug], slug[0])}
        if kind == "permaslug":
            members = {slug: count for slug, count in members.items() if slug == name}
        tokens = sum(members.values()) if members else None
        assert each.tokens == tokens
        assert each.status == ("listed" if members else "not listed" if number in weeks else "not archived")
        assert set(each.permaslugs) == set(members)
        total = None if other is None or not counts else sum(counts.values()) + other
        assert percent(each.share) == (plain(tokens, total) if tokens and total else None)
        assert percent(each.change) == (plain(tokens - before, before) if tokens and before else None)
        if tokens and kind != "permaslug":
            sums: Counter[str] = Counter()
            for slug, count in counts.items():
                sums[FAMILY[slug] if kind == "family" else slug[0]] += count
            assert sum(count > tokens for count in sums.values()) < each.rank <= sum(c >= tokens for c in sums.values())  # type: ignore[operator]
        before = tokens


def plain(part: int, whole: int) -> Decimal:
    """A percentage with one decimal, by schoolbook decimals."""
    return (Decimal(part * 1000) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_EVEN) / 10


def percent(value: Any) -> Decimal | None:
    return None if value is None else Decimal(round(value * 1000)) / 10


def test_no_float_touches_a_token(tmp_path: Path) -> None:
    largest = {"d/flash-20260423": MOST - 1, "d/flash-20260423:free": MOST - 2}
    (week,) = told(archived(tmp_path, made(WEEK, largest, None)), "d/flash")
    assert week["tokens"] == 2 * MOST - 3  # more than 64 bits hold
    index = opened(tmp_path)
    kinds = index.database.execute(
        "SELECT DISTINCT typeof(tokens), typeof(total), typeof(sum(tokens)) FROM rows GROUP BY ALL"
    )
    assert kinds.fetchall() == [("BIGINT", "BIGINT", "HUGEINT")]


def test_gaps_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archived(
        tmp_path,
        made(WEEK, {"d/flash-20260423": 10, "t/hy3-20260706": 5}, None, exact=False),
        made(WEEK.after(), {"d/flash-20260423": 12, "t/hy3-20260706": 5}, 3),
        made(WEEK.after(4), {"t/hy3-20260706": 5}),
        made(WEEK.after(5), {"t/hy3-20260706": 5}),
        made(WEEK.after(6), {"d/flash-20260423": 9, "t/hy3-20260706": 5}, 6),
        made(WEEK.after(7), {"d/flash-20260423": 9}, 1, days=3),
    )
    assert main(["market", "history", "d/flash", "-C", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "d/flash: d/flash-20260423",
        "▇█····▇▇",
        "",
        "week            tokens  rank   share    change",
        "2026-W24           ~10     1       –         –",
        "2026-W25            12     1  60.0 %  ~+20.0 %",
        "2026-W26  not archived                          to 2026-W27, 2 weeks",
        "2026-W28    not listed                          to 2026-W29, 2 weeks",
        "2026-W30             9     1  45.0 %         –",
        "2026-W31             9     1  90.0 %         –  the week is not whole",
        "",
        "~ from rounded numbers; no share where the source has no total",
    ]


def test_days_off_the_list_are_said(tmp_path: Path) -> None:
    whole = ranking(WEEK)
    days = dict.fromkeys(WEEK.days[:3], 7)
    models = (Ranked(1, "d/flash-20260423", 21, days), Ranked(2, "d/flash-20260423:free", 2, {WEEK.days[6]: 2}))
    archived(tmp_path, dataclasses.replace(whole, platform=Section(models, 5)))
    (week,) = told(tmp_path, "d/flash")
    assert week["days_listed"] == 4


def test_a_vendor_of_a_top_ten_is_not_compared_with_one_of_a_top_fifty(tmp_path: Path) -> None:
    page = made(WEEK, {"d/flash-20260423": 10}, None, exact=False)
    page = dataclasses.replace(page, provenance=dataclasses.replace(page.provenance, kind="scrape"))
    archived(tmp_path, page, made(WEEK.after(), {"d/flash-20260423": 10, "d/pro-20260423": 90}))
    assert [week["change_percent"] for week in told(tmp_path, "d")] == [None, None]
    assert [week["change_percent"] for week in told(tmp_path, "d/flash")] == [None, "0.0"]


def test_total(tmp_path: Path) -> None:
    archived(tmp_path, made(WEEK, {"d/flash-20260423": 10}, 10), made(WEEK.after(), {"d/flash-20260423": 10}, 20))
    weeks = told(tmp_path, "total")
    assert [(week["tokens"], week["change_percent"]) for week in weeks] == [(20, None), (30, "50.0")]


@pytest.mark.parametrize(
    ("asked", "kind", "name"),
    [
        ("d/flash", "family", "d/flash"),
        ("t/hy3-preview", "family", "t/hy3"),
        ("d/flash-20260423", "permaslug", "d/flash-20260423"),
        ("d/flash-20260423:free", "permaslug", "d/flash-20260423:free"),
        ("d/quick", "family", "d/flash"),  # by the lock
        ("d/quick:free", "permaslug", "d/flash-20260423:free"),
        ("o/owl-alpha", "family", "o/owl-alpha"),
        ("d", "vendor", "d"),
    ],
)
def test_what_a_name_means(tmp_path: Path, asked: str, kind: str, name: str) -> None:
    index = opened(archived(tmp_path, made(WEEK, dict.fromkeys(SLUGS, 1))))
    assert subject(index, asked, {"d/quick": "d/flash-20260423"}) == Subject(kind, name)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", ["d/flish", "d/'; DROP TABLE rows; --", "d/%", "nobody", "d/flash:beta", "d/*", ""])
def test_unknown_names(tmp_path: Path, asked: str) -> None:
    index = opened(archived(tmp_path, made(WEEK, dict.fromkeys(SLUGS, 1))))
    with pytest.raises(UnknownNameError) as error:
        subject(index, asked, {})
    if asked == "d/flish":
        assert error.value.near == "d/flash"


def test_wrong_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ["-C", str(tmp_path)]
    assert main(["market", "history", "total", *here]) == 1
    assert "the archive holds no week" in capsys.readouterr().err
    archived(tmp_path, made(WEEK, {"d/flash-20260423": 10}))
    assert main(["market", "history", "d/flish", *here]) == 2
    assert "did you mean 'd/flash'?" in capsys.readouterr().err
    assert main(["market", "history", "d", "--since", "June", *here]) == 2
    assert main(["market", "history", "d", "--since", "2026-W20", "--until", "2026-W10", *here]) == 2
    assert "--since 2026-W20 is after --until 2026-W10" in capsys.readouterr().err


def test_the_index_reads_only_what_changed(tmp_path: Path) -> None:
    project = archived(tmp_path, *(made(WEEK.after(number), {"d/flash-20260423": 10}) for number in range(4)))
    rested(project)
    assert opened(project).read == 4
    assert opened(project).read == 0
    archive.write(project, made(WEEK, {"d/flash-20260423": 77}))
    archive.write(project, made(WEEK.after(4), {"d/flash-20260423": 10}))
    (archive.folder(project, WEEK.after(3)) / archive.RANKINGS).unlink()
    rested(project)
    index = opened(project)
    assert index.read == 2
    found = history(index, Subject("family", "d/flash"))
    assert [week.tokens for week in found] == [77, 10, 10, None, 10]
    assert len(list((project / INDEX).iterdir())) == 1


def rested(project: Path) -> None:
    """Wait until no file of the archive is so young that its times tell nothing."""
    youngest = max(file.stat().st_ctime_ns for file in (project / archive.FOLDER).glob("*/*"))
    while time.time_ns() - youngest < 2 * history_index._RACY_NS:
        time.sleep(0.01)


def test_a_change_that_no_time_tells_is_seen(tmp_path: Path) -> None:
    project = archived(tmp_path, made(WEEK, {"d/flash-20260423": 10}))
    file = archive.folder(project, WEEK) / archive.RANKINGS
    for tokens in range(11, 31):  # same size, same tick of the clock as like as not
        content = archive.to_json(made(WEEK, {"d/flash-20260423": tokens}))
        times = file.stat()
        file.write_bytes(content)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        (week,) = history(opened(project), Subject("family", "d/flash"))
        assert week.tokens == tokens


@pytest.mark.parametrize("harm", ["cut off", "one bit", "empty", "nonsense", "folder gone"])
def test_a_broken_index_is_made_anew(tmp_path: Path, harm: str) -> None:
    project = archived(tmp_path, made(WEEK, dict.fromkeys(SLUGS, 3)))
    opened(project)
    (file,) = (project / INDEX).iterdir()
    content = file.read_bytes()
    if harm == "folder gone":
        file.unlink()
        file.parent.rmdir()
    elif harm == "one bit":
        file.write_bytes(content[:99] + bytes([content[99] ^ 1]) + content[100:])
    else:
        file.write_bytes({"cut off": content[: len(content) // 2], "empty": b"", "nonsense": b"PAR1"}[harm])
    index = opened(project)
    assert index.read == 1
    assert [week.tokens for week in history(index, Subject("vendor", "d"))] == [12]


def test_a_broken_week_is_a_finding_and_no_quiet_week(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = archived(tmp_path, made(WEEK, {"d/flash-20260423": 10}))
    opened(project)
    file = archive.folder(project, WEEK) / archive.RANKINGS
    file.write_bytes(file.read_bytes().replace(b'"tokens": 10', b'"tokens": 10.5'))
    with pytest.raises(PolicyError):
        opened(project)
    assert main(["market", "history", "total", "-C", str(project)]) == 1
    assert "generated/weeks/2026-W24/rankings.json" in capsys.readouterr().err


def test_killed_while_it_builds(tmp_path: Path) -> None:
    """Whenever it dies, the next one answers right."""
    project = archived(tmp_path, *(made(WEEK.after(number), dict.fromkeys(SLUGS, 3)) for number in range(12)))
    vane = [str(Path(sys.executable).parent / "vane"), "market", "history", "d", "-C", str(project)]
    began = time.monotonic()
    subprocess.run(vane, check=True, capture_output=True)
    whole = time.monotonic() - began
    killed = 0
    for part in range(1, 5):
        for file in (project / INDEX).glob("*.parquet"):
            file.unlink()
        child = subprocess.Popen(vane, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(whole * part / 5)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            killed += 1
        assert [week["tokens"] for week in told(project, "d")] == [12] * 12
    assert killed


def test_several_at_once(tmp_path: Path) -> None:
    project = archived(tmp_path, *(made(WEEK.after(number), dict.fromkeys(SLUGS, 3)) for number in range(12)))
    with ThreadPoolExecutor(4) as pool:
        found: Sequence[list[dict[str, Any]]] = list(pool.map(lambda _: told(project, "d"), range(4)))
    assert all([week["tokens"] for week in weeks] == [12] * 12 for weeks in found)


def test_a_folder_with_signs_that_searches_know(tmp_path: Path) -> None:
    project = tmp_path / "it's [a] *b*?"
    project.mkdir()
    archived(project, made(WEEK, {"d/flash-20260423": 10}))
    assert [week["tokens"] for week in told(project, "d")] == [10]


def test_the_index_knows_where_the_archive_is() -> None:
    assert (history_index.ARCHIVE, history_index.RANKINGS) == (archive.FOLDER, archive.RANKINGS)


def test_a_question_waits_neither_for_pydantic_nor_for_altair() -> None:
    asked = "import sys, harness.market.history_command; print({'pydantic', 'altair', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_as_of_is_no_part_of_a_week(tmp_path: Path) -> None:
    """An answer that is fetched again later changes the file, and the index follows."""
    project = archived(tmp_path, made(WEEK, {"d/flash-20260423": 10}))
    opened(project)
    later = dataclasses.replace(made(WEEK, {"d/flash-20260423": 11}), as_of=datetime.datetime.now(datetime.UTC))
    archive.write(project, later)
    assert [week.tokens for week in history(opened(project), Subject("family", "d/flash"))] == [11]
