"""`vane account plan`: what it shows, what it keeps quiet about, and that it changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.account.desired import read_desired
from deploy.account.plan import is_model
from deploy.account.refusal import CODES
from tests.account.conftest import Desk
from tests.fakes.openrouter_management import Fault
from tests.plans import HOSTILE

PROJECT = Path(__file__).parents[2]
FLASH = "deepseek/deepseek-v4-flash"
CANONICAL = {
    FLASH: f"{FLASH}-20260423",
    f"{FLASH}:free": f"{FLASH}-20260423",
    "openrouter/owl-alpha": "openrouter/owl-alpha",
}


def test_an_empty_account_gets_everything(desk: Desk) -> None:
    done = desk("plan")
    assert done.code == 0
    assert done.out.startswith("  + key vane-token\n      limit                          none\n")
    assert "  + key vane-dollar\n      limit                          800.1 USD\n" in done.out
    assert "      limit_reset                    monthly, in UTC\n" in done.out
    assert "      allowed_models\n        + deepseek/deepseek-v4-flash-20260423\n        + google/" in done.out
    assert "  + assignment vane-gray\n      guardrail                      vane-gray\n" in done.out
    assert "      provider.max_price.prompt      5\n" in done.out
    assert done.out.endswith("Plan: 11 to create, 0 to change, 0 to delete.\n")
    assert desk.account.changes == []


def test_check_tells_by_the_exit_code(desk: Desk) -> None:
    assert desk("plan", "--check").code == 1
    assert desk.apply().code == 0
    done = desk("plan", "--check")
    assert (done.code, done.out) == (0, "No changes. The account holds what generated/openrouter says.\n")


def test_changes_show_old_and_new(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.account.key("vane-dollar").update(limit=500, include_byok_in_limit=False)
    desk.account.guardrail("vane-token").update(
        allowed_models=["openai/gpt-5.4", "google/gemini-3-flash-preview-20251217"], enforce_zdr_other=None
    )
    desk.account.add_preset("vane-design-review", model="openai/gpt-4o", provider={"max_price": {"prompt": "9"}})
    done = desk("plan")
    assert (
        done.out
        == """\
  ~ key vane-dollar
      limit                          500 USD → 800.1 USD
      include_byok_in_limit          false → true

  ~ guardrail vane-token
      allowed_models
        + deepseek/deepseek-v4-flash-20260423
        - openai/gpt-5.4
      enforce_zdr_other              false → true

  ~ preset vane-design-review
      models                         openai/gpt-4o → anthropic/claude-opus-4.7
      provider.allow_fallbacks       not set → false
      provider.data_collection       not set → deny
      provider.max_price.completion  not set → 25
      provider.max_price.prompt      9 → 5
      provider.order                 not set → anthropic

