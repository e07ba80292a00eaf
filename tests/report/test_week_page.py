"""A week's page: it shows what is archived, says what is missing, and nothing from outside gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from compiler.diagnostics import PolicyError
from harness.bench.report import DATA
from harness.outside import plain
from harness.report.evidence import gather
from harness.report.stored.harness import FILE as HARNESS
from harness.report.stored.spend import spend, spend_json
from harness.report.week_page import week_page
from harness.weeks import Week
from tests.market.shipped import totals
from tests.report.evidence_files import DECISIONS, PROPOSALS, SPEND, WEEK, archive_of, harness_files, keep
from tests.report.parsed import Parsed, parsed
from tests.shipped import copied, targets

SECTIONS = ("changes", "proposals", "ranking", "prices", "harness", "spend", "guards", "routes", "checklist", "sources")
HOSTILE = (
    "](http://x) @team <script>alert(1)</script>", '"><img src=//evil.test onerror=alert(1)>', "\u202egpj.exe",
    "::set-output name=a::b", "{{ 7 * 7 }}{% raw %}", "</script><script>", "a\r\nb\x00\x1b[31m", "&lt;b&gt;",
)  # fmt: skip


def page(project: Path, week: Week = WEEK) -> bytes:
    return week_page(gather(project, week, targets()))


def read(project: Path, week: Week = WEEK) -> Parsed:
    return parsed(page(project, week))


def folder(project: Path, week: Week = WEEK) -> Path:
    return project / "generated" / "weeks" / str(week)


def test_the_week_has_every_section_and_its_numbers(kept: Path) -> None:
    found = read(kept)
    assert [tag.attributes["id"] for tag in found.named("h2")] == list(SECTIONS)
    assert "Missing." not in found.text
    assert "46.66 T tokens, +4.6 % on 2026-W24. 2 movers, 1 entrant, 1 dropout in the Top 10." in found.text
    assert "Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-22T00:10:38Z. CC BY 4.0" in found.text
    assert "$612.40" in found.text and "$845.20 ($772.95 … $921.60)" in found.text
    assert "Try GLM 5.2 in the gray pool" in found.text and "7/7" in found.text
    assert "Gray models had 3.8 % of the tokens that guards counted" in found.text
    assert "The guard of air-ana (cursor) had no policy that it could read for 3 turns." in found.text
    assert "−27.7 %" in found.text and "-27.7 %" not in found.text
    assert "Not listed on all days" not in found.text, "no mover of that week bears the mark"
    assert HARNESS == DATA


def test_bars_say_the_archives_whole_numbers(kept: Path) -> None:
    """Counted here by other code, from the days. Families of the week's Top 10 have one row each but one."""
    counted, said = totals(str(WEEK)), {}
    for words in read(kept).says():
        if match := re.fullmatch(r"(\S+/\S+): ([0-9 ]+) tokens, .*", words):
            said[match[1]] = int(match[2].replace(" ", ""))
    assert len(said) == 10
    alike: Counter[str] = Counter()
    for name, tokens in counted.items():
        alike[name.partition(":")[0]] += tokens
    assert said == {name: alike[name] for name in said}


def test_same_evidence_same_bytes(kept: Path) -> None:
    assert page(kept) == page(kept)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("harness.json", "No harness run is evidence for 2026-W25"),
        ("spend.json", "No spend was kept for 2026-W25"),
        ("decisions.json", "No guard's log was imported for 2026-W25 (vane spend import guard-log)"),
        ("proposals.json", "No rules were run on 2026-W25"),
        ("prices.json", "No prices are archived for 2026-W25"),
        ("rankings.json", "The rankings of 2026-W25 are not archived"),
    ],
)
def test_what_is_missing_is_said_in_its_place(project: Path, file: str, said: str) -> None:
    (folder(project) / file).unlink()
    found = read(project)
    assert said in found.text
    assert [tag.attributes["id"] for tag in found.named("h2")] == list(SECTIONS)


