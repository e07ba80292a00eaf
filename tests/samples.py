"""A small, good policies folder: one of everything, and not a single finding. Tests change one file and look.

The lock is made up, so that each ability, price and expiry that a rule looks at has a model that is so and one that is
not: `acme/*` models exist nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from compiler import load
from compiler.compile import check
from compiler.diagnostics import Finding, PolicyError, ordered
from compiler.policy import FILES

TRACKS = """\
version: 1
token_track:
  primary: deepseek/deepseek-v4-flash
  fallbacks: [tencent/hy3-preview]
  provider: {sort: price, data_collection: deny}
dollar_track:
  primary: anthropic/claude-opus-4.7
  cap: dollar-monthly
  escalation: {ticket: '^(SEC|ARCH)-\\d+$'}
gray_pool:
  models: [openrouter/owl-alpha]
  max_share: 0.10
  rollback: {tool_error_rise_points: 2.0}
"""

CAPS = """\
version: 1
caps:
  dollar-monthly:
    limit_usd: 800
    period: monthly
    downgrade_to: token
    overrun: {percent: 15}
"""

SENSITIVE_DATA = """\
version: 1
labels:
  source-code:
    title: Our source code
    repos: ['github.com/acme/*']
  customer-data:
    title: Customer data
    paths: ['**/customers/**']
  personnel:
    title: Salaries and reviews
    paths: ['**/personnel/**']
blocks:
  - label: source-code
    deny: [free, gray]
    require: {data_collection: deny}
    reason: Free and stealth models may train on prompts.
  - label: customer-data
    deny: [free, gray]
    require: {zdr: true}
    reason: Contracts forbid providers that keep data.
  - label: personnel
    deny: [cloud]
    reason: Personnel data stays on our own Macs.
"""

FLEET = """\
version: 1
machines:
  studio:
    tier: remote
    hardware: Mac Studio
    chip: M4 Max
    memory_gb: 64
    roles: [gateway, mlx, harness]
    user: vane
    address: https://studio.acme.example
    mlx: {model: mlx/acme/Large-4bit, context_tokens: 32768}
  air-ana:
    tier: local
    hardware: MacBook Air
    chip: M3
    memory_gb: 16
    roles: [openclaw, cursor, mlx]
    owner: Ana
    gateway: studio
    mlx: {model: mlx/acme/Small-4bit, context_tokens: 32768}
"""

MARKET = """\
version: 1
watch: [minimax/minimax-m2.7]
moves: {top: 10, week_over_week_percent: 30}
prices: {change_percent: 10}
volume: {tokens_per_month: 1000000000, prompt_share: 0.80}
safe_change: {scenarios_rerouted_percent: 34, dollars_per_month: 200, machines_touched_percent: 50}
"""

ACCEPTANCE = """\
version: 1
schedule: {weekday: monday, hour: 6, minute: 17}
legs:
  - {leg: mlx, scenario: drafts}
  - {leg: openrouter, scenario: agents}
suite: {prompts: 50, repeats: 12}
promote: {tool_error_rise_points: 1.0, p95_latency_rise_percent: 10}
demote: {tool_error_rise_points: 2.0, p95_latency_rise_percent: 30}
"""

TESTS = """\
version: 1
tests:
  - name: agents run on the volume leader
    scenario: agents
    primary: deepseek/deepseek-v4-flash
  - name: no gray model sees customer data
    label: customer-data
    never: [openrouter/owl-alpha]
