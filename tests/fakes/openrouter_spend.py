"""OpenRouter's money on 127.0.0.1, in a time that the test moves: calls that cost, keys with limits, and the bill.

Modelled on OpenRouter's OpenAPI 3.1.0 description of August 2026 (OpenRouterTeam/typescript-sdk,
`.speakeasy/in.openapi.yaml`) and its pages on limits and errors. What tests lean on: `/activity` holds the last 30
completed UTC days, never today, filtered by `date` and `api_key_hash`, with money as JSON numbers; `/keys` comes in
pages of 100 and leaves disabled ones out unless asked; `/credits`, `/keys` and `/activity` answer 403 to a key for
inference; `/key` is the live counter of the key that asks, and resets at midnight UTC, weeks on Monday. Limits are
checked before a call: 403 `Key limit exceeded (monthly limit)`, 402 for an account without credits, and 402 for more
`max_tokens` than its credits can pay. A key with limit 0 still passes free models.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MANAGEMENT = "sk-or-v1-management0123456789abcdef0123456789abcdef"
NOW = datetime.datetime(2026, 5, 18, 6, 17, 3, tzinfo=datetime.UTC)
PAGE, DAYS = 100, 30
#: slug → permanent name, endpoint, provider, USD per prompt token, USD per completion token
MODELS: Mapping[str, tuple[str, str, str, Decimal, Decimal]] = {
    "deepseek/deepseek-v4-flash": (
        "deepseek/deepseek-v4-flash-20260423", "ep-flash", "DeepInfra", Decimal("0.000000112"), Decimal("0.000000224"),
    ),
    "tencent/hy3-preview": (
        "tencent/hy3-preview-20260421", "ep-hy3", "SiliconFlow", Decimal("0.000000066"), Decimal("0.00000026"),
    ),
    "google/gemini-3-flash-preview": (
        "google/gemini-3-flash-preview-20251217", "ep-gemini", "Google", Decimal("0.0000005"), Decimal("0.000003"),
    ),
    "anthropic/claude-opus-4.7": (
        "anthropic/claude-4.7-opus-20260416", "ep-opus", "Anthropic", Decimal("0.000005"), Decimal("0.000025"),
    ),
    "openrouter/owl-alpha": ("openrouter/owl-alpha", "ep-owl", "Stealth", Decimal(0), Decimal(0)),
}  # fmt: skip


@dataclass
class Key:
    """A key of the account, with its secret."""

    name: str
    secret: str
    limit: Decimal | None = None
    limit_reset: str | None = None
    disabled: bool = False

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


@dataclass
class Spent:
    """A call that was paid."""

    at: datetime.datetime
    key: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    usd: Decimal
    reasoning_tokens: int = 0
    byok_usd: Decimal = Decimal(0)
    endpoint: str = ""
    provider: str = ""


@dataclass
class Fault:
    """Something that goes wrong at questions for a path, some times."""

    path: str
    status: int = 500
    message: str = "Internal Server Error"
    times: int = 99
    body: bytes | None = None
    #: changes the answer before it is sent
    change: Callable[[Any], Any] | None = None


class RefusedError(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


@dataclass
class Account:
    """What the account holds and spent; the test turns its clock."""

    now: datetime.datetime = NOW
    credits: Decimal = Decimal(10_000)
    keys: list[Key] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: method and target of every call, in order
    asked: list[str] = field(default_factory=list)
    api: str = ""

    def add_key(self, name: str, limit: str | None = None, limit_reset: str | None = None) -> Key:
        """A new key."""
        key = Key(name, f"sk-or-v1-{name}-{len(self.keys):032d}", Decimal(limit) if limit else None, limit_reset)
        self.keys.append(key)
        return key

    def pass_days(self, days: int) -> None:
        """Time goes on."""
        self.now += datetime.timedelta(days=days)

    def spend(self, key: Key, model: str, prompt: int, completion: int, **other: Any) -> Spent:
        """Book a call without asking anybody, now or at `at`."""
        _, endpoint, provider, per_prompt, per_completion = MODELS[model]
        values = {"at": self.now, "usd": prompt * per_prompt + completion * per_completion, **other}
        made = Spent(key=key.hash, model=model, prompt_tokens=prompt, completion_tokens=completion,
                     **{"endpoint": endpoint, "provider": provider, **values})  # fmt: skip
        self.spent.append(made)
        return made

    def used(self, key: Key, since: datetime.datetime | None = None) -> Decimal:
        """What a key was charged."""
        return sum((s.usd for s in self.spent if s.key == key.hash and (since is None or s.at >= since)), Decimal(0))

    def midnight(self, period: str | None) -> datetime.datetime | None:
        """When a period began."""
        today = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        if period == "monthly":
            return today.replace(day=1)
        if period == "weekly":
            return today - datetime.timedelta(days=today.weekday())
        return today if period == "daily" else None

    def remaining(self, key: Key) -> Decimal | None:
        """What is left of a key's limit."""
        return (
            None if key.limit is None else max(Decimal(0), key.limit - self.used(key, self.midnight(key.limit_reset)))
        )

    # ---- answers

    def answer(self, method: str, path: str, query: Mapping[str, str], secret: str, body: Any) -> Any:
        asking = next((key for key in self.keys if key.secret == secret), None)
        if secret != MANAGEMENT and (asking is None or asking.disabled):
            raise RefusedError(401, "User not found." if secret else "Missing Authentication header")
        if (method, path) == ("GET", "/key"):
            return {"data": self._counter(asking)}
        if (method, path) == ("POST", "/chat/completions") and asking:
            return self._completion(asking, body)
        ways = {"/keys": self._keys, "/activity": self._activity, "/credits": self._credits}
        if method != "GET" or path not in ways:
            raise RefusedError(404, "Not Found")
        if asking:
            raise RefusedError(403, "Only management keys can perform this operation")
        return ways[path](query)

    def _keys(self, query: Mapping[str, str]) -> Any:
        offset = int(query.get("offset", 0))
        found = [key for key in self.keys if query.get("include_disabled") == "true" or not key.disabled]
        return {"data": [self._counter(k) | {"hash": k.hash, "name": k.name} for k in found[offset : offset + PAGE]]}

    def _credits(self, _: Mapping[str, str]) -> Any:
        used = sum((spent.usd for spent in self.spent), Decimal(0))
        return {"data": {"total_credits": float(self.credits), "total_usage": float(used)}}

    def _counter(self, key: Key | None) -> dict[str, Any]:
        periods = {"usage": None, "usage_daily": "daily", "usage_weekly": "weekly", "usage_monthly": "monthly"}
        usage = {name: float(self.used(key, self.midnight(period))) if key else 0 for name, period in periods.items()}
        left = self.remaining(key) if key else None
        return {
            "label": "sk-or-v1-0e6...1c96", "disabled": bool(key and key.disabled), "include_byok_in_limit": True,
            "limit": float(key.limit) if key and key.limit is not None else None,
            "limit_remaining": None if left is None else float(left),
            "limit_reset": key.limit_reset if key else None,
            "is_management_key": key is None, "is_provisioning_key": key is None, "is_free_tier": False,
            "creator_user_id": None, "expires_at": None,
            "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
            **usage, **{f"byok_{name}": 0 for name in usage},
        }  # fmt: skip

    def _activity(self, query: Mapping[str, str]) -> Any:
        today = self.now.date()
        first = today - datetime.timedelta(days=DAYS)
        if "date" in query and not str(first) <= query["date"] < str(today):
            raise RefusedError(400, "Date must be within the last 30 (completed) UTC days")
        if "api_key_hash" in query and query["api_key_hash"] not in {key.hash for key in self.keys}:
            raise RefusedError(404, "API key not found")
        rows: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        for spent in self.spent:
            day = spent.at.astimezone(datetime.UTC).date()
            is_asked = query.get("date", str(day)) == str(day) and query.get("api_key_hash", spent.key) == spent.key
            if not (first <= day < today and is_asked):
                continue
            row = rows.setdefault((str(day), spent.model, spent.endpoint, spent.provider), {
                "date": str(day), "model": spent.model, "model_permaslug": MODELS[spent.model][0],
                "endpoint_id": spent.endpoint, "provider_name": spent.provider, "usage": 0.0,
                "byok_usage_inference": 0.0, "requests": 0, "prompt_tokens": 0, "completion_tokens": 0,
                "reasoning_tokens": 0,
            })  # fmt: skip
            row["usage"] += float(spent.usd)
            row["byok_usage_inference"] += float(spent.byok_usd)
            row["requests"] += 1
            for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens"):
                row[name] += getattr(spent, name)
        return {"data": list(rows.values())}

    def _completion(self, key: Key, body: Any) -> Any:
        """Four letters of prompt are a token, and every answer is as long as `max_tokens` allows."""
        if body.get("model") not in MODELS:
            raise RefusedError(400, f"{body.get('model')} is not a valid model ID")
        model, most = body["model"], int(body.get("max_tokens", 16))
        permaslug, _, provider, per_prompt, per_completion = MODELS[model]
        prompt = sum(len(str(message["content"])) for message in body["messages"]) // 4
        is_paid = bool(per_prompt or per_completion)
        left = self.credits - sum((spent.usd for spent in self.spent), Decimal(0))
        if left < 0 or (is_paid and left == 0):
            raise RefusedError(402, "Insufficient credits. Add more using https://openrouter.ai/credits")
        if is_paid and (remaining := self.remaining(key)) is not None and remaining <= 0:
            said = f"{key.limit_reset} limit" if key.limit_reset else "total limit"
            raise RefusedError(403, f"Key limit exceeded ({said}). Manage it using https://openrouter.ai/settings/keys")
        if is_paid and prompt * per_prompt + most * per_completion > left:
            afford = int((left - prompt * per_prompt) / per_completion)
            said = f"You requested up to {most} tokens, but can only afford {max(afford, 0)}."
            raise RefusedError(402, f"This request requires more credits, or fewer max_tokens. {said}")
        spent = self.spend(key, model, prompt, most)
        return {
            "id": f"gen-{int(self.now.timestamp())}-{len(self.spent):020d}", "object": "chat.completion",
            "created": int(self.now.timestamp()), "model": permaslug, "provider": provider,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "done"}}],
            "usage": {
                "prompt_tokens": prompt, "completion_tokens": most, "total_tokens": prompt + most,
                "cost": float(spent.usd), "is_byok": False,
            },
        }  # fmt: skip