def test_a_week_of_rankings_alone(tmp_path: Path) -> None:
    found = read(archive_of(copied(tmp_path)))
    assert found.text.count("Missing.") == 5
    assert "No prices are archived for 2026-W25, nor for the weeks before it" in found.text
    assert "generated/ is not up to date" in found.text


def test_the_first_week_has_nothing_to_compare_with(tmp_path: Path) -> None:
    found = read(archive_of(copied(tmp_path), weeks=1))
    assert "no week before 2026-W25 is archived" in found.text
    assert "No week before 2026-W25 is archived: there is nothing to compare with." in found.text


def test_policies_that_do_not_compile_do_not_stop_the_evidence(project: Path) -> None:
    (project / "policies" / "tracks.yaml").write_text("version: 1\ntoken_track: {primary: no/such}\n", "utf-8")
    found = read(project)
    assert "The policies do not compile" in found.text
    assert "46.66 T" in found.text


def test_a_first_run_has_no_comparison_and_few_calls_no_upper_bound(project: Path) -> None:
    file = folder(project) / "harness.json"
    data = json.loads(file.read_text("utf-8"))
    data["comparison"] = None
    data["summary"]["legs"][0]["latency"]["cold"]["total_p95_ms"]["high"] = None
    data["summary"]["legs"][0]["latency"]["cold"]["total_p50_ms"]["at_least"] = True
    data["summary"]["cut_off"], data["summary"]["missing_shards"] = 3, [2]
    data["summary"]["untried"] = [{"trial": "gray-trials", "model": "openrouter/owl-alpha", "variable": "GRAY_KEY"}]
    keep(file, data)
    found = read(project)
    assert "There is no earlier run of this suite to compare with." in found.text
    assert "no upper bound" in found.text and "P50 ≥ " in found.text
    assert "The trial of gray-trials was left out, without GRAY_KEY: openrouter/owl-alpha was not asked." in found.text
    assert "3 calls were in flight" in found.text and "Shards are missing: 2." in found.text


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"week": "2026-W24"}', b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("file", ["harness.json", "spend.json", "decisions.json", "proposals.json"])
def test_evidence_that_cannot_be_believed_stops_the_page(project: Path, file: str, content: bytes) -> None:
    (folder(project) / file).write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        page(project)
    (finding,) = caught.value.findings
    assert (finding.code, finding.place.file) == ("VM150", f"generated/weeks/2026-W25/{file}")


def test_evidence_of_another_week_is_no_evidence(project: Path) -> None:
    keep(folder(project) / "spend.json", {**SPEND, "week": "2026-W24"})
    with pytest.raises(PolicyError, match="it holds 2026-W24"):
        page(project)


def hostile(project: Path, name: str) -> None:
    """Put a name wherever a name from outside can stand."""
    proposal = {**PROPOSALS["proposals"][0], "title": name, "rule": name, "effect": name, "reversal": name}
    proposal["evidence"] = [{"says": name, "file": name}, {"says": "x", "file": "javascript:alert(1)"}]
    proposal["edits"] = [{"file": name, "path": name, "value": name}]
    keep(folder(project) / "proposals.json", {
        "week": str(WEEK), "proposals": [proposal], "looked_at": [{"what": name, "reason": name}],
    })  # fmt: skip
    track = {**SPEND["standings"][1], "cap": name, "period": {**SPEND["standings"][1]["period"], "name": name}}
    keep(folder(project) / "spend.json", {**SPEND, "standings": [track]})
    keep(folder(project) / "decisions.json", {
        **DECISIONS, "silent": [name], "logs": [{**log, "machine": name} for log in DECISIONS["logs"]],
        **{part: [{**DECISIONS[part][0], **dict.fromkeys(keys, name)}] for part, keys in {
            "parts": ("scenario",), "acts": ("action", "reason", "label", "scenario"),
            "tool_errors": ("scenario", "model"), "compared": ("scenario", "base", "candidate"),
        }.items()},
    })  # fmt: skip
    data = json.loads(harness_files()["harness.json"])
    data["summary"]["untried"] = [{"trial": name, "model": name, "variable": name}]
    data["summary"] |= {"run": name, "started": name, "suite": {"name": name, "version": name, "sha256": ""}}
    data["summary"]["legs"][0] |= {"leg": name, "scenario": name, "models": [name, f"a/{name}"]}
    data["comparison"]["legs"][0] |= {"leg": name, "reasons": [name]}
    data["comparison"]["base"] = name
    keep(folder(project) / "harness.json", data)
    prices = json.loads((folder(project) / "prices.json").read_text("utf-8"))
    locked = json.loads((project / "policies" / "models.lock.json").read_text("utf-8"))["models"]
    prices["models"] = {**locked, name: locked["deepseek/deepseek-v4-flash"]}
    keep(folder(project) / "prices.json", prices)


