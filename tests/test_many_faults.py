"""Small files with thousands of faults: they take no longer than a compile may, and a cause is said once."""

from __future__ import annotations

import difflib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from compiler import advice, formats
from compiler.cli import main
from compiler.diagnostics import Finding, Place, Severity
from compiler.policy.market import Market
from tests.samples import FLEET, MARKET, POLICIES, TRACKS, findings_in, write_policies

MANY = 5_000
#: What a compile of the good policies takes is some tenths of a second; before it was bounded, each of these took from
#: five to thirty seconds on a quiet machine, and more than that in proportion on a busy one.
MOST_SECONDS_OF_CPU = 4.0


def market(watch: str) -> Mapping[str, str]:
    return {"market.yaml": MARKET.replace("minimax/minimax-m2.7", watch)}


#: What is in a small file, and the code that it must be refused with.
SMALL_FILES: Mapping[str, tuple[Mapping[str, str], str]] = {
    "wrong values on one line": (market(",".join("1" * MANY)), "VN122"),
    "unknown keys": ({"market.yaml": MARKET + "".join(f"wach{number}: 1\n" for number in range(MANY))}, "VN120"),
    "unknown keys on one line": (
        {"market.yaml": MARKET.replace("top: 10", "top: 10, " + ", ".join(f"k{number}: 1" for number in range(MANY)))},
        "VN120",
    ),
    "unknown models": (market(", ".join(f"deepsek/m{number}" for number in range(MANY))), "VN203"),
    "one unknown model": (market(", ".join(["deepsek/deepseek-v4"] * MANY)), "VN203"),
    "dangling references": (
        {
            "tests.yaml": "version: 1\ntests:\n"
            + "".join(f"  - {{name: n{number}, scenario: agent{number}, zdr: true}}\n" for number in range(MANY))
        },
        "VN201",
    ),
}


@pytest.mark.parametrize(("changes", "code"), SMALL_FILES.values(), ids=SMALL_FILES)
@pytest.mark.parametrize("format", ["text", "json"])
def test_a_small_file_does_not_stall_a_compile(
    changes: Mapping[str, str], code: str, format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policies(tmp_path, changes)
    before = time.process_time()
    assert main(["compile", "-C", str(tmp_path), "--format", format]) == 1
    assert time.process_time() - before < MOST_SECONDS_OF_CPU
    printed = "".join(capsys.readouterr())
    assert printed.count(f'"{code}"' if format == "json" else f" {code} ") == (MANY if format == "json" else 100)


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[object]:
    """Every call of a function is noted in the list that this returns."""
    calls: list[object] = []
    real: Callable[..., object] = getattr(owner, name)

    def counting(*given: object, **named: object) -> object:
        calls.append(given)
        return real(*given, **named)

    monkeypatch.setattr(owner, name, counting)
    return calls


def test_schemas_and_near_names_are_sought_for_the_first_faults_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought = counted(monkeypatch, difflib, "get_close_matches")
    schemas = counted(monkeypatch, Market, "model_json_schema")
    findings = findings_in(write_policies(tmp_path, SMALL_FILES["unknown keys"][0]))
    assert len(findings) == MANY
    assert len(sought) == advice.MOST_ANSWERS
    assert len(schemas) <= 1
    assert all(finding.fix for finding in findings)


def test_a_line_is_masked_once_however_many_findings_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "watch: [" + "1, " * 500 + "]"
    masked = counted(monkeypatch, formats, "redact")
    formats.text(
        [Finding("VN122", "m", Place("a.yaml", 1, 9 + 3 * number), "f") for number in range(50)], {"a.yaml": line}
    )
    assert Counter(given == (line,) for given in masked)[True] == 1


def test_text_shows_the_first_of_very_many_and_says_how_many_more() -> None:
    errors = [Finding("VN122", f"error {number}", Place("a.yaml", number + 1), "f") for number in range(250)]
    warning = Finding("VN307", "a warning", Place("a.yaml", 999), "f", Severity.WARNING)
    other = Finding("VN122", "in another file", Place("b.yaml"), "f")
    printed = formats.text([*errors, warning, other], {})
    assert printed.count("error ") == 100
    assert "a.yaml: and 150 more errors (--format json lists all)\n" in printed
    assert "a warning" in printed
    assert "in another file" in printed
    assert formats.as_json(errors, {}).count('"message"') == 250


@pytest.mark.parametrize("faults", [100, 101])
def test_a_hundred_are_shown_without_a_word(faults: int) -> None:
    printed = formats.text([Finding("VN122", "m", Place("a.yaml", n + 1), "f") for n in range(faults)], {})
    assert printed.count("VN122") == 100
    assert ("and 1 more error (" in printed) is (faults == 101)


# ---- one cause, one finding


def laptops(count: int, fields: str) -> str:
    """The good fleet and more laptops, all of them aliases of one."""
    first = f"  air-0: &air {{{fields}}}\n"
    return FLEET.rstrip("\n") + "\n" + first + "".join(f"  air-{number}: *air\n" for number in range(1, count))


def test_a_missing_scenario_is_said_once_for_all_macs(tmp_path: Path) -> None:
    fleet = laptops(50, "tier: local, hardware: MacBook Air, chip: M3, memory_gb: 16, roles: [cursor]")
    cursor = {file: None for file, text in POLICIES.items() if "surface: cursor" in str(text)}
    policies = write_policies(tmp_path, {"fleet.yaml": fleet, **cursor})
    (finding,) = [finding for finding in findings_in(policies) if finding.code == "VN223"]
    assert "more" in finding.message


def test_a_client_without_gateway_is_said_once_for_all_that_repeat_it(tmp_path: Path) -> None:
    fleet = laptops(50, "tier: local, hardware: MacBook Air, chip: M3, memory_gb: 16, roles: [openclaw]")
    (finding,) = [f for f in findings_in(write_policies(tmp_path, {"fleet.yaml": fleet})) if f.code == "VN504"]
    assert finding.message == "role openclaw without a gateway: 'air-0', 'air-1', 'air-2' and 47 more"
    assert finding.place.line == FLEET.rstrip("\n").count("\n") + 2


def test_a_gateway_without_address_is_said_once_for_all_clients(tmp_path: Path) -> None:
    fleet = laptops(
        50, "tier: local, hardware: MacBook Air, chip: M3, memory_gb: 16, roles: [openclaw], gateway: studio"
    )
    address = next(line for line in FLEET.splitlines(keepends=True) if "address:" in line)
    policies = write_policies(tmp_path, {"fleet.yaml": fleet.replace(address, "")})
    (finding,) = [finding for finding in findings_in(policies) if finding.code == "VN504"]
    assert finding.message == "'studio' has no address"


def test_one_bad_line_of_a_track_is_one_finding(tmp_path: Path) -> None:
    """Its preferences go to every hop of every scenario on the track, in every situation."""
    before, after = TRACKS.split("sort: price", 1)
    spoilt = f"{before}only: [deepinfra], ignore: [deepinfra]{after}"
    found = [f for f in findings_in(write_policies(tmp_path, {"tracks.yaml": spoilt})) if f.code == "VN302"]
    assert len({f.place for f in found}) == len(found) == 1
    assert found[0].message.count("every provider in `only` is also in `ignore`") == 3
    assert "more like these" in found[0].message
