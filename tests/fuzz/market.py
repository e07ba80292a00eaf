"""What the market and the bill are read from: saved answers, CSV archives, tables of articles, exports, the archive.

What is refused is a PolicyError; what was taken can be read back from the archive.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.lock import Answers, endpoints_of, make_lock, models_of, zdr_slugs
from harness.answer_json import parsed
from harness.market import archive, import_command
from harness.market.apps import apps_json
from harness.market.form import from_json, to_json
from harness.market.prices import prices_json
from harness.market.questions import Question
from harness.market.spend.import_export import read_export
from harness.market.spend.import_generations import read_generations
from harness.market.spend.importing import Names
from harness.openrouter import Answer
from harness.weeks import Week
from tests.fuzz.doors import Door, Target, emptied, new_folder

PLACE, WEEK = Place("answer.json"), Week(2026, 21)
NOW = datetime.datetime(2026, 5, 25, 6, tzinfo=datetime.UTC)
SLUG = "deepseek/deepseek-v4-flash"
MODEL: dict[str, Any] = {
    "id": SLUG, "canonical_slug": f"{SLUG}-20260423", "name": "DeepSeek V4 Flash", "context_length": 1048576,
    "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
    "top_provider": {"max_completion_tokens": 65536, "is_moderated": False},
    "supported_parameters": ["tools", "structured_outputs"], "expiration_date": None,
    "pricing": {
        "prompt": "0.000000112", "completion": "0.000000224", "input_cache_read": "0.00000002", "request": "0",
        "discount": 0.25, "overrides": [{"min_prompt_tokens": 200000, "prompt": "0.0000002"},
                                        {"utc_start": 30, "utc_end": 830, "utc_days": [1, 2], "prompt": "0.0000001"}],
    },
}  # fmt: skip
ENDPOINT: dict[str, Any] = {
    "model_id": SLUG, "tag": "deepinfra/fp4", "provider_name": "DeepInfra", "quantization": "fp4", "status": 0,
    "context_length": 163840, "max_completion_tokens": 16384, "supported_parameters": ["tools"],
    "pricing": {"prompt": "0.0000001", "completion": "0.0000002", "discount": 0},
}  # fmt: skip
APP = {"rank": 1, "app_id": 7, "app_name": "Cline", "total_requests": 12, "total_tokens": "123456789"}
CSV = b"""\
snapshot_date,rank_by_tokens,slug,name,total_tokens,percent_change
2026-05-03,1,tencent/hy3-preview-20260421:free,Hy3,3030123456789,799
2026-05-03,2,moonshotai/kimi-k2.6-20260420,Kimi,1820000000000,0
2026-05-11,1,tencent/hy3-preview-20260421:free,Hy3,2680000000000,-12
2026-05-13,1,tencent/hy3-preview-20260421:free,Hy3,880000000000,
"""
ARTICLE = b"""\
version: 1
kind: article
week: 2026-W21
source: a text
platform_tokens: 31000000000000
models:
  - {permaslug: deepseek/deepseek-v4-flash-20260423, name: DeepSeek V4 Flash, tokens: 4940000000000}
  - {permaslug: tencent/hy3-preview-20260421, name: Hy3, tokens: 3030000000000, change_percent: 12}
