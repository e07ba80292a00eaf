"""The archive: the same week is the same bytes, a bad file is a finding, and a kill leaves old or new."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.diagnostics import Place, PolicyError
from harness.market import archive
from harness.weeks import Week
from tests.market.weeks import WEEK, ranking
from tests.samples import write_policies

PLACE = Place("generated/weeks/2026-W24/rankings.json")


def test_a_week_comes_back_as_it_was() -> None:
    for week in (ranking(), ranking(days=3), replace(ranking(), as_of=None, sections={})):
        content = archive.to_json(week)
        assert archive.from_json(content, PLACE) == week
        assert archive.to_json(archive.from_json(content, PLACE)) == content
        assert content.endswith(b"}\n")


def test_the_form_on_disk() -> None:
    data = json.loads(archive.to_json(ranking(days=2)))
    assert (data["version"], data["week"], data["from"], data["to"]) == (1, "2026-W24", "2026-06-08", "2026-06-14")
    assert (data["complete"], data["days"]) == (False, ["2026-06-08", "2026-06-09"])
    assert data["as_of"] == "2026-06-15T00:10:38Z"
    assert data["platform"]["models"][0] == {
        "rank": 1,
        "permaslug": "deepseek/deepseek-v4-flash-20260423",
        "tokens": 1400,
        "days": {"2026-06-08": 700, "2026-06-09": 700},
    }
    assert (data["platform"]["total_tokens"], data["platform"]["other_tokens"]) == (1400 + 140 + 14 + 5, 5)
    assert data["sections"]["programming"]["sampled"] is True


def edited(change: Callable[[Any], object]) -> bytes:
    data = json.loads(archive.to_json(ranking()))
    change(data)
    return json.dumps(data).encode()


def first(data: Any) -> Any:
    return data["platform"]["models"][0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"[]", "valid"),
        (edited(lambda d: d.update(version=2)), "version"),
        (edited(lambda d: d.update(extra=1)), "extra"),
        (edited(lambda d: d.pop("licence")), "licence"),
        (edited(lambda d: d.update(week="2026-W25")), "from 2026-06-15 to 2026-06-21"),
        (edited(lambda d: d.update(days=d["days"][1:])), "`complete` says True, but 6 days"),
        (edited(lambda d: d["days"].reverse()), "`days`"),
        (edited(lambda d: d.update(as_of="2026-06-15T00:10:38")), "as_of"),
        (edited(lambda d: d["provenance"].update(sha256="ab")), "provenance.sha256"),
        (edited(lambda d: first(d).update(tokens=4900.0)), "tokens"),
        (edited(lambda d: first(d).update(tokens="4900")), "tokens"),
        (edited(lambda d: first(d).update(tokens=2**63)), "tokens"),
        (edited(lambda d: first(d).update(tokens=-1)), "tokens"),
        (edited(lambda d: first(d).update(permaslug="a/b\x1b[2J")), "permaslug"),
        (edited(lambda d: first(d).update(permaslug="a/b\n")), "permaslug"),
        (edited(lambda d: first(d)["days"].popitem()), "do not add up"),
        (edited(lambda d: first(d).update(rank=2)), "ranks"),
        (edited(lambda d: d["platform"]["models"].reverse()), "ranks"),
        (edited(lambda d: first(d).update(permaslug="openrouter/owl-alpha")), "twice"),
        (edited(lambda d: d["platform"].update(total_tokens=1)), "total_tokens is 1"),
        (edited(lambda d: d["platform"].update(models=[])), "models"),
    ],
)
def test_a_file_that_is_no_week_is_a_finding(content: bytes, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        archive.from_json(content, PLACE)
    (finding,) = caught.value.findings
    assert (finding.code, finding.place) == ("VM150", PLACE)
    assert said in finding.message
    assert finding.message.isprintable()


def test_weeks_of_an_archive(tmp_path: Path) -> None:
    assert (archive.weeks(tmp_path), archive.newest(tmp_path)) == ((), None)
    for number in (53, 9, 24):
        archive.write(tmp_path, ranking(Week(2026, number)))
    (tmp_path / "generated/weeks/2026-W30").mkdir()  # another week's harness run, without rankings
    (tmp_path / "generated/weeks/notes").mkdir()
    (tmp_path / "generated/weeks/notes/rankings.json").write_text("{}")
    assert archive.weeks(tmp_path) == (Week(2026, 9), Week(2026, 24), Week(2026, 53))
    assert archive.newest(tmp_path) == Week(2026, 53)
    assert archive.before(tmp_path, Week(2026, 24)) == Week(2026, 9)
    assert archive.before(tmp_path, Week(2026, 9)) is None


def test_reading_names_what_is_missing_or_misplaced(tmp_path: Path) -> None:
    archive.write(tmp_path, ranking())
    assert archive.read(tmp_path, WEEK) == ranking()
    with pytest.raises(PolicyError, match="2026-W25 is not in the archive"):
        archive.read(tmp_path, Week(2026, 25))
    archive.folder(tmp_path, WEEK).rename(archive.folder(tmp_path, Week(2026, 25)))
    with pytest.raises(PolicyError, match="it holds 2026-W24"):
        archive.read(tmp_path, Week(2026, 25))


def test_the_same_week_again_changes_nothing_and_leaves_others_alone(tmp_path: Path) -> None:
    assert archive.write(tmp_path, ranking(), {"prices.json": b"{}\n"})
    folder = archive.folder(tmp_path, WEEK)
    (folder / "market.md").write_text("kept")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert not archive.write(tmp_path, ranking(), {"prices.json": b"{}\n"})
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert archive.write(tmp_path, ranking(days=6), {"prices.json": b"[]\n"})
    assert {path.name for path in folder.iterdir()} == {"market.md", "prices.json", "rankings.json"}
    assert archive.read(tmp_path, WEEK) == ranking(days=6)


@pytest.mark.parametrize("point", range(1, 12))
@pytest.mark.parametrize("is_new", [True, False])
def test_a_kill_leaves_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: int, is_new: bool) -> None:
    """Stop at each step that touches the disk, then look, and write again."""

    class KilledError(BaseException):
        pass

    old, new = ranking(days=6), ranking()
    if not is_new:
        archive.write(tmp_path, old, {"prices.json": b"old\n"})
    steps = iter(range(1, 100))
    for name in ("mkdir", "open", "replace", "rename", "unlink"):
        real = getattr(Path, name)

        def step(self: Path, *args: Any, real: Any = real, **kwargs: Any) -> Any:
            if next(steps) == point:
                raise KilledError
            return real(self, *args, **kwargs)

        monkeypatch.setattr(Path, name, step)
    try:
        archive.write(tmp_path, new, {"prices.json": b"new\n"})
    except KilledError:
        found = archive.weeks(tmp_path)
        assert found == (() if is_new else (WEEK,))
        if found:
            assert archive.read(tmp_path, WEEK) == old  # rankings.json is the last
    monkeypatch.undo()
    archive.write(tmp_path, new, {"prices.json": b"new\n"})
    assert archive.read(tmp_path, WEEK) == new
    assert {path.name for path in archive.folder(tmp_path, WEEK).iterdir()} == {"prices.json", "rankings.json"}
    assert {path.name for path in (tmp_path / archive.FOLDER).iterdir()} == {str(WEEK)}


@pytest.mark.parametrize("which", ["generated", "generated/weeks", "generated/weeks/2026-W24"])
def test_nothing_is_written_through_links(tmp_path: Path, which: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = tmp_path / "project" / which
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with pytest.raises(PolicyError, match="not a folder"):
        archive.write(tmp_path / "project", ranking())
    assert list(elsewhere.iterdir()) == []


def test_a_compile_leaves_the_archive_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    archive.write(tmp_path, ranking(), {"prices.json": b"{}\n"})
    assert main(["compile", "-C", str(tmp_path)]) == 0
    assert main(["compile", "--check", "-C", str(tmp_path)]) == 0
    assert "weeks" not in capsys.readouterr().err
    assert archive.read(tmp_path, WEEK) == ranking()


def test_its_codes_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "VM150"]) == 0
    assert "broken-week" in capsys.readouterr().out
