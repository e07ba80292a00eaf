"""Two machine plans by hand, for tests of targets that shall not depend on the policy language."""

from __future__ import annotations

from decimal import Decimal

from compiler.diagnostics import Place
from compiler.plan import (
    CapLine,
    GrayCeiling,
    Guard,
    GuardedRoute,
    Hop,
    Label,
    MachinePlan,
    MlxServer,
    Model,
    Permissions,
    Preferences,
    Route,
    Schedule,
    Step,
)

#: Text that breaks JSON, XML, Markdown, Jinja or Python when it is pasted instead of escaped.
HOSTILE = 'Zoë\'s "A&B" <b> ]]> {{ 7*7 }} {% raw %} \\ `rm` $HOME | # 🦉\nsecond line'

STRICT = Preferences(data_collection="deny", zdr=True, sort="price", require_parameters=True)
PRICED = Preferences(
    data_collection="deny",
    order=("anthropic",),
    allow_fallbacks=False,
    max_prompt_price=Decimal("5"),
    max_completion_price=Decimal("25"),
)
GRAY = Preferences(data_collection="allow")

FLASH = Model(
    "deepseek/deepseek-v4-flash", "DeepSeek: DeepSeek V4 Flash", 1048576, None, ("text",), True, True,
    Decimal("0.112"), Decimal("0.224"), Decimal("0.022"),
)  # fmt: skip
OPUS = Model(
    "anthropic/claude-opus-4.7", "Anthropic: Claude Opus 4.7", 1000000, 128000, ("text", "image", "file"), True, True,
    Decimal("5"), Decimal("25"), Decimal("0.5"), Decimal("6.25"),
)  # fmt: skip
GEMINI = Model(
    "google/gemini-3-flash-preview", "Google: Gemini 3 Flash Preview", 1048576, 65536,
    ("text", "image", "file", "audio", "video"), True, True, Decimal("0.5"), Decimal("3"), Decimal("0.05"),
)  # fmt: skip
OWL = Model("openrouter/owl-alpha", "Owl Alpha", 1048756, None, ("text",), True, False, Decimal(0), Decimal(0))
BIG_MLX = Model("mlx/mlx-community/Qwen3-30B-A3B-4bit", "Qwen3-30B-A3B-4bit", 40960, None, ("text",), True, True)
SMALL_MLX = Model("mlx/mlx-community/Qwen3-4B-4bit", "Qwen3-4B-4bit", 40960, None, ("text",), True, True)


def place(file: str, line: int) -> Place:
    """A place in a policy file."""
    return Place(f"policies/{file}", line, 3)


def hop(model: str, key: str, preferences: Preferences = Preferences(), line: int = 4) -> Hop:
    """A candidate of a route, put there by tracks.yaml."""
    return Hop(model, key, preferences, place("tracks.yaml", line))  # type: ignore[arg-type]  # tests write plain words


def trace(file: str) -> tuple[Step, ...]:
    """A trace of two decisions."""
    return (
        Step("choose_models", "primary from the track", place("tracks.yaml", 4)),
        Step("attach_labels", "data", place(file, 7)),
    )


