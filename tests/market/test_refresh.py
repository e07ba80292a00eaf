"""`vane market refresh`: a clean week, the same bytes twice, and what it says of weeks that are not over."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pytest

from compiler.cli import main
from harness.market import archive
from harness.openrouter import VARIABLE
from harness.weeks import Week
from tests.fakes.openrouter_market import KEY, NOW, RANKINGS, Market, tokens_of
from tests.market.desk import Desk
from tests.samples import changed, write_policies

pytestmark = pytest.mark.usefixtures("bare")

WEEK = Week(2026, 24)  # the last that is over on NOW, a Monday


def test_a_clean_week(desk: Desk) -> None:
    done = desk()
    assert (done.code, done.out) == (0, "")
    assert "2026-W24: 51 models" in done.err
    assert desk.files.keys() == {f"2026-W24/{name}" for name in ("rankings.json", "prices.json", "apps.json")}
    ranking = archive.read(desk.project, WEEK)
    assert ranking.is_complete
    assert ranking.as_of == NOW
    assert ranking.provenance.kind == "official"
    assert ranking.provenance.citation == "Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-15T06:17:03Z."
    assert ranking.provenance.licence == "CC BY 4.0"
    assert KEY.encode() not in b"".join(desk.files.values())


def test_tokens_are_those_of_the_rows(desk: Desk) -> None:
    """Summed here without the code under test: each day's first fifty, and all of it."""
    assert desk().code == 0
    days = {day: tokens_of(day) for day in WEEK.days}
    expected: dict[str, int] = {}
    for tokens in days.values():
        for name in sorted(tokens, key=lambda name: -tokens[name])[:50]:
            expected[name] = expected.get(name, 0) + tokens[name]
    platform = desk.json(WEEK, "rankings.json")["platform"]
    assert {model["permaslug"]: model["tokens"] for model in platform["models"]} == expected
    assert platform["total_tokens"] == sum(sum(tokens.values()) for tokens in days.values())
    first = platform["models"][0]
    assert first["days"] == {str(day): tokens[first["permaslug"]] for day, tokens in days.items()}


def test_sections_as_market_yaml_names_them(desk: Desk) -> None:
    assert desk().code == 0
    sections = desk.json(WEEK, "rankings.json")["sections"]
    assert {name: section["sampled"] for name, section in sections.items()} == {
        "programming": True,
        "tool_calling": False,
    }
    assert all(model["days"] == {} for model in sections["programming"]["models"])
    assert len(sections["tool_calling"]["models"][0]["days"]) == 7
    write_policies(desk.project, changed("market.yaml", "watch:", "sections: [marketing/seo, audio]\nwatch:"))
    desk.market.asked.clear()
    assert desk().code == 0
    assert desk.json(WEEK, "rankings.json")["sections"].keys() == {"marketing/seo", "audio"}
    assert any("category=marketing%2Fseo" in asked and "period=week" in asked for asked in desk.market.asked)
    assert any("modality=audio" in asked and "period=day" in asked for asked in desk.market.asked)


def test_an_unknown_section_is_a_finding_at_its_line(desk: Desk) -> None:
    write_policies(desk.project, changed("market.yaml", "watch:", "sections: [cooking]\nwatch:"))
    done = desk()
    assert done.code == 1
    assert "policies/market.yaml:2:12 VN" in done.err
    assert desk.market.asked == []