"""

AGENTS = """\
version: 1
scenario: agents
title: Agents on our repositories
surface: openclaw
tier: api
track: token
slots: [system]
data: [source-code]
needs: {tools: true, context_tokens: 128000}
expected_share: 0.55
"""

IDE = """\
version: 1
scenario: ide
title: Writing code in Cursor
surface: cursor
tier: api
track: token
slots: [composer, cmd-k]
alias: team-ide
data: [source-code, customer-data]
expected_share: 0.25
permissions: {terminal: [git status]}
"""

AUDIT = """\
version: 1
scenario: audit
title: Security audits, with a ticket
surface: openclaw
tier: api
track: dollar
data: [source-code]
needs: {tools: true, context_tokens: 200000}
expected_share: 0.10
"""

TRIALS = """\
version: 1
scenario: trials
title: Gray models on public data
surface: openclaw
tier: api
track: gray
expected_share: 0.10
"""

DRAFTS = """\
version: 1
scenario: drafts
title: Private notes on your own Mac
surface: openclaw
tier: local
track: token
route: {primary: mlx/acme/Small-4bit}
data: [personnel, customer-data]
needs: {tools: true, context_tokens: 32768}
"""

DESK = """\
version: 1
scenario: desk
title: Private work on the remote Mac
surface: openclaw
tier: remote
track: token
route: {primary: mlx/acme/Large-4bit}
slots: [compaction]
data: [personnel, customer-data, source-code]
needs: {tools: true}
"""


def _model(prompt: str = "0.0000001", completion: str = "0.0000002", **facts: Any) -> dict[str, Any]:
    return {
        "canonical_slug": "acme/some-model-20260101",
        "name": "Some model",
        "context_length": 262144,
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "supported_parameters": ["structured_outputs", "tools"],
        "pricing": {"prompt": prompt, "completion": completion},
        "zdr": True,
    } | facts


def _mlx(weight_bytes: int, kv_bytes_per_token: int, **facts: Any) -> dict[str, Any]:
    return {
        "parameters": weight_bytes * 2,
        "quantization_bits": 4,
        "weight_bytes": weight_bytes,
        "kv_bytes_per_token": kv_bytes_per_token,
        "context_length": 40960,
        "tools": True,
        "source": "made up for tests",
    } | facts


#: The day of the lock: the clock of the compiler.
AS_OF = "2026-05-22"
MODELS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "anthropic/claude-opus-4.7": _model("0.000005", "0.000025", context_length=1_000_000),
        "deepseek/deepseek-v4-flash": _model("0.000000112", "0.000000224", context_length=1_048_576),
        "minimax/minimax-m2.7": _model(context_length=204_800),
        "openrouter/owl-alpha": _model("0", "0"),
        "tencent/hy3-preview": _model(),
        "acme/gone": _model(expiration_date="2026-05-21"),
        "acme/gone-today": _model(expiration_date=AS_OF),
        "acme/gone-soon": _model(expiration_date="2026-06-21"),
        "acme/gone-later": _model(expiration_date="2026-06-22"),
        "acme/never-gone": _model(expiration_date="2098-12-31"),
        "acme/no-tools": _model(supported_parameters=["structured_outputs"]),
        "acme/no-structure": _model(supported_parameters=["response_format", "tools"]),
        "acme/short": _model(context_length=8192),
        "acme/sees": _model(input_modalities=["image", "text"]),
        "acme/keeps": _model(zdr=False),
        "acme/served": _model(providers=["deepinfra/fp4", "novita"]),
        "acme/unasked": _model(zdr=None),
        "acme/free": _model("0", "0"),
        "acme/small:free": _model("0", "0"),
        "openrouter/auto": _model("-1", "-1"),
    }
)
MLX_MODELS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "mlx/acme/Large-4bit": _mlx(17_180_913_664, 98_304),
        "mlx/acme/Small-4bit": _mlx(2_262_920_192, 147_456),
        "mlx/acme/Toolless-4bit": _mlx(2_262_920_192, 147_456, tools=False),
    }
)
#: Served by OpenRouter, not pinned.
UNPINNED = ("acme/unpinned", "x-ai/grok-4.20", "x-ai/grok-4.3")


def lock(**changes: Any) -> str:
    """models.lock.json; `changes` replace its top-level keys."""
    whole = {
        "version": 1,
        "as_of": AS_OF,
        "source": "made up for tests",
        "models": dict(MODELS),
        "mlx": dict(MLX_MODELS),
        "catalogue": sorted((*MODELS, *UNPINNED)),
    }
    return json.dumps(whole | changes, indent=2) + "\n"


#: The whole folder: path → text.
POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "tracks.yaml": TRACKS,
        "caps.yaml": CAPS,
        "sensitive-data.yaml": SENSITIVE_DATA,
        "fleet.yaml": FLEET,
        "market.yaml": MARKET,
        "acceptance.yaml": ACCEPTANCE,
        "tests.yaml": TESTS,
        "models.lock.json": lock(),
        "scenarios/agents.yaml": AGENTS,
        "scenarios/ide.yaml": IDE,
        "scenarios/audit.yaml": AUDIT,
        "scenarios/trials.yaml": TRIALS,
        "scenarios/drafts.yaml": DRAFTS,
        "scenarios/desk.yaml": DESK,
    }
)


def write_policies(project: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Path:
    """The folder `policies` below `project`: the good one with `changes` (path → content; None leaves a file out)."""
    folder = project / "policies"
    for path, content in {**POLICIES, **(changes or {})}.items():
        if content is not None:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return folder


def findings_in(policies: Path) -> tuple[Finding, ...]:
    """Everything that the compiler finds in a policies folder, whether it refuses the folder or not."""
    try:
        return ordered(check(load.load(policies, FILES))[2])
    except PolicyError as error:
        return error.findings


def changed(file: str, old: str, new: str) -> dict[str, str]:
    """A change for `write_policies`: the good file with one piece of text, which must be there once, replaced."""
    text = POLICIES[file]
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    return {file: text.replace(old, new)}