BATCH = Route(
    "batch", HOSTILE, "openclaw", "api", "token",
    (hop(FLASH.slug, "token", STRICT), hop(BIG_MLX.slug, "local")),
    slots=("system",), labels=("customer-data",), trace=trace("scenarios/batch.yaml"),
)  # fmt: skip
AUDIT = Route(
    "security-audit", "Security audit", "openclaw", "api", "dollar",
    (hop(OPUS.slug, "dollar", PRICED), hop(FLASH.slug, "token", STRICT)),
    labels=("source-code",), ticket=r"^(SEC|ARCH)-\d+$", trace=trace("scenarios/security-audit.yaml"),
)  # fmt: skip
DOCS = Route(
    "multimodal-docs", "Documents with pictures", "openclaw", "api", "token",
    (hop(GEMINI.slug, "token", STRICT),), slots=("image", "pdf"), trace=trace("scenarios/multimodal-docs.yaml"),
)  # fmt: skip
TRIALS = Route(
    "gray-trials", "Gray pool trials", "openclaw", "api", "gray",
    (hop(OWL.slug, "gray", GRAY),), trace=trace("scenarios/gray-trials.yaml"),
)  # fmt: skip
NOTES = Route(
    "compaction", "Compaction of long sessions", "openclaw", "remote", "token",
    (hop(BIG_MLX.slug, "local"),), slots=("compaction",), labels=("customer-data",),
    trace=trace("scenarios/compaction.yaml"),
)  # fmt: skip
DRAFTS = Route(
    "local-drafts", "Drafts on the Mac itself", "openclaw", "local", "token",
    (hop(SMALL_MLX.slug, "local"),), labels=("customer-data",), trace=trace("scenarios/local-drafts.yaml"),
)  # fmt: skip
ASSIST = Route(
    "ide-assist", HOSTILE, "cursor", "api", "token",
    (hop(FLASH.slug, "token", STRICT), hop(GEMINI.slug, "token", STRICT)),
    slots=("composer", "cmd-k"), alias="vane-ide-assist", labels=("source-code", "customer-data"),
    permissions=Permissions(("git status", "git diff"), ("docs:search",)), trace=trace("scenarios/ide-assist.yaml"),
)  # fmt: skip
REVIEW = Route(
    "design-review", "Design review", "cursor", "api", "dollar",
    (hop(OPUS.slug, "dollar", PRICED),), slots=("plan-execution",), alias="vane-design-review",
    labels=("source-code",), ticket=r"^(SEC|ARCH)-\d+$", trace=trace("scenarios/design-review.yaml"),
)  # fmt: skip

LABELS = (
    Label(
        "customer-data", "Customer data", ("github.com/acme/crm", "github.com/acme/support-*"),
        ("**/customers/**", "**/fixtures/prod/**"), place("sensitive-data.yaml", 5), ("contract with customers",),
    ),
    Label("source-code", "Our source code", ("github.com/acme/*",), (), place("sensitive-data.yaml", 9)),
    Label(
        "credentials", "Keys", (), ("**/.env", "**/*.pem"), place("sensitive-data.yaml", 12),
        detectors=("api-keys", "private-keys"), patterns=("ACME-[0-9]{8}",), when_denied="block",
    ),
)  # fmt: skip

_EVERY = ("credentials", "customer-data", "source-code")
_KEPT = ("credentials", "customer-data")
_FLASH_HOP = hop(FLASH.slug, "token", STRICT)
GUARD = Guard(
    (
        GuardedRoute(
            "security-audit", (_KEPT, ()), (hop(BIG_MLX.slug, "local"),), ((),), past_cap=(_FLASH_HOP,),
            cap="dollar-monthly", is_incident=True,
        ),
        GuardedRoute("batch", ((), ())),
        GuardedRoute("multimodal-docs", ((),), (hop(BIG_MLX.slug, "local"),), ((),)),
        GuardedRoute("compaction", ((),)),
        GuardedRoute("gray-trials", (_EVERY,), (_FLASH_HOP,), ((),), past_share=(_FLASH_HOP,)),
        GuardedRoute("local-drafts", ((),)),
    ),
    GrayCeiling(Decimal("0.10"), 7),
    (CapLine("dollar-monthly", "dollar", Decimal(800), "monthly", 80),),
)  # fmt: skip


def gateway_plan() -> MachinePlan:
    """The always-on remote Mac: gateway, MLX server, weekly harness."""
    return MachinePlan(
        tier="remote", always_on=True, roles=("gateway", "harness", "mlx"), prefix="/opt/weathervane", user="vane",
        gateway=None, mlx=MlxServer(BIG_MLX.slug, 32768, 8080), routes=(AUDIT, BATCH, DOCS, NOTES, TRIALS),
        models=(BIG_MLX, FLASH, GEMINI, OPUS, OWL), labels=LABELS, harness=Schedule(1, 6, 17),
        guard=GUARD, places=(place("fleet.yaml", 3),),
    )  # fmt: skip


def laptop_plan() -> MachinePlan:
    """A person's laptop: client of the gateway, Cursor, a small MLX server."""
    return MachinePlan(
        tier="local", always_on=False, roles=("cursor", "mlx", "openclaw"), prefix="/opt/weathervane", user=None,
        gateway="https://studio.example.net", mlx=MlxServer(SMALL_MLX.slug, 16384, 8080),
        routes=(ASSIST, DRAFTS, REVIEW), models=(FLASH, GEMINI, OPUS, SMALL_MLX), labels=LABELS, harness=None,
        guard=Guard(GUARD.routes[-1:]), places=(place("fleet.yaml", 3),),
    )  # fmt: skip
