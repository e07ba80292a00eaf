"""Bad policies: one file a case below tests/bad, and folders that only a file system can spoil.

The comments on top of a file say what it is and what must be found in it, and nothing else:

    # file: tracks.yaml                 which file of the good policies it takes the place of
    # without: acceptance.yaml          a good file that is left out
    # says: did you mean 'x'?           a piece of the first finding's message or fix
    # expect: VN203 7:15                code, line and column, one comment a finding
    # expect: VN405 caps.yaml:3:3       the same in another file
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.codes import codes
from compiler.diagnostics import Finding
from tests.samples import AGENTS, CAPS, POLICIES, findings_in, write_policies

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.rglob("*.yaml"))
#: Words of Python and of pydantic, which nobody who edits policies has to know.
_FOREIGN = re.compile(r"[Ii]nput should|\btuple|\bdictionar|\bDecimal\b|\bNone\b|instance of|\bTrue\b|validation")
_COMMENT = re.compile(r"# (file|without|says|expect): (.+)")

Expected = tuple[str, str, int, int]


@dataclass(frozen=True)
class Case:
    """A bad file and what its comments say."""

    text: str
    file: str
    without: tuple[str, ...]
    says: str
    expected: tuple[Expected, ...]


def read_case(path: Path) -> Case:
    text = path.read_text("utf-8")
    said: dict[str, list[str]] = {"file": [], "without": [], "says": [], "expect": []}
    for line in text.split("\n"):
        if not (comment := _COMMENT.fullmatch(line)):
            break
        said[comment[1]].append(comment[2])
    (file,) = said["file"]
    expected = tuple(_expected(comment, file) for comment in said["expect"])
    return Case(text, file, tuple(said["without"]), " ".join(said["says"]), expected)


def _expected(comment: str, file: str) -> Expected:
    code, place = comment.split()
    *other, line, column = place.split(":")
    return f"policies/{other[0] if other else file}", code, int(line), int(column)


def found(findings: tuple[Finding, ...]) -> set[Expected]:
    return {(finding.place.file, finding.code, finding.place.line, finding.place.column) for finding in findings}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_bad_file(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    policies = write_policies(tmp_path, {case.file: case.text, **dict.fromkeys(case.without)})
    findings = findings_in(policies)
    assert found(findings) == set(case.expected)
    assert all(finding.fix and finding.message for finding in findings)
    assert not any(_FOREIGN.search(finding.message) for finding in findings)
    assert any(case.says in f"{finding.message} {finding.fix}" for finding in findings)


def test_there_are_enough_cases() -> None:
    assert len(FILES) >= 60
    assert all(read_case(path).expected for path in FILES)


# What a text file cannot show: bytes, links, and things that are no files.

Spoil = Callable[[Path], None]


def _latin_1(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(b"version: 1\n# " + "Zoë, caf".encode() + b"\xe9\n")


def _utf_16(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(CAPS.encode("utf-16"))


def _five_megabytes(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(CAPS.encode() + b"# padding\n" * 500_000)


def _link_out(policies: Path) -> None:
    outside = policies.parent / "outside.yaml"
    outside.write_text(CAPS)
    (policies / "caps.yaml").unlink()
    (policies / "caps.yaml").symlink_to(outside)


def _link_loop(policies: Path) -> None:
    (policies / "caps.yaml").unlink()
    (policies / "caps.yaml").symlink_to(policies / "other.link")
    (policies / "other.link").symlink_to(policies / "caps.yaml")


def _link_to_nothing(policies: Path) -> None:
    (policies / "scenarios" / "ghost.yaml").symlink_to(policies / "gone")


def _pipe(policies: Path) -> None:
    (policies / "caps.yaml").unlink()
    os.mkfifo(policies / "caps.yaml")


def _folder(policies: Path) -> None:
    (policies / "caps.yaml").unlink()
    (policies / "caps.yaml").mkdir()


def _deleted(policies: Path) -> None:
    (policies / "caps.yaml").unlink()


def _no_lock(policies: Path) -> None:
    (policies / "models.lock.json").unlink()


def _no_scenarios(policies: Path) -> None:
    for file in (policies / "scenarios").iterdir():
        file.unlink()


def _emptied(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(b"")


def _byte_order_mark_alone(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(b"\xef\xbb\xbf")


def _null_byte(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(CAPS.encode() + b"# Zo\xc3\xab\x00\n")


def _windows_lines(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(CAPS.replace("800", "eight").replace("\n", "\r\n").encode())


def _marked_and_wrong(policies: Path) -> None:
    (policies / "caps.yaml").write_bytes(b"\xef\xbb\xbf" + CAPS.replace("version: 1", "version: 2").encode())


def _not_asked_for_zdr(policies: Path) -> None:
    lock = POLICIES["models.lock.json"].replace('"zdr": true', '"zdr": null')
    (policies / "models.lock.json").write_text(lock)


def _scenarios_elsewhere(policies: Path) -> None:
    (policies / "scenarios").rename(policies.parent / "elsewhere")
    (policies / "scenarios").symlink_to(policies.parent / "elsewhere")


SPOILS: tuple[tuple[Spoil, str, str, int, int], ...] = (
    (_folder, "VN101", "caps.yaml", 1, 1),
    (_link_loop, "VN101", "caps.yaml", 1, 1),
    (_link_to_nothing, "VN101", "scenarios/ghost.yaml", 1, 1),
    (_pipe, "VN101", "caps.yaml", 1, 1),
    (_latin_1, "VN102", "caps.yaml", 2, 11),
    (_utf_16, "VN102", "caps.yaml", 1, 1),
    (_five_megabytes, "VN103", "caps.yaml", 1, 1),
    (_emptied, "VN104", "caps.yaml", 1, 1),
    (_byte_order_mark_alone, "VN104", "caps.yaml", 1, 1),
    (_link_out, "VN109", "caps.yaml", 1, 1),
    (_scenarios_elsewhere, "VN109", "scenarios", 1, 1),
    (_deleted, "VN114", "caps.yaml", 1, 1),
    (_no_lock, "VN114", "models.lock.json", 1, 1),
    (_no_scenarios, "VN114", "scenarios", 1, 1),
    (_windows_lines, "VN122", "caps.yaml", 4, 16),
    (_marked_and_wrong, "VN122", "caps.yaml", 1, 10),
    (_null_byte, "VN124", "caps.yaml", 8, 6),
    (_not_asked_for_zdr, "VN303", "models.lock.json", 4, 13),
)


@pytest.mark.parametrize(("spoil", "code", "file", "line", "column"), SPOILS, ids=lambda v: getattr(v, "__name__", ""))
def test_spoilt_folder(spoil: Spoil, code: str, file: str, line: int, column: int, tmp_path: Path) -> None:
    policies = write_policies(tmp_path)
    spoil(policies)
    findings = findings_in(policies)
    assert found(findings) == {(f"policies/{file}", code, line, column)}
    assert findings[0].fix


def test_no_folder_at_all(tmp_path: Path) -> None:
    (finding,) = findings_in(tmp_path / "policies")
    assert (finding.code, str(finding.place)) == ("VN101", "policies:1:1")


def test_folder_without_files(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (finding,) = findings_in(tmp_path / "policies")
    assert (finding.code, str(finding.place)) == ("VN114", "policies:1:1")


def test_every_code_of_policies_has_a_bad_case() -> None:
    covered = {code for path in FILES for _, code, _, _ in read_case(path).expected}
    covered |= {code for _, code, *_ in SPOILS}
    assert {code.code for code in codes() if "VN" < code.code < "VN600"} - covered == set()


def test_all_faults_of_all_files_are_found_at_once(tmp_path: Path) -> None:
    changes = {
        "caps.yaml": CAPS.replace("800", "x"),
        "scenarios/agents.yaml": AGENTS.replace("tier: api", "tier: moon"),
        "tracks.yaml": "{",
    }
    files = {finding.place.file for finding in findings_in(write_policies(tmp_path, changes))}
    assert files == {f"policies/{file}" for file in changes}