"""
EXPORT = b"""\
generation_id,created_at,cost_total,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,\
tokens_cached,model_permaslug,provider_name,variant,api_key_name
gen-1778500000-aaaa,2026-05-11 11:46:40.713,0.0123,0,10389,137,0,9000,openai/gpt-oss-120b,Groq,free,x
"""
GENERATION = {
    "id": "gen-1778500000-aaaa", "created_at": "2026-05-11T11:46:40.713Z", "model": SLUG, "total_cost": 0.0123,
    "provider_name": "Groq", "is_byok": True, "upstream_inference_cost": 1e-3, "native_tokens_prompt": 1,
    "native_tokens_completion": 2, "native_tokens_reasoning": None, "native_tokens_cached": 0, "session_id": "s",
}  # fmt: skip


def week_answer() -> dict[str, Any]:
    """A week of the data set: as few rows as are taken."""
    rows = [
        {"date": day.isoformat(), "model_permaslug": slug, "total_tokens": str(tokens)}
        for day in WEEK.days
        for slug, tokens in (*((f"a/m{number}", 10**10 - number) for number in range(40)), ("other", 7 * 10**9))
    ]
    meta = {"as_of": "2026-05-25T00:10:38Z", "start_date": "2026-05-18", "end_date": "2026-05-24", "version": "v1"}
    return {"data": rows, "meta": meta}


@cache
def _project() -> Path:
    return new_folder()


@cache
def _names() -> Names:
    from compiler.load import load
    from compiler.policy import FILES, parse
    from tests.samples import write_policies

    policies, _ = parse(load(write_policies(new_folder()), FILES))
    assert policies
    return Names.of(policies)


def _import(content: bytes) -> bool:
    project = emptied(_project())
    file = project / "file"
    file.write_bytes(content)
    asked = argparse.Namespace(project=project, file=file, source=None, dry_run=False, format="text")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = import_command.run(asked)
    assert code in (0, 1)
    weeks = archive.weeks(project)
    assert bool(weeks) is not bool(code), "refused whole, or taken"
    for week in weeks:
        assert to_json(archive.read(project, week)) == (archive.folder(project, week) / "rankings.json").read_bytes()
    return bool(weeks)


def _archived(content: bytes) -> bool:
    try:
        ranking = from_json(content, PLACE)
    except PolicyError:
        return False
    assert from_json(to_json(ranking), PLACE) == ranking
    return True


def _answered(take: Callable[[Any], object], content: bytes) -> bool:
    """As the client hands an answer on: parsed, or refused by it."""
    try:
        data = parsed(content)
    except (ValueError, RecursionError):
        return False
    try:
        take(data)
    except PolicyError:
        return False
    return True


def _lock(data: Any) -> None:
    models = models_of(data, PLACE)
    make_lock([model["id"] for model in models[:4]], _answers(models, {}), {})


def _prices(data: Any) -> None:
    """All three answers that a week's prices are made of."""
    parts = data if isinstance(data, dict) else {}
    models = models_of(parts.get("models"), PLACE)
    zdr_slugs(parts.get("zdr"), PLACE)
    endpoints = {model["id"]: endpoints_of(parts.get("endpoints"), model["id"], PLACE) for model in models[:4]}
    answers = _answers(models, endpoints)
    json.loads(prices_json(WEEK, frozenset(endpoints), answers, parts["zdr"], {}, PLACE))


def _answers(models: tuple[Any, ...], endpoints: dict[str, Any]) -> Answers:
    return Answers(models, frozenset({SLUG}), datetime.date(2026, 5, 22), "an answer", endpoints)


def _apps(data: Any) -> None:
    answer = Answer("GET /datasets/app-rankings", data, "0" * 64, NOW)
    json.loads(apps_json(WEEK, WEEK.days, answer, Question("/datasets/app-rankings", {}), PLACE))


def _calls(read: Callable[[str, Path, Names, datetime.datetime], object], content: bytes) -> bool:
    try:
        return bool(read(content.decode("utf-8", "replace"), Path("file"), _names(), NOW))
    except PolicyError:
        return False


def _dumped(data: object) -> bytes:
    return json.dumps(data, indent=0).encode()


ENDPOINTS = {"data": {"endpoints": [ENDPOINT]}}
RANKING = Path(__file__).parents[2] / "generated/weeks/2026-W21/rankings.json"
TARGET = Target(
    {
        "import": Door(_import, (_dumped(week_answer()), CSV, ARTICLE)),
        "archive": Door(_archived, (RANKING.read_bytes(),)),
        "lock": Door(partial(_answered, _lock), (_dumped({"data": [MODEL]}),)),
        "prices": Door(
            partial(_answered, _prices),
            (_dumped({"models": {"data": [MODEL]}, "zdr": {"data": [ENDPOINT]}, "endpoints": ENDPOINTS}),),
        ),
        "apps": Door(
            partial(_answered, _apps),
            (_dumped({"data": [APP], "meta": {"as_of": "2026-05-25T00:10:38Z", "version": "v1"}}),),
        ),
        "export": Door(partial(_calls, read_export), (EXPORT,)),
        "generations": Door(partial(_calls, read_generations), (json.dumps(GENERATION).encode(),)),
    }
)
