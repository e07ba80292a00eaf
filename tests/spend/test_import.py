"""`vane spend import`: what an export or a log knows, by id, once."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path

from harness.market.spend.ledger import reading
from harness.market.spend.rows import Call
from tests.spend.desk import Desk

#: All columns, in the export's order.
HEADER = (
    "generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,"
    "tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,cancelled,"
    "streamed,user,finish_reason_raw,finish_reason_normalized,generation_time_ms,time_to_first_token_ms,"
    "api_key_disabled,api_key_name,app_name"
)
ROWS = (
    "gen-1778500000-AAAA,2026-05-11 11:46:40.713,0.0123,0,-0.004,0,0,10389,137,20,9000,"
    "deepseek/deepseek-v4-flash-20260423,DeepInfra,standard,false,true,,stop,stop,2100,310,false,vane-token,OpenClaw",
    'gen-1778500100-BBBB,2026-05-11 11:48:20.000,0,0,0,0,0.25,10,5,0,,deepseek/deepseek-v4-flash-20260423,Chutes,free,'
    'false,true,,stop,stop,900,200,false,"old, gone",Cursor',
)  # fmt: skip


def calls(desk: Desk) -> tuple[Call, ...]:
    with reading(desk.file) as ledger:
        return ledger.rows(Call) if ledger else ()


def put(desk: Desk, *lines: str, name: str = "export.csv") -> Path:
    file = desk.project / name
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def test_an_export(desk: Desk) -> None:
    done = desk("import", put(desk, HEADER, *ROWS))
    assert done.out.endswith("2 calls, 2026-05-11 to 2026-05-11, $0.26: 2 new, 0 revised, 0 known\n")
    first, second = calls(desk)
    assert first == Call(
        "gen-1778500000-AAAA", datetime.datetime(2026, 5, 11, 11, 46, 40, 713000, datetime.UTC),
        datetime.date(2026, 5, 11), "name:vane-token", "deepseek/deepseek-v4-flash",
        "deepseek/deepseek-v4-flash-20260423", "", "DeepInfra", Decimal("0.0123"), Decimal(0), 10389, 137, 20, 9000,
        None, None, None, None, None, "export",
    )  # fmt: skip
    assert (second.model, second.key, second.byok_usd) == (
        "deepseek/deepseek-v4-flash:free",
        "name:old, gone",
        Decimal("0.25"),
    )
    assert second.cached_tokens is None
    assert desk("import", desk.project / "export.csv").out.endswith("0 new, 0 revised, 2 known\n")


def test_a_byte_order_mark_and_other_line_ends(desk: Desk) -> None:
    file = desk.project / "export.csv"
    file.write_bytes("\r\n".join(("\ufeff" + HEADER, *ROWS, "")).encode())
    assert desk("import", file).code == 0
    assert len(calls(desk)) == 2


def test_a_dry_run(desk: Desk) -> None:
    assert "nothing written" in desk("import", put(desk, HEADER, *ROWS), "--dry-run").out
    assert not desk.file.exists()


def test_a_call_whose_amount_changed_is_revised(desk: Desk) -> None:
    desk("import", put(desk, HEADER, *ROWS))
    assert desk("import", put(desk, HEADER, ROWS[0].replace("0.0123", "0.0125"))).out.endswith(
        "0 new, 1 revised, 0 known\n"
    )
    assert [call.usd for call in calls(desk)] == [Decimal("0.0125"), Decimal(0)]


def test_keys_get_their_hash_when_the_account_is_known(desk: Desk) -> None:
    desk("import", put(desk, HEADER, *ROWS))
    desk("sync")
    assert [call.key for call in calls(desk)] == [desk.key("token").hash, "name:old, gone"]
    assert desk("import", desk.project / "export.csv").out.endswith("2 known\n")


def test_two_keys_of_one_name_are_nobodys(desk: Desk) -> None:
    desk.account.add_key("vane-token")
    desk("sync")
    desk("import", put(desk, HEADER, ROWS[0]))
    assert calls(desk)[0].key == "name:vane-token"


def test_a_log_adds_what_the_export_does_not_know(desk: Desk) -> None:
    desk("import", put(desk, HEADER, ROWS[0]))
    answer = {
        "id": "gen-1778500000-AAAA", "created_at": "2026-05-11T11:46:40.713+00:00", "total_cost": 0.0123,
        "model": "deepseek/deepseek-v4-flash", "provider_name": "DeepInfra", "is_byok": False, "session_id": "s-1",
        "upstream_inference_cost": 0.01, "native_tokens_prompt": 10389, "native_tokens_completion": 137,
        "native_tokens_reasoning": 20, "native_tokens_cached": 9000, "tokens_prompt": 9999, "tokens_completion": 99,
    }  # fmt: skip
    log = put(desk, json.dumps({"data": answer, "scenario": "batch", "machine": "studio"}), name="log.jsonl")
    assert desk("import", log).out.endswith("0 new, 1 revised, 0 known\n")
    (call,) = calls(desk)
    assert (call.scenario, call.machine, call.ticket, call.key) == ("batch", "studio", None, "name:vane-token")
    assert (call.prompt_tokens, call.byok_usd, call.source) == (10389, Decimal(0), "export+generation")
    assert call.session and "s-1" not in call.session
    assert desk("import", desk.project / "export.csv").out.endswith("0 new, 0 revised, 1 known\n")
