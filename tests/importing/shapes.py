"""Ten openclaw.json files as people have them, made of the words of OpenClaw's schema, and what each agent reaches.

`expected` is written by hand: scenario of the imported policies → models. The models are those of `answer()`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FLASH, HY3, OPUS = "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "anthropic/claude-opus-4.7"
SONNET, GEMINI, MINIMAX = "anthropic/claude-sonnet-4.6", "google/gemini-3-flash-preview", "minimax/minimax-m2.7"
OWL, FREE, MLX = "openrouter/owl-alpha", "deepseek/deepseek-v4-flash:free", "mlx/mlx-community/Large-4bit"
#: slug → USD per token for prompt and completion
PRICES = {
    FLASH: ("0.000000112", "0.000000224"),
    FREE: ("0", "0"),
    HY3: ("0.000000066", "0.00000026"),
    OPUS: ("0.000005", "0.000025"),
    SONNET: ("0.000003", "0.000015"),
    GEMINI: ("0.0000005", "0.000003"),
    MINIMAX: ("0.000000279", "0.0000012"),
    OWL: ("0", "0"),
    "openrouter/auto": ("-1", "-1"),
}
KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"


def answer() -> dict[str, Any]:
    """A saved answer of GET /models."""
    return {"data": [_model(slug, *prices) for slug, prices in PRICES.items()]}


def _model(slug: str, prompt: str, completion: str) -> dict[str, Any]:
    return {
        "id": slug,
        "canonical_slug": slug,
        "name": slug,
        "context_length": 262144,
        "architecture": {"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]},
        "pricing": {"prompt": prompt, "completion": completion},
        "supported_parameters": ["tools"],
        "top_provider": {"max_completion_tokens": 32768},
    }


def lock_with_mlx() -> str:
    """A lock that holds nothing but the facts of the MLX model, as `vane lock --mlx` would have them."""
    facts = {
        "parameters": 30_000_000_000, "quantization_bits": 4, "weight_bytes": 17_180_913_664,
        "kv_bytes_per_token": 98_304, "context_length": 40960, "tools": True, "source": "made up for tests",
    }  # fmt: skip
    lock = {
        "version": 1,
        "as_of": "2026-05-22",
        "source": "made up",
        "models": {},
        "mlx": {MLX: facts},
        "catalogue": [],
    }
    return json.dumps(lock)


@dataclass(frozen=True)
class Shape:
    """A file, what its agents reach, texts that the policies must hold as comments, and findings that must be said."""

    name: str
    text: str
    expected: Mapping[str, frozenset[str]]
    comments: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def reach(**agents: str) -> dict[str, frozenset[str]]:
    """Models by scenario; the names write _ for -."""
    return {name.replace("_", "-"): frozenset(models.split()) for name, models in agents.items()}


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)


DEFAULTS_ONLY = Shape(
    "a single agent by defaults only",
    _json({
        "agents": {"defaults": {
            "workspace": "~/.openclaw/workspace",
            "model": {"primary": f"openrouter/{FLASH}", "fallbacks": [f"openrouter/{HY3}"]},
            "heartbeat": {"every": "30m"},
        }},
        "channels": {"telegram": {"botToken": "${TELEGRAM_TOKEN}", "dmPolicy": "pairing"}},
    }),
    reach(main=f"{FLASH} {HY3}"),
    ("# - channels: where messages come from is no route", "no modelPolicy.allow: any model could be chosen"),
    ("VN718",),
)  # fmt: skip

STRINGS = Shape(
    "several agents, models as plain strings, JSON5 with comments and trailing commas",
    f"""// the team's gateway
{{
  agents: {{
    ownership: 'explicit',
    defaults: {{ model: 'openrouter/{FLASH}', utilityModel: "openrouter/{HY3}", }},
    entries: {{
      main: {{ workspace: '~/w', skills: ['github'], }},
      writer: {{ model: "openrouter/{GEMINI}", /* pictures too */ sandbox: {{mode: 'all'}}, }},
      reviewer: {{ model: "openrouter/{MINIMAX}", utilityModel: "" }},
    }},
  }},
  cron: {{ enabled: true }},
}}
""",
    reach(main=f"{FLASH} {HY3}", writer=f"{GEMINI} {HY3}", reviewer=MINIMAX),
    ("# from agents.defaults.utilityModel", "# not carried over: skills", "# not carried over: sandbox", "# - cron:"),
)

ALIASES = Shape(
    "aliases, allow lists, sub-agents",
    _json({
        "agents": {
            "ownership": "explicit",
            "defaults": {
                "model": {"primary": "flash", "fallbacks": []},
                "models": {
                    f"openrouter/{FLASH}": {"alias": "flash"},
                    f"openrouter/{OPUS}": {"alias": "Opus", "params": {"provider": {"data_collection": "deny"}}},
                    f"openrouter/{HY3}": {"alias": "hy"},
                },
                "subagents": {"model": "hy"},
            },
            "entries": {
                "planner": {
                    "model": {"primary": "opus", "fallbacks": ["flash"]},
                    "modelPolicy": {"allow": ["opus", "flash", f"openrouter/{SONNET}"]},
                    "subagents": {"model": "flash", "allowAgents": ["coder"]},
                },
                "coder": {"modelPolicy": {"allow": ["openrouter/*", "flash"]}},
            },
        },
    }),
    reach(planner=f"{OPUS} {FLASH} {SONNET} {HY3}", coder=f"{FLASH} {HY3}"),
    ("modelPolicy.allow had openrouter/*", "short names", "# from agents.entries.planner.modelPolicy.allow[2]"),
)  # fmt: skip

LEGACY = Shape(
    "the list of earlier versions",
    _json({
        "agents": {
            "defaults": {"model": {"primary": f"openrouter/{SONNET}"}},
            "list": [
                {"id": "home", "default": True, "identity": {"name": "Home"}},
                {"id": "work", "model": {"primary": f"openrouter/{OPUS}", "fallbacks": [f"openrouter/{HY3}"]}},
            ],
        },
        "bindings": [{"agentId": "work", "match": {"channel": "slack"}}],
    }),
    reach(home=SONNET, work=f"{OPUS} {HY3}"),
    ("# - bindings:", "It is not on the dollar track"),
)  # fmt: skip

SERVERS = Shape(
    "servers besides OpenRouter: MLX, Ollama, LiteLLM, a foreign host, a vendor's own API",
    _json({
        "models": {"providers": {
            "openrouter": {"apiKey": KEY, "models": []},
            "mlx": {"baseUrl": "http://127.0.0.1:8081/v1", "api": "openai-completions",
                    "models": [{"id": "mlx-community/Large-4bit", "name": "Large", "contextWindow": 32768},
                               {"id": "mlx-community/Other-4bit", "name": "Other"}]},
            "ollama": {"baseUrl": "http://localhost:11434/v1", "apiKey": "ollama-local",
                       "models": [{"id": "llama3.3:70b", "name": "Llama"}]},
            "litellm": {"baseUrl": "http://127.0.0.1:4000", "models": [{"id": "anthropic/claude", "name": "Claude"}]},
            "corp": {"baseUrl": "https://user:pw@llm.corp.example/v1", "models": [{"id": "gpt", "name": "GPT"}]},
        }},
        "agents": {"ownership": "explicit", "entries": {
            "private": {"model": {"primary": "mlx/mlx-community/Large-4bit", "fallbacks": []}},
            "mixed": {"model": {"primary": "corp/gpt", "fallbacks": [
                f"openrouter/{FLASH}", "ollama/llama3.3:70b", "litellm/anthropic/claude",
                "mlx/mlx-community/Other-4bit",
                "anthropic/claude-opus-4-7", "openrouter/openrouter/auto"]}},
            "lost": {"model": "corp/gpt"},
        }},
    }),
    reach(private=MLX, mixed=f"{FLASH} {OPUS}"),
    ("llm.corp.example", "by something else than MLX", "now at OpenRouter", "none of its models could be carried over"),
    ("VN715", "VN716"),
)  # fmt: skip

SEATS = Shape(
    "pictures, documents, compaction and a heartbeat with a model of its own",
    _json({
        "agents": {
            "defaults": {
                "model": {"primary": f"openrouter/{FLASH}", "fallbacks": []},
                "imageModel": {"primary": f"openrouter/{GEMINI}", "fallbacks": [f"openrouter/{SONNET}"]},
                "pdfModel": {"primary": f"openrouter/{GEMINI}", "fallbacks": [f"openrouter/{SONNET}"]},
                "compaction": {"mode": "safeguard", "model": f"openrouter/{HY3}",
                               "memoryFlush": {"enabled": True, "model": f"openrouter/{HY3}"}},
                "heartbeat": {"every": "1h", "model": f"openrouter/{MINIMAX}"},
                "systemAgent": {"agentId": "ops"},
            },
            "entries": {"desk": {"default": True}, "ops": {"model": f"openrouter/{HY3}"}},
        },
    }),
    reach(
        desk=f"{FLASH} {GEMINI} {SONNET} {HY3} {MINIMAX}",
        ops=f"{HY3} {GEMINI} {SONNET} {MINIMAX} {FLASH}",
        image_seat=f"{GEMINI} {SONNET} {HY3}",
        compaction_seat=f"{HY3} {GEMINI} {SONNET}",
        heartbeat_seat=f"{MINIMAX} {HY3} {GEMINI} {SONNET}",
    ),
    ("slots: [image, pdf]", "slots: [compaction]", "slots: [heartbeat]", "slots: [system]"),
)  # fmt: skip

NAMES = Shape(
    "names that no file could have",
    _json({
        "agents": {"ownership": "explicit",
                   "defaults": {"model": f"openrouter/{FLASH}", "modelPolicy": {"allow": [f"openrouter/{FLASH}"]}},
                   "entries": {
            "Main Agent": {"name": 'Quote " and {{braces}} & ]]> and\n# a line'},
            "main-agent": {},
            "🦞": {"name": "\x1b[31mred\x1b[0m"},
            "ops.eu.west": {"model": {"primary": f"openrouter/{HY3}", "fallbacks": []}},
            "CON": {}, "2nd": {}, "No": {}, "null": {}, "x" * 90: {},
        }},
    }),
    reach(main_agent=FLASH, main_agent_2=FLASH, agent=FLASH, ops_eu_west=f"{HY3} {FLASH}", con_agent=FLASH,
          agent_2nd=FLASH, no=FLASH, null=FLASH,
          **{"x" * 56: FLASH}),
    ("It was called 'Main Agent' there.", "It was called 'ops.eu.west' there.", "It was called '🦞' there."),
)  # fmt: skip

ODD_NAMES = Shape(
    "names that OpenClaw takes and policies do not",
    _json({
        "agents": {"ownership": "explicit",
                   "defaults": {"model": f"openrouter/{FLASH}", "modelPolicy": {"allow": [f"openrouter/{FLASH}"]}},
                   "entries": {"Main_Agent": {}, "main-agent": {}, "2nd": {}, "CON": {}, "a": {"name": "{{ 7 * 7 }}"}}},
    }),
    reach(main_agent=FLASH, main_agent_2=FLASH, agent_2nd=FLASH, con_agent=FLASH, a=FLASH),
    ("It was called 'Main_Agent' there.", "It was called 'CON' there."),
)  # fmt: skip

TRACKS = Shape(
    "a key for each track, and free models",
    _json({
        "models": {"providers": {
            name: {"baseUrl": "https://openrouter.ai/api/v1", "api": "openai-completions",
                   "apiKey": {"source": "env", "provider": "default", "id": key},
                   "models": [{"id": slug, "name": slug}]}
            for name, key, slug in (("openrouter", "TOKEN_KEY", FLASH), ("openrouter-dollar", "DOLLAR_KEY", OPUS),
                                    ("openrouter-gray", "GRAY_KEY", OWL))
        }},
        "agents": {"ownership": "explicit", "entries": {
            "loops": {"model": {"primary": f"openrouter/{FLASH}", "fallbacks": []}},
            "audit": {"model": {"primary": f"openrouter-dollar/{OPUS}", "fallbacks": [f"openrouter/{FLASH}"]}},
            "trials": {"model": {"primary": f"openrouter-gray/{OWL}", "fallbacks": []}},
            "half": {"model": {"primary": f"openrouter/{HY3}", "fallbacks": [f"openrouter/{FREE}"]}},
            "strict": {"model": {"primary": f"openrouter/{HY3}", "fallbacks": [f"openrouter/{FREE}"]},
                       "params": {"provider": {"data_collection": "deny", "sort": "price", "quantizations": ["fp8"]}}},
        }},
    }),
    reach(loops=FLASH, audit=f"{OPUS} {FLASH}", trials=OWL, half=f"{HY3} {FREE}", strict=HY3),
    ("a guess: review it", "provider.quantizations is not carried over", "which provider.data_collection: deny"),
    ("VN715",),
)  # fmt: skip

PLACELESS = Shape(
    "models where no route can hold them",
    _json({
        "agents": {"ownership": "explicit",
                   "defaults": {"model": f"openrouter/{FLASH}", "voiceModel": f"openrouter/{HY3}",
                                "mediaModels": {"image": f"openrouter/{GEMINI}"}, "timeoutSeconds": 600},
                   "entries": {"one": {"memory": {"search": {"provider": "openai", "model": "embed"}}},
                               "two": {"tools": {"deny": ["exec"]}}}},
        "hooks": {"enabled": True, "token": "correct-horse-battery", "mappings": [{"model": f"openrouter/{OPUS}"}]},
        "channels": {"modelByChannel": {"slack": {"C1": f"openrouter/{SONNET}"}}},
        "tools": {"media": {"image": {"preferredModel": f"openrouter/{GEMINI}"}}, "agentToAgent": {"enabled": True}},
        "plugins": {"entries": {"x": {"config": {"summaryModel": f"openrouter/{HY3}"}}}},
    }),
    reach(one=FLASH, two=FLASH),
    ("# - agents.defaults.voiceModel:", "# - hooks.mappings[0].model:", "# - channels.modelByChannel.slack.C1:",
     "# - hooks.token: a credential in the file", "# - agents.defaults.timeoutSeconds:"),
    ("VN715", "VN716", "VN718"),
)  # fmt: skip


def _in_turn(number: int) -> str:
    return (FLASH, MINIMAX, SONNET)[number % 3]


HUGE = Shape(
    "three hundred agents",
    _json({
        "agents": {
            "ownership": "explicit",
            "defaults": {"model": {"primary": f"openrouter/{FLASH}", "fallbacks": [f"openrouter/{HY3}"]}},
            "entries": {
                f"agent-{n}": {"name": f"Agent {n}", "model": {"primary": f"openrouter/{_in_turn(n)}"}}
                for n in range(300)
            },
        },
        "bindings": [{"agentId": f"agent-{n}", "match": {"channel": "slack"}} for n in range(300)],
    }),
    {f"agent-{n}": frozenset({_in_turn(n), HY3}) for n in range(300)},
)  # fmt: skip

#: Files that the real OpenClaw takes: `make contract` asks it.
REAL = (DEFAULTS_ONLY, STRINGS, ALIASES, LEGACY, SERVERS, SEATS, ODD_NAMES, TRACKS, PLACELESS, HUGE)
SHAPES = (*REAL, NAMES)
