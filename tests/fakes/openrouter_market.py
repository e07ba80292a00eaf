"""OpenRouter's market on 127.0.0.1: both data sets, models, endpoints and zero retention, well or as a fault has it.

Modelled on OpenRouter's OpenAPI 3.1.0 description of August 2026 (OpenRouterTeam/typescript-sdk,
`.speakeasy/in.openapi.yaml`). What tests lean on, and the description says: the data sets want a key (401), hold
completed UTC days since 2025-01-01 and name fifty models a day and then `other`; `category` has weekly rows alone (400
with `period=day`) and no company (400 with `modality`); 30 requests a minute for a key (429 with Retry-After); a model
that is not served has no endpoints (404); errors are `{"error": {"code": …, "message": …}}`. The numbers are made up,
of the size of June 2026, and the same for the same day.
"""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.openrouter import saved

KEY = "sk-or-v1-89abcdef0123456789abcdef0123456789abcdef"
FLOOR = datetime.date(2025, 1, 1)
NOW = datetime.datetime(2026, 6, 15, 6, 17, 3, tzinfo=datetime.UTC)
RANKINGS, APPS = "/datasets/rankings-daily", "/datasets/app-rankings"
MODALITIES = ("text", "image", "image_output", "audio", "tool_calling")
CATEGORIES = (
    "programming", "roleplay", "marketing", "marketing/seo", "technology", "science", "translation", "legal",
    "finance", "health", "trivia", "academia",
)  # fmt: skip
#: The first of the ranking; made-up ones follow.
LEADERS = (
    "deepseek/deepseek-v4-flash-20260423", "tencent/hy3-preview-20260421", "anthropic/claude-4.7-opus-20260416",
    "openrouter/owl-alpha", "minimax/minimax-m2.7-20260318", "tencent/hy3-preview-20260421:free",
)  # fmt: skip
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class RefusedError(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


@dataclass
class Fault:
    """Something that goes wrong at questions whose path and query match, some times."""

    path: str = ""
    times: int = 1
    status: int = 200
    message: str = "Internal Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: changes the parsed answer before it is sent
    change: Callable[[Any], Any] | None = None
    #: sends this in its place
    body: bytes | None = None
    #: promises more bytes than it sends, and hangs up
    missing: int = 0
    #: seconds between pieces of a few bytes
    drip: float = 0
    #: bytes of padding inside the JSON
    padding: int = 0


@dataclass
class Market:
    """What the server knows, and what it was asked."""

    now: datetime.datetime = NOW
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    models: list[dict[str, Any]] = field(
        default_factory=lambda: [_model(m) for m in saved("models-2026-05-22.json")["data"]]
    )
    #: moments of the last minute's questions to the data sets, kept only where `is_limited`
    recent: list[float] = field(default_factory=list)
    is_limited: bool = False

    def answer(self, path: str, query: Mapping[str, str], key: str | None) -> Any:
        """A good answer. Raises RefusedError."""
        if path.startswith("/datasets/"):
            if key != KEY:
                raise RefusedError(401, "Missing Authentication header" if key is None else "User not found.")
            self._limit()
        if path == RANKINGS:
            return self._rankings(query)
        if path == APPS:
            return self._apps(query)
        if path == "/models":
            return {"data": self.models, "links": {"next": None}, "total_count": len(self.models)}
        if path == "/endpoints/zdr":
            return {"data": [endpoints(model)[0] for model in self.models if "owl" not in model["id"]]}
        if found := re.fullmatch(r"/models/([^/]+/[^/]+)/endpoints", path):
            return {"data": self._endpoints(found.group(1))}
        raise RefusedError(404, "Not Found")

    def _limit(self) -> None:
        at = time.monotonic()
        self.recent = [moment for moment in self.recent if at - moment < 60]
        if self.is_limited and len(self.recent) >= 30:
            raise RefusedError(429, "Rate limit exceeded")
        self.recent.append(at)

    def _endpoints(self, slug: str) -> Any:
        for model in self.models:
            if model["id"] == slug:
                keys = ("id", "name", "created", "description", "architecture")
                return {**{key: model[key] for key in keys}, "endpoints": endpoints(model)}
        raise RefusedError(404, f"Model {slug} not found")

    def _window(self, query: Mapping[str, str]) -> tuple[datetime.date, datetime.date]:
        yesterday = self.now.date() - datetime.timedelta(days=1)
        for name in ("start_date", "end_date"):
            if name in query and not re.fullmatch(_DAY, query[name]):
                raise RefusedError(400, f"{name}: Invalid date")
        end = datetime.date.fromisoformat(query.get("end_date", str(yesterday)))
        start = datetime.date.fromisoformat(query.get("start_date", str(end - datetime.timedelta(days=30))))
        if end < FLOOR or start > end:
            raise RefusedError(400, "end_date must be on or after 2025-01-01 and start_date")
        return max(start, FLOOR), end

    def _meta(self, start: datetime.date, end: datetime.date) -> dict[str, str]:
        as_of = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"as_of": as_of, "version": "v1", "start_date": str(start), "end_date": str(end)}

    def _rankings(self, query: Mapping[str, str]) -> Any:
        start, end = self._window(query)
        category, modality = query.get("category"), query.get("modality")
        period = query.get("period", "week" if category else "day")
        if category and (period == "day" or modality or category not in CATEGORIES):
            raise RefusedError(400, "category is aggregated weekly, and cannot be combined")
        if period not in ("day", "week", "month") or (modality and modality not in MODALITIES):
            raise RefusedError(400, "Invalid enum value")
        days = [start + datetime.timedelta(days=n) for n in range((end - start).days + 1)]
        days = [day for day in days if day < self.now.date()]
        if period == "day":
            rows = [row for day in days for row in ranked(str(day), tokens_of(day, modality))]
        else:
            weeks = {day - datetime.timedelta(days=day.weekday()) for day in days}
            rows = [row for week in sorted(weeks) for row in ranked(str(week), _week_of(week, category))]
        return {"data": rows, "meta": self._meta(start, end)}

    def _apps(self, query: Mapping[str, str]) -> Any:
        start, end = self._window(query)
        limit, offset = int(query.get("limit", 50)), int(query.get("offset", 0))
        if not (1 <= limit <= 100 and 0 <= offset <= 100):
            raise RefusedError(400, "limit: Number must be between 1 and 100")
        apps = [
            {"rank": n, "app_id": 1000 + n, "app_name": f"App {n} <b>&", "total_requests": 10**6 - n,
             "total_tokens": str(10**12 - n * 7_000_003)}
            for n in range(offset + 1, offset + limit + 1)
        ]  # fmt: skip
        return {"data": apps, "meta": self._meta(start, end)}