def _handler(account: Account) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve("GET", None)

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._serve("POST", json.loads(content))

        def _serve(self, method: str, body: Any) -> None:
            parts = urlsplit(self.path.removeprefix("/api/v1"))
            account.asked.append(f"{method} {parts.path}{'?' if parts.query else ''}{parts.query}")
            secret = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            fault = next((fault for fault in account.faults if fault.path == parts.path and fault.times > 0), None)
            if fault:
                fault.times -= 1
            try:
                if fault and not fault.change and fault.body is None:
                    raise RefusedError(fault.status, fault.message)
                said = account.answer(method, parts.path, dict(parse_qsl(parts.query)), secret, body)
                status, data = 200, fault.change(said) if fault and fault.change else said
            except RefusedError as error:
                status, data = error.status, {"error": {"code": error.status, "message": error.message}}
            content = fault.body if fault and fault.body is not None else json.dumps(data).encode()
            self.send_response_only(status)
            self.send_header("Date", format_datetime(account.now, usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: test output is for failures."""

    return Handler


class Server:
    """The API as a context manager."""

    def __init__(self) -> None:
        self.account = Account()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.account))
        self._server.daemon_threads = False  # closing waits for them, so that no test leaves one behind
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.account.api = f"http://127.0.0.1:{self._server.server_address[1]}/api/v1"

    def __enter__(self) -> Account:
        self._thread.start()
        return self.account

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