def inert(made: bytes) -> Parsed:
    """Nothing in it runs, leads away, hides, or turns text; one style sheet and one script, both of them ours."""
    found = parsed(made)
    assert len(found.named("script")) == len(found.named("style")) == 1
    assert {tag.name for tag in found.tags}.isdisjoint({"img", "iframe", "object", "form", "base", "embed"})
    for tag in found.tags:
        assert not [name for name in tag.attributes if name.startswith("on") or name == "style"]
    for address in found.addresses:
        assert address == "data:," or re.fullmatch(r"#[a-z]+|\.\./index\.html|[a-z0-9.-]+", address), address
    shown = made.decode().replace("\n", "")
    assert all(letter.isprintable() for letter in shown)
    for kind in ("script", "style"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", made.decode(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in found.tags[3].attributes["content"]
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_letters(project: Path, name: str) -> None:
    hostile(project, "harmless")
    tags = Counter(tag.name for tag in read(project).tags)
    hostile(project, name)
    found = inert(page(project))
    assert " ".join(plain(name).split()) in found.text
    assert Counter(tag.name for tag in found.tags) == tags


def test_a_name_of_two_megabytes_is_cut(project: Path) -> None:
    hostile(project, "<b>\u202e" + "x" * 2_000_000)
    made = page(project)
    inert(made)
    assert len(made) < 200_000


def test_only_files_of_the_week_are_links(project: Path) -> None:
    hostile(project, "../../../etc/passwd")
    assert not [address for address in read(project).addresses if "passwd" in address or ":alert" in address]
    shutil.copy(folder(project) / "market.md", folder(project) / "a b?c#d.md")
    assert "a%20b%3Fc%23d.md" in read(project).addresses


def test_a_model_that_is_in_no_lock_is_held_against_its_own_first_price(project: Path) -> None:
    for back in (0, 1):
        file = folder(project, WEEK.before(back)) / "prices.json"
        data: dict[str, Any] = json.loads(file.read_text("utf-8"))
        model = json.loads(json.dumps(data["models"]["deepseek/deepseek-v4-flash"]))
        model["pricing"]["prompt"] = ("0.000003", "0.000002")[back]
        data["models"]["new/model"] = model
        keep(file, data)
    found = read(project)
    assert "+50.0 %" in found.text
    assert "2026-W24: $2 in, $0.224 out per million tokens" in found.says()


def test_what_the_ledger_said_comes_back_as_it_was(project: Path) -> None:
    found = spend(project, WEEK)
    assert found and [standing.is_spent for standing in found.standings] == [False, False, False]
    assert found.standings[1].threshold_usd == 920 and found.gray and not found.gray.is_over
    file = folder(project) / "spend.json"
    file.write_bytes(spend_json(found))
    assert spend(project, WEEK) == found
    assert json.loads(file.read_text("utf-8"))["standings"][1]["spent_usd"] == "612.4"


def test_spend_above_the_cap_is_said_in_words(project: Path) -> None:
    over = {**SPEND["standings"][1], "spent_usd": "921.5", "forecast": None, "unknown_days": ["2026-06-03"]}
    keep(folder(project) / "spend.json", {**SPEND, "standings": [over], "gray": None, "unattributed_usd": None})
    found = read(project)
    assert "115 % over" in found.text
    assert "The ledger knows nothing of 2026-06-03." in found.text