def test_prices_of_the_models_that_policies_name(desk: Desk) -> None:
    assert desk().code == 0
    prices = desk.json(WEEK, "prices.json")
    assert prices["as_of"] == "2026-06-15"
    assert prices["models"].keys() == prices["endpoints"].keys() == {
        "anthropic/claude-opus-4.7", "deepseek/deepseek-v4-flash", "minimax/minimax-m2.7", "openrouter/owl-alpha",
        "tencent/hy3-preview",
    }  # fmt: skip
    flash = prices["models"]["deepseek/deepseek-v4-flash"]
    assert flash["pricing"] == {
        "prompt": "0.000000112",
        "completion": "0.000000224",
        "input_cache_read": "0.000000022",
    }
    assert flash["priced"] == {"as_of": "2026-06-15", "route": "deepinfra/fp8"}
    assert flash["providers"] == sorted(offer["tag"] for offer in prices["endpoints"]["deepseek/deepseek-v4-flash"])
    offers = prices["endpoints"]["deepseek/deepseek-v4-flash"]
    assert [(offer["tag"], offer["provider"], offer["zdr"]) for offer in offers] == [
        ("azure", "Azure", False),
        ("deepinfra/fp8", "DeepInfra", True),
    ]
    assert {"tag", "quantization", "status", "context_length", "supported_parameters", "pricing"} <= offers[0].keys()
    assert not any(offer["zdr"] for offer in prices["endpoints"]["openrouter/owl-alpha"])
    assert prices["not_served"] == []
    assert len(prices["raw_sha256"]) == 2 + 5
    assert "acme/tiered" in prices["catalogue"]


def test_overrides_and_discounts_stay_decimal_strings(desk: Desk) -> None:
    def dearer(answer: dict[str, list[dict[str, dict[str, object]]]]) -> object:
        for model in answer["data"]:
            override = {"min_prompt_tokens": 200000, "prompt": "0.0000002"}
            model["pricing"] |= {"discount": 0.15, "overrides": [override]}
        return answer

    desk.changed("/models", dearer)
    desk.market.faults[0].times = 1  # the list alone
    desk.market.faults[0].path = "/models"
    desk.market.faults.insert(0, desk.market.faults.pop())
    assert desk().code == 0
    pricing = desk.json(WEEK, "prices.json")["models"]["deepseek/deepseek-v4-flash"]["pricing"]
    assert pricing["discount"] == "0.15"
    assert pricing["overrides"] == [{"min_prompt_tokens": 200000, "prices": {"prompt": "0.0000002"}}]
    assert Decimal(pricing["prompt"]) == Decimal("0.000000112")


def test_apps(desk: Desk) -> None:
    assert desk().code == 0
    apps = desk.json(WEEK, "apps.json")
    assert apps["citation"] == "Source: OpenRouter (openrouter.ai/apps), as of 2026-06-15T06:17:03Z."
    assert len(apps["apps"]) == 100
    assert apps["apps"][0] == {
        "rank": 1, "app_id": 1001, "app_name": "App 1 <b>&", "total_requests": 999_999, "total_tokens": 999_992_999_997,
    }  # fmt: skip


def test_the_raw_answers_digest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    real = Market.answer

    def answer(self: Market, path: str, query: dict[str, str], key: str | None) -> object:
        data = real(self, path, query, key)
        if path == RANKINGS and len(query) == 3:
            sent.append(json.dumps(data).encode())
        return data

    monkeypatch.setattr(Market, "answer", answer)
    assert desk().code == 0
    assert desk.json(WEEK, "rankings.json")["provenance"]["sha256"] == hashlib.sha256(sent[0]).hexdigest()


def test_twice_is_the_same_bytes(desk: Desk) -> None:
    assert "written" in desk().err
    before = desk.files
    assert "unchanged" in desk().err
    assert desk.files == before


def test_dry_run_checks_and_writes_nothing(desk: Desk) -> None:
    done = desk("--dry-run")
    assert done.code == 0
    assert "not written" in done.err
    assert desk.files == {}
    desk.fault("/models", status=500)
    assert desk("--dry-run").code == 1


def test_the_running_week_says_that_it_is_not_complete(desk: Desk) -> None:
    desk.pass_days(3)  # Thursday of W25
    done = desk("--week", "2026-W25")
    assert done.code == 0
    assert "NOT COMPLETE: 3 of 7 days, to 2026-06-17" in done.err
    week = desk.json(Week(2026, 25), "rankings.json")
    assert (week["complete"], week["days"]) == (False, ["2026-06-15", "2026-06-16", "2026-06-17"])
    assert desk.json(Week(2026, 25), "apps.json")["complete"] is False
    desk.pass_days(4)
    assert desk("--week", "2026-W25").code == 0
    assert archive.read(desk.project, Week(2026, 25)).is_complete