def tokens_of(day: datetime.date, modality: str | None = None) -> dict[str, int]:
    """Every model's tokens on a day, or the part of them that a modality has."""
    names = [*LEADERS, *(f"acme/model-{n}-2026{n:04d}" for n in range(60))]
    share = 100 if modality is None else 30 + len(modality)
    return {name: _count(n, name, day) * share // 100 for n, name in enumerate(names)}


def _count(number: int, name: str, day: datetime.date) -> int:
    noise = int(hashlib.sha256(f"{name} {day}".encode()).hexdigest()[:8], 16)
    return 900_000_000_000 // (number + 1) + noise % 1_000_000_000 + 17


def _week_of(monday: datetime.date, category: str | None) -> dict[str, int]:
    days = [monday + datetime.timedelta(days=n) for n in range(7)]
    parts = [tokens_of(day) for day in days]
    share = 11 if category is None else 3 + len(category)
    return {name: sum(part[name] for part in parts) * share // 1000 * 10 for name in parts[0]}


def ranked(date: str, tokens: Mapping[str, int]) -> list[dict[str, str]]:
    """A day's rows: fifty models, and the rest as `other`."""
    order = sorted(tokens, key=lambda name: (-tokens[name], name))
    rows = [*((name, tokens[name]) for name in order[:50]), ("other", sum(tokens[name] for name in order[50:]))]
    return [{"date": date, "model_permaslug": name, "total_tokens": str(count)} for name, count in rows]


def endpoints(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Two providers of a model: one at its list price, a dearer one before it."""
    dear = {**model["pricing"], "prompt": "0.000009"}
    return [_endpoint(model, "DeepInfra", "deepinfra/fp8", model["pricing"]), _endpoint(model, "Azure", "azure", dear)]


def _endpoint(model: Mapping[str, Any], provider: str, tag: str, pricing: Any) -> dict[str, Any]:
    return {
        "name": f"{provider} | {model['canonical_slug']}",
        "model_id": model["id"],
        "model_name": model["name"],
        "context_length": model["context_length"] or 0,
        "pricing": pricing,
        "provider_name": provider,
        "tag": tag,
        "quantization": "fp8",
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "supported_parameters": model["supported_parameters"],
        "status": 0,
        "uptime_last_30m": 99.9,
        "uptime_last_5m": 100,
        "uptime_last_1d": 99.9,
        "supports_implicit_caching": False,
        "latency_last_30m": None,
        "throughput_last_30m": None,
    }


def _model(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A saved model with what the description also requires; it has clock numbers where a saved one may have text."""
    facts = copy.deepcopy(dict(facts))
    for override in facts["pricing"].get("overrides", ()):
        override |= {key: int(override[key]) for key in ("utc_start", "utc_end") if key in override}
    rest = {"default_parameters": None, "description": "", "per_request_limits": None, "supported_voices": None}
    links = {"details": f"/api/v1/models/{facts['canonical_slug']}/endpoints"}
    return {"created": 1777000666, **rest, "links": links, **facts}


class Server:
    """The market behind HTTP; a context manager that gives the market, with `api` as its base URL."""

    def __init__(self, market: Market | None = None) -> None:
        self.market = market or Market()
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # closing waits for them, so that no test leaves one behind
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api(self) -> str:
        """Base URL, in the place of https://openrouter.ai/api/v1."""
        return f"{self.origin}/api/v1"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _fault(self, asked: str) -> Fault:
        for fault in self.market.faults:
            if fault.times and fault.path in asked:
                fault.times -= 1
                return fault
        return Fault()

    def _reply(self, asked: str, key: str | None) -> tuple[Fault, bytes]:
        fault = self._fault(asked)
        parts = urlsplit(asked)
        try:
            if fault.status != 200:
                raise RefusedError(fault.status, fault.message)
            data = self.market.answer(unquote(parts.path), dict(parse_qsl(parts.query)), key)
        except RefusedError as refused:
            fault.status = refused.status
            return fault, json.dumps({"error": {"code": refused.status, "message": refused.message}}).encode()
        if fault.change:
            data = fault.change(data)
        if fault.padding:
            data = {**data, "padding": "x" * fault.padding}
        return fault, fault.body if fault.body is not None else json.dumps(data).encode()

    def _pieces(self, fault: Fault, body: bytes) -> Iterator[bytes]:
        """The body, whole or in drops."""
        size = 7 if fault.drip else max(1, len(body))
        for start in range(0, len(body), size):
            yield body[start : start + size]
            if fault.drip and self._over.wait(fault.drip):
                return

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.path.removeprefix("/api/v1")
                fake.market.asked.append(asked)
                authorization = self.headers.get("Authorization")
                fault, body = fake._reply(asked, authorization and authorization.removeprefix("Bearer "))
                self.send_response_only(fault.status)
                self.send_header("Date", fake.market.now.strftime("%a, %d %b %Y %H:%M:%S GMT"))
                headers = {"Content-Type": "application/json", **fault.headers}
                if fault.status == 429 and "Retry-After" not in headers:
                    headers["Retry-After"] = "1"
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + fault.missing))
                self.end_headers()
                try:
                    for piece in fake._pieces(fault, body):
                        self.wfile.write(piece)
                except OSError:
                    return  # the client hung up: it had read enough

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: test output is for failures."""

        return Handler
