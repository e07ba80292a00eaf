"""A line of a guard's log → a row of the ledger. The format: docs/decisions/0028-a-guard-at-request-time.md.

A guard writes names, hashes and numbers, and never what people or models said. So each value is held to its form here:
what could be a sentence is refused, and does not get into the ledger.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from harness.answer_json import parsed
from harness.market.spend import amounts
from harness.market.spend.amounts import OddError
from harness.market.spend.findings import ODD_DAY, ODD_ROW
from harness.market.spend.importing import AHEAD, Names
from harness.market.spend.rows import NAMED, NO_KEY, Decision
from harness.market.spend.track_keys import PREFIX

VERSION = 1
MOST_BYTES = 1024
#: What a compile calls the provider entry of each track's key in openclaw.json.
_PROVIDERS: Mapping[str, str] = MappingProxyType(
    {"openrouter": "token", "openrouter-dollar": "dollar", "openrouter-gray": "gray"}
)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: A question mark stands for a name that a guard did not take for one.
_MODEL = re.compile(r"\?|[A-Za-z0-9@~][A-Za-z0-9@~._:/-]{0,199}")
_HASH = re.compile(r"[0-9a-f]{1,64}")
_TICKET = re.compile(r"[!-~]{1,100}")
_USD = re.compile(r"[0-9]{1,7}(\.[0-9]{1,24})?")
_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType({
    "id": re.compile(r"[0-9a-f]{32}"),
    "at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "machine": _NAME,
    "surface": re.compile(r"openclaw|cursor"),
    "agent_run": _HASH,
    "session": re.compile(r"[0-9a-f]{16}"),
    "wanted": _MODEL,
    "action": re.compile(r"allow|warn|reroute|block"),
})  # fmt: skip
#: Those that may be null.
_OPTIONAL: Mapping[str, re.Pattern[str]] = MappingProxyType({
    "scenario": _NAME,
    "ticket": _TICKET,
    "chosen": _MODEL,
    "reason": re.compile(r"share|cap|label|ticket|unreadable"),
    "cost_usd": _USD,
    "cost_from": re.compile(r"provider|prices"),
    "outcome": re.compile(r"ok|error"),
})  # fmt: skip
_COUNTS = (
    "prompt_tokens", "completion_tokens", "cache_read_tokens", "cache_write_tokens", "calls", "tool_calls",
    "tool_errors",
)  # fmt: skip
_KEYS = frozenset({"version", *_FORMS, *_OPTIONAL, "labels", *_COUNTS})


def is_cut_off(line: bytes) -> bool:
    """Whether the guard was killed, or the Mac lost power, while it wrote this line."""
    return not line.rstrip().endswith(b"}") or line.startswith(b"\0")


def read_line(line: bytes, names: Names, now: datetime.datetime) -> Decision:
    """The row. Raises OddError."""
    data = _object(line)
    at = _time(_text(data, "at", _FORMS["at"]), now)
    chosen = _optional(data, "chosen")
    track, slug = _model(chosen)
    model, permaslug = names.both(slug) if slug else ("", "")
    counts = {name: amounts.count(data, name) for name in _COUNTS}
    usd = amounts.optional_usd({"cost_usd": _optional(data, "cost_usd")}, "cost_usd")
    _hold_together(counts, usd, _optional(data, "cost_from"), chosen)
    return Decision(
        **{name: _text(data, name, _FORMS[name]) for name in _FORMS.keys() - {"at"}},
        at=at,
        day=at.date(),
        scenario=_optional(data, "scenario"),
        labels=_labels(data["labels"]),
        ticket=_optional(data, "ticket"),
        chosen=chosen,
        key=f"{NAMED}{PREFIX}{track}" if track else NO_KEY,
        model=model,
        permaslug=permaslug,
        reason=_optional(data, "reason"),
        usd=usd or Decimal(0),
        usd_from=_optional(data, "cost_from"),
        requests=counts["calls"],
        prompt_tokens=counts["prompt_tokens"],
        completion_tokens=counts["completion_tokens"],
        cached_tokens=counts["cache_read_tokens"],
        cache_write_tokens=counts["cache_write_tokens"],
        tool_calls=counts["tool_calls"],
        tool_errors=counts["tool_errors"],
        outcome=_optional(data, "outcome"),
    )


def _object(line: bytes) -> Mapping[str, Any]:
    if len(line) > MOST_BYTES:
        raise OddError(ODD_ROW, f"the line has {len(line)} bytes, more than {MOST_BYTES}")
    try:
        data = parsed(line)
    except (ValueError, RecursionError):
        raise OddError(ODD_ROW, "the line is no JSON object") from None
    if not isinstance(data, dict) or type(data.get("version")) is not int or data["version"] != VERSION:
        raise OddError(ODD_ROW, f"the line is no decision of a guard, version {VERSION}")
    if wrong := sorted(_KEYS ^ data.keys()):
        said = "lacks" if wrong[0] in _KEYS else "has, and should not have,"
        raise OddError(ODD_ROW, f"the line {said} {wrong[0]!a:.60}")
    return data


def _text(data: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = data[name]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise OddError(ODD_ROW, f"{name} is {value!a:.60}, which a guard does not write")
    return value


def _optional(data: Mapping[str, Any], name: str) -> str | None:
    return None if data[name] is None else _text(data, name, _OPTIONAL[name])


def _labels(value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(each, str) and _NAME.fullmatch(each) for each in value):
        raise OddError(ODD_ROW, f"labels is {value!a:.60}, not a list of labels")
    return " ".join(sorted({*value}))


def _time(text: str, now: datetime.datetime) -> datetime.datetime:
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise OddError(ODD_ROW, f"at is {text!a}, which is no time") from None
    if at > now + AHEAD:
        raise OddError(ODD_DAY, f"{text} is in the future; it is {now:%Y-%m-%d %H:%M} UTC")
    return at


def _model(chosen: str | None) -> tuple[str | None, str]:
    """The track whose key pays, and the slug, of a model as the surface names it."""
    provider, _, rest = (chosen or "").partition("/")
    track = _PROVIDERS.get(provider) if rest else None
    return track, rest if track else chosen or ""


def _hold_together(counts: Mapping[str, int], usd: Decimal | None, usd_from: str | None, chosen: str | None) -> None:
    if counts["tool_errors"] > counts["tool_calls"]:
        raise OddError(ODD_ROW, "more tool calls failed than there were")
    if counts["cache_read_tokens"] + counts["cache_write_tokens"] > counts["prompt_tokens"]:
        raise OddError(ODD_ROW, "caches gave and took more tokens than the prompt has")
    if (usd is None) != (usd_from is None):
        raise OddError(ODD_ROW, "cost_usd and cost_from go together")
    if chosen is None and (any(counts.values()) or usd):
        raise OddError(ODD_ROW, "no model was chosen, and tokens or money are counted")