@pytest.mark.parametrize("week", ["2026-W25", "2026-W26", "2031-W01"])
def test_a_week_without_a_day_that_is_over(desk: Desk, week: str) -> None:
    done = desk("--week", week)
    assert done.code == 1
    assert "VM117" in done.err
    assert (desk.files, desk.market.asked) == ({}, [])


@pytest.mark.parametrize("week", ["2026-24", "2026-W54", "W24", "2026-W24\n", "\x1b[2J"])
def test_a_week_that_is_none(desk: Desk, week: str) -> None:
    done = desk("--week", week)
    assert done.code == 2
    assert "\x1b" not in done.err
    assert desk.market.asked == []


def test_a_week_long_over_gets_no_prices_of_today(desk: Desk) -> None:
    done = desk("--week", "2026-W20")
    assert done.code == 0
    assert "no prices" in done.err
    assert desk.files.keys() == {"2026-W20/apps.json", "2026-W20/rankings.json"}
    assert not any(asked.startswith("/models") for asked in desk.market.asked)


def test_week_after_week_passes_the_checks(desk: Desk) -> None:
    for _ in range(4):
        assert desk().code == 0
        desk.pass_days(7)
    assert len(archive.weeks(desk.project)) == 4


@pytest.mark.parametrize("key", [None, "", "two words", "sk-or-v1-…"])
def test_without_a_key(desk: Desk, monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.delenv(VARIABLE)
    if key is not None:
        monkeypatch.setenv(VARIABLE, key)
    done = desk()
    assert done.code == 1
    assert "VM101" in done.err
    assert VARIABLE in done.err
    assert not key or key not in done.err
    assert desk.market.asked == []


@pytest.mark.parametrize("api", ["http://openrouter.example/api/v1", "https://user@h/", "ftp://h/", "http://[::1", ""])
def test_the_key_goes_nowhere_else(desk: Desk, api: str) -> None:
    desk.api = api or "nonsense"
    done = desk()
    assert done.code == 1
    assert "--api" in done.err


def test_a_wrong_key_is_said_and_not_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = KEY[:-4] + "0000"
    monkeypatch.setenv(VARIABLE, wrong)
    done = desk()
    assert done.code == 1
    assert "VM102" in done.err
    assert "HTTP 401: User not found." in done.err
    assert "check OPENROUTER_API_KEY" in done.err
    assert wrong not in done.err
    assert len(desk.market.asked) == 1


def test_a_model_that_is_gone_is_a_warning(desk: Desk) -> None:
    desk.market.models = [model for model in desk.market.models if model["id"] != "openrouter/owl-alpha"]
    done = desk()
    assert done.code == 0
    assert "VN702" in done.err
    prices = desk.json(WEEK, "prices.json")
    assert prices["not_served"] == ["openrouter/owl-alpha"]
    assert "openrouter/owl-alpha" not in prices["models"]


def test_a_model_without_endpoints(desk: Desk) -> None:
    desk.fault("/models/openrouter/owl-alpha/endpoints", status=404, message="Not found")
    assert desk().code == 0
    assert desk.json(WEEK, "prices.json")["endpoints"]["openrouter/owl-alpha"] == []


def test_policies_that_cannot_be_read(desk: Desk) -> None:
    write_policies(desk.project, {"tracks.yaml": "version: [1\n"})
    assert "policies/tracks.yaml:" in desk().err
    assert desk.market.asked == []


def test_through_the_command_line(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """By the real clock: the week that is over now."""
    assert main(["market", "refresh", "--week", "nonsense", "-C", str(desk.project)]) == 2
    assert "no ISO week" in capsys.readouterr().err
    assert main(["market", "refresh", "--week", "9999-W01", "-C", str(desk.project), "--format", "json"]) == 1
    assert "VM117" in capsys.readouterr().out
