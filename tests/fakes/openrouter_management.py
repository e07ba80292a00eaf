"""OpenRouter's management API on 127.0.0.1: keys, guardrails, assignments and presets, after its OpenAPI 3.1.0
description of August 2026 (repository OpenRouterTeam/typescript-sdk, `.speakeasy/in.openapi.yaml`).

What tests lean on, and the description says: lists come in pages by offset; a key's secret is in the answer of the POST
that makes it and nowhere else; names are not unique; guardrails take slugs and answer canonical slugs, which free and
paid variants share; assigning replaces; a new preset version replaces the old one whole; only a management key may
come here, one for inference gets 403. Every error is `{"error": {"code": …, "message": …}}`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import simplejson

MANAGEMENT_KEY = f"sk-or-v1-{secrets.token_hex(32)}"
INFERENCE_KEY = f"sk-or-v1-{secrets.token_hex(32)}"
NOW = "2026-05-22T23:59:59Z"
WORKSPACE = "0df9e665-d932-5740-b2c7-b52af166bc11"
CANONICAL = {
    "deepseek/deepseek-v4-flash": "deepseek/deepseek-v4-flash-20260423",
    "deepseek/deepseek-v4-flash:free": "deepseek/deepseek-v4-flash-20260423",
    "google/gemini-3-flash-preview": "google/gemini-3-flash-preview-20251217",
    "google/gemini-3.1-flash-lite": "google/gemini-3.1-flash-lite-20260507",
    "minimax/minimax-m2.7": "minimax/minimax-m2.7-20260318",
    "tencent/hy3-preview": "tencent/hy3-preview-20260421",
    "anthropic/claude-opus-4.7": "anthropic/claude-4.7-opus-20260416",
    "openrouter/owl-alpha": "openrouter/owl-alpha",
}
_SWITCHES = (
    "enforce_zdr", "enforce_zdr_anthropic", "enforce_zdr_openai", "enforce_zdr_google", "enforce_zdr_xai",
    "enforce_zdr_other", "enable_free_model_training", "enable_free_model_publication", "enable_paid_model_training",
)  # fmt: skip
_USAGE = ("usage", "usage_daily", "usage_weekly", "usage_monthly")
_LISTS = ("allowed_models", "ignored_models")
_IN_PRESETS = ("model", "models", "provider", "temperature", "plugins", "max_tokens", "route")
_PERIODS = (None, "daily", "weekly", "monthly")


class _Error(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


@dataclass
class Fault:
    """Something that goes wrong at a call, some times; `is_done` says whether the call is carried out all the same."""

    method: str
    path: str
    #: None: the line is cut before any answer
    status: int | None
    message: str = "Internal Server Error"
    times: int = 1
    is_done: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    #: what is answered instead of an error
    body: bytes | None = None


@dataclass
class Management:
    """What the account holds, and what it was asked."""

    page: int = 100
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    guardrails: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: key hash → guardrail id
    assigned: dict[str, str] = field(default_factory=dict)
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: method, path with query, body
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: every secret that was ever told
    told: list[str] = field(default_factory=list)
    #: called after each change: others work on the account too
    after_change: Callable[[], None] = lambda: None
    address: str = ""

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Method and path of every call that was no question."""
        return [(method, path) for method, path, _ in self.asked if method != "GET"]

    def key(self, name: str) -> dict[str, Any]:
        """The one key of that name."""
        (found,) = [key for key in self.keys.values() if key["name"] == name]
        return found

    def guardrail(self, name: str) -> dict[str, Any]:
        """The one guardrail of that name."""
        (found,) = [guardrail for guardrail in self.guardrails.values() if guardrail["name"] == name]
        return found

    def add_key(self, name: str, **values: Any) -> tuple[str, str]:
        """Hash and secret of a new key."""
        secret = f"sk-or-v1-{secrets.token_hex(32)}"
        hash = hashlib.sha256(secret.encode()).hexdigest()
        numbers = dict.fromkeys((*_USAGE, *(f"byok_{name}" for name in _USAGE)), 0)
        self.keys[hash] = {
            "hash": hash, "name": name, "label": f"{secret[:12]}...{secret[-3:]}", "disabled": False, "limit": None,
            "limit_remaining": None, "limit_reset": None, "include_byok_in_limit": False, "expires_at": None,
            "created_at": NOW, "updated_at": None, "creator_user_id": None, "workspace_id": WORKSPACE,
            **numbers, **values,
        }  # fmt: skip
        return hash, secret

    def add_guardrail(self, name: str, **values: Any) -> str:
        """Id of a new guardrail."""
        id = str(uuid.uuid4())
        self.guardrails[id] = {
            "id": id, "name": name, "description": None, "limit_usd": None, "reset_interval": None,
            "allowed_models": None, "ignored_models": None, "allowed_providers": None, "ignored_providers": None,
            "include_byok_in_budgets": False, "created_at": NOW, "updated_at": None, "workspace_id": WORKSPACE,
            **dict.fromkeys(_SWITCHES), **values,
        }  # fmt: skip
        return id

    def add_preset(self, slug: str, system_prompt: str | None = None, **config: Any) -> dict[str, Any]:
        """A preset, or its next version."""
        old = self.presets.get(slug)
        number = old["designated_version"]["version"] + 1 if old else 1
        preset_id, version_id = old["id"] if old else str(uuid.uuid4()), str(uuid.uuid4())
        version = {
            "id": version_id, "preset_id": preset_id, "creator_id": "user_1", "version": number, "config": config,
            "system_prompt": system_prompt, "created_at": NOW, "updated_at": NOW,
        }  # fmt: skip
        self.presets[slug] = {
            "id": preset_id, "slug": slug, "name": slug, "description": None, "status": "active",
            "status_updated_at": None, "creator_user_id": None, "workspace_id": WORKSPACE, "created_at": NOW,
            "updated_at": NOW, "designated_version_id": version_id, "designated_version": version,
        }  # fmt: skip
        return self.presets[slug]

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Status and JSON of one call."""
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/api/v1")
        for wanted, pattern, way in ROUTES:
            if method == wanted and (match := re.fullmatch(pattern, path)):
                return way(self, query, body, *(unquote(part) for part in match.groups()))
        raise _Error(404, "Not Found")

    def paged(self, found: list[Any], query: Mapping[str, str], *, total: bool = True) -> tuple[int, Any]:
        offset = int(query.get("offset", 0))
        most = min(int(query.get("limit", 50)), self.page) if total else self.page
        rest: dict[str, Any] = {"total_count": len(found)} if total else {}
        return 200, {"data": found[offset : offset + most], **rest}

    # ---- keys

    def list_keys(self, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        all_too = query.get("include_disabled") == "true"
        found = [key for key in self.keys.values() if all_too or not key["disabled"]]
        return self.paged(found, query, total=False)

    def create_key(self, _: Any, body: Any) -> tuple[int, Any]:
        if not isinstance(body.get("name"), str) or not body["name"]:
            raise _Error(400, "name is required")
        hash, secret = self.add_key(body["name"], **_key_values(body))
        self.told.append(secret)
        return 201, {"data": self.keys[hash], "key": secret}

    def update_key(self, _: Any, body: Any, hash: str) -> tuple[int, Any]:
        if hash not in self.keys:
            raise _Error(404, "API key not found")
        self.keys[hash].update(_key_values(body), updated_at=NOW)
        return 200, {"data": self.keys[hash]}

    def delete_key(self, _: Any, __: Any, hash: str) -> tuple[int, Any]:
        if self.keys.pop(hash, None) is None:
            raise _Error(404, "API key not found")
        self.assigned.pop(hash, None)
        return 200, {"deleted": True}

    # ---- guardrails

    def list_guardrails(self, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        return self.paged(list(self.guardrails.values()), query)

    def create_guardrail(self, _: Any, body: Any) -> tuple[int, Any]:
        if not isinstance(body.get("name"), str) or not body["name"]:
            raise _Error(400, "name is required")
        id = self.add_guardrail(**{"name": body["name"], **_guardrail_values(body)})
        return 201, {"data": self.guardrails[id]}

    def update_guardrail(self, _: Any, body: Any, id: str) -> tuple[int, Any]:
        if id not in self.guardrails:
            raise _Error(404, "Guardrail not found")
        self.guardrails[id].update(_guardrail_values(body), updated_at=NOW)
        return 200, {"data": self.guardrails[id]}

    def delete_guardrail(self, _: Any, __: Any, id: str) -> tuple[int, Any]:
        if self.guardrails.pop(id, None) is None:
            raise _Error(404, "Guardrail not found")
        self.assigned = {hash: other for hash, other in self.assigned.items() if other != id}
        return 200, {"deleted": True}

    def list_assignments(self, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        found = [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_OID, hash)), "guardrail_id": id, "key_hash": hash,
                "key_name": self.keys[hash]["name"], "key_label": self.keys[hash]["label"],
                "assigned_by": None, "created_at": NOW,
            }
            for hash, id in self.assigned.items()
        ]  # fmt: skip
        return self.paged(found, query)

    def assign(self, _: Any, body: Any, id: str) -> tuple[int, Any]:
        hashes = body.get("key_hashes") or []
        if id not in self.guardrails or not hashes:
            raise _Error(404 if hashes else 400, "Guardrail not found" if hashes else "key_hashes is required")
        known = [hash for hash in hashes if hash in self.keys]
        self.assigned.update(dict.fromkeys(known, id))
        return 200, {"assigned_count": len(known)}

    # ---- presets

    def get_preset(self, _: Any, __: Any, slug: str) -> tuple[int, Any]:
        if slug not in self.presets:
            raise _Error(404, "Preset not found")
        return 200, {"data": self.presets[slug]}

    def create_preset(self, _: Any, body: Any, slug: str) -> tuple[int, Any]:
        if not body.get("messages"):
            raise _Error(400, "messages is required")
        return 200, {"data": self.add_preset(slug, **{name: body[name] for name in _IN_PRESETS if name in body})}


_Way = Callable[..., tuple[int, Any]]
#: Every call: method, path, what does it.
ROUTES: tuple[tuple[str, str, _Way], ...] = (
    ("GET", "/keys", Management.list_keys),
    ("POST", "/keys", Management.create_key),
    ("PATCH", "/keys/([^/]+)", Management.update_key),
    ("DELETE", "/keys/([^/]+)", Management.delete_key),
    ("GET", "/guardrails", Management.list_guardrails),
    ("POST", "/guardrails", Management.create_guardrail),
    ("GET", "/guardrails/assignments/keys", Management.list_assignments),
    ("PATCH", "/guardrails/([^/]+)", Management.update_guardrail),
    ("DELETE", "/guardrails/([^/]+)", Management.delete_guardrail),
    ("POST", "/guardrails/([^/]+)/assignments/keys", Management.assign),
    ("GET", "/presets/([^/]+)", Management.get_preset),
    ("POST", "/presets/([^/]+)/chat/completions", Management.create_preset),
)


def _key_values(body: Mapping[str, Any]) -> dict[str, Any]:
    limit = body.get("limit")
    if limit is not None and (isinstance(limit, str) or limit < 0):
        raise _Error(400, "limit must be a number that is not negative")
    if body.get("limit_reset") not in _PERIODS:
        raise _Error(400, "limit_reset must be daily, weekly, monthly or null")
    names = ("limit", "limit_reset", "include_byok_in_limit", "disabled", "expires_at")
    return {name: body[name] for name in names if name in body}


def _guardrail_values(body: Mapping[str, Any]) -> dict[str, Any]:
    known = {*CANONICAL, *CANONICAL.values()}
    for name in _LISTS:
        unknown = [model for model in body.get(name) or () if model not in known]
        if unknown or body.get(name) == []:
            raise _Error(400, f"Invalid models: {', '.join(unknown)}" if unknown else f"{name} must not be empty")
    lists = {
        name: list(dict.fromkeys(CANONICAL.get(model, model) for model in body[name]))
        for name in _LISTS
        if body.get(name)
    }
    return {name: body[name] for name in _SWITCHES if name in body} | lists


def _handler(state: Management) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def do_PATCH(self) -> None:
            self._serve("PATCH")

        def do_DELETE(self) -> None:
            self._serve("DELETE")

        def _serve(self, method: str) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = simplejson.loads(content, use_decimal=True) if content else {}
            path = self.path.removeprefix("/api/v1")
            state.asked.append((method, path, body))
            fault = _fault(state, method, path)
            if fault and not fault.is_done:
                return self._say(fault.status, _message(fault.status, fault.message), fault)
            try:
                self._check_key()
                status, data = state.answer(method, self.path, body)
                if method != "GET":
                    state.after_change()
            except _Error as error:
                status, data = error.status, _message(error.status, error.message)
            if fault:
                return self._say(fault.status, _message(fault.status, fault.message), fault)
            return self._say(status, data)

        def _check_key(self) -> None:
            given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if given == INFERENCE_KEY:
                raise _Error(403, "Only management keys can perform this operation")
            if given != MANAGEMENT_KEY:
                raise _Error(401, "Invalid API key")

        def _say(self, status: int | None, data: Any, fault: Fault | None = None) -> None:
            if status is None:
                self.close_connection = True
                return
            body = simplejson.dumps(data, use_decimal=True).encode()
            if fault and fault.body is not None:
                body = fault.body
            self.send_response_only(status)
            for name, value in (fault.headers if fault else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: test output is for failures."""

    return Handler


def _message(status: int | None, message: str) -> Any:
    return {"error": {"code": status, "message": message}}


def _fault(state: Management, method: str, path: str) -> Fault | None:
    for fault in state.faults:
        if fault.times > 0 and fault.method == method and path.partition("?")[0] == fault.path:
            fault.times -= 1
            return fault
    return None


class Server:
    """The API as a context manager."""

    def __init__(self) -> None:
        self.state = Management()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.state))
        self._server.daemon_threads = False  # closing waits for them, so that no test leaves one behind
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.state.address = f"http://127.0.0.1:{self._server.server_address[1]}/api/v1"

    def __enter__(self) -> Management:
        self._thread.start()
        return self.state

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