Plan: 0 to create, 3 to change, 0 to delete.
"""
    )


def test_a_guardrail_that_allows_everything_is_narrowed(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.account.guardrail("vane-gray").update(allowed_models=None, enable_paid_model_training=None)
    out = desk("plan").out
    assert "allowed_models                 any → only these\n        + openrouter/owl-alpha\n" in out
    assert "enable_paid_model_training     not set → false\n" in out


def test_the_old_switch_for_all_vendors_counts_where_a_vendor_has_none(desk: Desk) -> None:
    assert desk.apply().code == 0
    switches = {f"enforce_zdr_{vendor}": None for vendor in ("anthropic", "openai", "google", "xai", "other")}
    desk.account.guardrail("vane-gray").update(switches, enforce_zdr=None)
    assert desk("plan", "--check").code == 0
    desk.account.guardrail("vane-gray").update(enforce_zdr=True)
    assert desk("plan").out.count("true → false") == 5


def test_an_assignment_that_somebody_moved_is_moved_back(desk: Desk) -> None:
    assert desk.apply().code == 0
    other = desk.account.add_guardrail("Bob's")
    desk.account.assigned[desk.account.key("vane-token")["hash"]] = other
    assert "  ~ assignment vane-token\n      guardrail                      Bob's → vane-token\n" in desk("plan").out
    del desk.account.assigned[desk.account.key("vane-token")["hash"]]
    assert "  + assignment vane-token\n      guardrail                      vane-token\n" in desk("plan").out


def test_what_is_not_ours_is_no_part_of_a_plan(desk: Desk) -> None:
    assert desk.apply().code == 0
    hash, _ = desk.account.add_key("Bob's laptop", limit=5)
    desk.account.assigned[hash] = desk.account.add_guardrail("Bob's")
    desk.account.add_preset("bobs-preset", model="openai/gpt-4o")
    done = desk("plan", "--check")
    assert done.code == 0
    assert "ob" not in done.out.replace("No changes", "")


def test_ours_that_nobody_desires_is_deleted_keys_first(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.account.add_guardrail("vane-old")
    desk.account.add_key("vane-old", disabled=True)
    out = desk("plan").out
    assert "  - key vane-old\n\n  - guardrail vane-old\n\nPlan: 0 to create, 0 to change, 2 to delete.\n" in out
    assert out.endswith("Deletions are applied only with --allow-delete.\n")


def test_a_foreign_key_on_a_guardrail_that_goes_is_told(desk: Desk) -> None:
    hash, _ = desk.account.add_key("Bob's laptop")
    desk.account.assigned[hash] = desk.account.add_guardrail("vane-old")
    assert "note: guardrail vane-old also binds 1 keys that are not ours: deleting it frees them\n" in desk("plan").out


def test_what_people_did_on_the_account_is_told_and_left(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.account.key("vane-gray").update(disabled=True, expires_at="2027-01-01T00:00:00Z")
    config = desk.account.presets["vane-ide-assist"]["designated_version"]["config"]
    desk.account.add_preset("vane-ide-assist", "Be brief.", **config, temperature=1)["status"] = "disabled"
    done = desk("plan", "--check")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if line] == [
        "  note: key vane-gray is disabled: somebody did that on the account, and it stays so",
        "  note: key vane-gray expires at 2027-01-01T00:00:00Z",
        "  note: preset vane-ide-assist is disabled: only openrouter.ai/settings/presets can make it active",
        "  note: preset vane-ide-assist also sets system_prompt, temperature: a new version may not",
        "No changes. The account holds what generated/openrouter says.",
    ]


def test_a_plugin_that_may_route_elsewhere_is_a_change(desk: Desk) -> None:
    assert desk.apply().code == 0
    config = desk.account.presets["vane-ide-assist"]["designated_version"]["config"]
    desk.account.add_preset("vane-ide-assist", **config, plugins=[{"id": "auto-router"}])
    assert '      plugins                        [{"id":"auto-router"}] → not set\n' in desk("plan").out
    assert desk.apply().code == 0
    assert desk("plan", "--check").code == 0


def test_two_keys_of_one_name_stop_it(desk: Desk) -> None:
    first, _ = desk.account.add_key("vane-token")
    second, _ = desk.account.add_key("vane-token")
    done = desk("plan")
    assert done.code == 1
    assert done.err.startswith(f"key vane-token VA301 the account has 2 of that name: {first}, {second}\n  fix: ")


# ---- names of models


@pytest.mark.parametrize(
    ("wanted", "there", "same"),
    [
        (FLASH, FLASH, True),
        (FLASH, f"{FLASH}-20260423", True),
        (FLASH, f"{FLASH}:free", False),
        (FLASH, f"{FLASH}-20260731", False),
        (f"{FLASH}:free", f"{FLASH}:free", True),
        (f"{FLASH}:free", f"{FLASH}-20260423:free", True),
        (f"{FLASH}:free", f"{FLASH}-20260423", True),
        (f"{FLASH}:free", FLASH, False),
        ("openrouter/owl-alpha", "openrouter/owl-alpha", True),
        ("not/locked", "not/locked", True),
        ("not/locked", "not/other", False),
    ],
)
def test_a_model_is_itself_under_its_canonical_name(wanted: str, there: str, same: bool) -> None:
    assert is_model(wanted, there, CANONICAL) is same


def test_free_and_paid_variants_are_one_entry_of_a_guardrail(desk: Desk) -> None:
    token = read_desired(desk.project / "generated" / "openrouter").guardrails[0]
    assert token.allowed_models == ("deepseek/deepseek-v4-flash-20260423", "google/gemini-3-flash-preview-20251217")
    assert desk.apply().code == 0
    desk.account.guardrail("vane-token")["allowed_models"].reverse()
    assert desk("plan", "--check").code == 0


def test_a_preset_that_holds_canonical_names_is_the_same(desk: Desk) -> None:
    assert desk.apply().code == 0
    config = dict(desk.account.presets["vane-design-review"]["designated_version"]["config"])
    config["model"] = "anthropic/claude-4.7-opus-20260416"
    desk.account.add_preset("vane-design-review", **config)
    assert desk("plan", "--check").code == 0


def test_the_order_of_a_presets_models_counts(desk: Desk) -> None:
    assert desk.apply().code == 0
    config = dict(desk.account.presets["vane-ide-assist"]["designated_version"]["config"])
    config["models"] = config["models"][::-1]
    desk.account.add_preset("vane-ide-assist", **config)
    assert "  ~ preset vane-ide-assist\n      models  " in desk("plan").out


# ---- output


def test_json_is_the_plan_file_and_the_same_every_time(desk: Desk, tmp_path: Path) -> None:
    desk.account.add_key("vane-dollar", limit=Decimal("0.10"))
    file = tmp_path / "account.plan"
    done = desk("plan", "--json", "--out", str(file))
    assert done.out == file.read_text("utf-8") == desk("plan", "--json").out
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob(".account.plan*")) == []
    data = json.loads(done.out, parse_float=str)
    assert data["counts"] == {"create": 10, "update": 1, "delete": 0}
    assert data["actions"][1]["changes"][0] == {"field": "limit", "old": "0.1", "new": "800.1"}
    assert data["actions"][1]["body"]["limit"] == "800.1"


def test_usage_is_no_part_of_what_a_plan_rests_on(desk: Desk) -> None:
    assert desk.apply().code == 0
    before = json.loads(desk("plan", "--json").out)["account"]
    desk.account.key("vane-dollar").update(usage=12.5, limit_remaining=787.5, updated_at="2026-06-01T00:00:00Z")
    desk.account.add_key("Bob's laptop")
    assert json.loads(desk("plan", "--json").out)["account"] == before
    desk.account.key("vane-dollar").update(disabled=True)
    assert json.loads(desk("plan", "--json").out)["account"] != before


def test_hostile_names_do_nothing_to_a_terminal(desk: Desk) -> None:
    desk.account.add_key(f"vane-\x1b[2J{HOSTILE}")
    desk.account.add_guardrail("vane-x\u202ey\r\nforged: + key")
    out = desk("plan").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "- key vane-\\x1b[2JZoë's" in out
    assert "- guardrail vane-x\\u202ey\\r\\nforged: + key\n" in out


def test_lists_come_in_pages(desk: Desk) -> None:
    desk.account.page = 2
    for number in range(7):
        desk.account.add_key(f"other-{number}")
        desk.account.add_guardrail(f"other-{number}")
    assert desk.apply().code == 0
    assert desk("plan", "--check").code == 0
    offsets = [path.partition("offset=")[2] for _, path, _ in desk.account.asked if path.startswith("/keys?")]
    assert offsets[-6:] == ["0", "2", "4", "6", "8", "10"]


# ---- what is desired


def keys_file(desk: Desk) -> Path:
    return desk.project / "generated" / "openrouter" / "keys.json"


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("keys", lambda keys: keys[0].update(name="token"), "'token' does not begin with 'vane-'"),
        ("keys", lambda keys: keys[0].update(limit="1"), "'limit' is no number"),
        ("keys", lambda keys: keys[0].update(name="vane-gray"), "'vane-gray' stands there twice"),
        ("keys", lambda keys: keys[0].update(include_byok_in_limit=None), "'include_byok_in_limit' is neither"),
        ("guardrails", lambda found: found[0].update(allowed_models={}), "no model is allowed"),
        ("guardrails", lambda found: found[0].update(assigned_key="vane-x"), "'vane-x', which is no key"),
        ("guardrails", lambda found: found[0].pop("enforce_zdr_xai"), "'enforce_zdr_xai' is neither"),
        ("presets", lambda found: found[0].update(models=[]), "a preset without models may reach any"),
        ("presets", lambda found: found[0].update(provider=[]), "provider is no object"),
        ("presets", lambda found: found.append(1), "an entry of 'presets' is no object"),
    ],
)  # fmt: skip
def test_odd_desired_state_is_refused_before_anybody_is_asked(
    desk: Desk, kind: str, change: Callable[[Any], object], said: str
) -> None:
    desk.edit(kind, change)
    done = desk("plan")
    assert done.code == 1
    assert done.err.startswith(f"generated/openrouter/{kind}.json VA103 ")
    assert said in done.err
    assert desk.account.asked == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "Expecting"),
        (b'{"format": "weathervane/openrouter-keys/9", "keys": []}', "'weathervane/openrouter-keys/9' is not known"),
        (b'{"format": "weathervane/openrouter-keys/1"}', "'keys' is no list"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "decode"),
    ],
)
def test_files_that_no_compile_writes(desk: Desk, content: bytes, said: str) -> None:
    keys_file(desk).write_bytes(content)
    assert said in desk("plan").err
    keys_file(desk).unlink()
    done = desk("plan")
    assert (done.code, "cannot be read" in done.err) == (1, True)


def test_what_this_repository_compiles_can_be_planned(desk: Desk) -> None:
    for file in sorted((PROJECT / "generated" / "openrouter").glob("*.json")):
        (desk.project / "generated" / "openrouter" / file.name).write_bytes(file.read_bytes())
    assert desk.apply().code == 0
    assert desk("plan", "--check").code == 0


def test_the_page_explains_every_code(desk: Desk) -> None:
    page = (PROJECT / "docs" / "account.md").read_text("utf-8")
    assert [code for code in CODES if f"| {code} |" not in page] == []
    desk.account.faults.append(Fault("GET", "/keys", 400, HOSTILE))
    assert "\\nsecond line" in desk("plan").err
