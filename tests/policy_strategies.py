"""Hypothesis strategies: hostile YAML, changes at any position of policies, and whole policy sets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from compiler.load import load
from compiler.policy import FILES

SHIPPED = Path(__file__).parents[1] / "policies"
Files = Mapping[str, Any]
Steps = tuple[str | int, ...]

#: Text that ends strings, tags, templates, lines or the screen's reading direction where it is pasted unescaped.
HOSTILE_TEXTS = (
    '"', "&", "]]>", "{{ 7*7 }}", "{% raw %}", "{#", "<b>&amp;", "'", "\\", "`rm`", "$HOME", "\n", "a\r\nb",
    "\t", "🦉👩‍👩‍👧", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffe",
    "../../etc/passwd", "/", "~", "a" * 5000, "[key]", "__root__", "*", "free\n", "cloud", "é", "İ", "%",
    "sk-or-v1-0123456789abcdef0123456789", "sk-learning", "xoxb-notes", "risk-assessment-of-contracts",
)  # fmt: skip
#: Scalars that only YAML can write: other types, other bases, tags, anchors, and escapes that JSON text cannot hold.
PLAIN_SCALARS = (
    "~", "yes", "on", "True", "0", "-0", "-1", "0800", "0x1F", "0o17", "1_000", "1e3", "1e400", ".inf", "-.inf",
    ".nan", "9" * 27, "9" * 60, "0." + "0" * 27 + "1", "1e99", "1e-99", "2026-05-22", "2026-02-30", "12:30:45",
    "<<", "=", "!!str x", "!!python/object:os.system x", "&a 1", "*a", '"\\ud800"', '"\\U0010ffff"', '"\\0"',
    '"\\x1b[2J"', "|", "? x", "- x",
)  # fmt: skip


def quoted(text: str) -> str:
    """Text as a double-quoted YAML scalar: what cannot stand in a file is escaped."""
    return json.dumps(text, ensure_ascii=any("\ud800" <= character <= "\udfff" for character in text))


def texts() -> st.SearchStrategy[str]:
    """Any text, mostly the kind that breaks something."""
    hostile = st.sampled_from(HOSTILE_TEXTS)
    return st.one_of(hostile, st.lists(hostile, max_size=3).map("".join), st.text(max_size=12))


def readable_texts() -> st.SearchStrategy[str]:
    """Text that policies accept, of pieces that break formats when they are pasted."""
    pieces = [text for text in HOSTILE_TEXTS if not _REFUSED.search(text)]
    return st.lists(st.sampled_from(pieces), min_size=1, max_size=4).map(" x ".join)


_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\ufffe\ufeff]|a{999}|sk-or")


def trees() -> st.SearchStrategy[str]:
    """Any tree of scalars, lists and maps, as YAML."""
    numbers = st.one_of(st.integers().map(str), st.decimals(allow_nan=False, allow_infinity=False).map(str))
    scalars = st.one_of(st.sampled_from(PLAIN_SCALARS), texts().map(quoted), numbers)
    return st.recursive(scalars, _containers, max_leaves=8)


def _containers(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(below, max_size=4).map(lambda items: f"[{', '.join(items)}]")
    return st.one_of(lists, st.lists(st.tuples(texts().map(quoted), below), max_size=4).map(_flow_map))


def _flow_map(pairs: Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"


class Change(NamedTuple):
    """What happens at a position: its value, its key or a new neighbour is written as the YAML in `text`."""

    file: str
    steps: Steps
    how: str
    text: str


def shipped() -> dict[str, Any]:
    """The shipped policies as plain data, with a catalogue short enough to load a thousand times."""
    # a value behind a YAML alias is one object in several places: here each place gets its own
    files = {name: _apart(document.data) for name, document in load(SHIPPED, FILES).files.items()}
    lock = files["models.lock.json"]
    files["models.lock.json"] = {
        **lock,
        "catalogue": sorted({*lock["models"], "openrouter/auto", "~openai/gpt-latest"}),
    }
    return files


def _apart(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _apart(value) for key, value in data.items()}
    return [_apart(value) for value in data] if isinstance(data, list) else data


def positions(data: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Every path to a value of a document, the document itself included."""
    yield steps
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in inner:
        yield from positions(value, (*steps, step))


def changes(files: Files) -> st.SearchStrategy[list[Change]]:
    """One to three changes at any positions; what is written may be taken from another position."""
    places = {file: list(positions(data)) for file, data in files.items()}
    pieces = [written(_at(data, steps)) for file, data in files.items() for steps in places[file] if len(steps) > 1]
    short = sorted({piece for piece in pieces if len(piece) < 300})
    return st.lists(
        st.sampled_from(sorted(files)).flatmap(
            lambda file: st.builds(
                Change,
                st.just(file),
                st.sampled_from(places[file]),
                st.sampled_from(("value", "value", "value", "key", "neighbour", "remove")),
                st.one_of(trees(), st.sampled_from(short)),
            )
        ),
        min_size=1,
        max_size=3,
    )


def _at(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def written(data: Any, changed: Sequence[Change] = (), steps: Steps = ()) -> str:
    """A document as YAML, one entry a line, with the changes made."""
    here = {change.how: change.text for change in changed if change.steps == steps}
    if "value" in here:
        return here["value"]
    entries = list(_entries(data, changed, steps))
    if isinstance(data, dict):
        return "{" + ",\n".join(entries) + "}"
    if isinstance(data, list):
        return "[" + ",\n".join(entries) + "]"
    return quoted(data) if isinstance(data, str) else _plain(data)


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _entries(data: Any, changed: Sequence[Change], steps: Steps) -> Iterator[str]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in inner:
        at = (*steps, step)
        here = {change.how: change.text for change in changed if change.steps == at}
        name = f"{here.get('key', quoted(str(step)))}: " if isinstance(data, dict) else ""
        if "remove" not in here:
            yield name + written(value, changed, at)
        if "neighbour" in here:
            yield here["neighbour"]


@dataclass(frozen=True)
class World:
    """A whole policy set as plain data, and what the test itself knows of it."""

    files: Files
    #: slug → whether its tokens cost nothing
    free: Mapping[str, bool]
    gray: frozenset[str] = field(default_factory=frozenset)


#: slug → (price per token, whether it sees pictures, zero retention)
PINNED: Mapping[str, tuple[str, bool, bool | None]] = {
    "acme/text": ("0.000001", False, True),
    "acme/sees": ("0.000002", True, None),
    "bolt/text": ("0.0000003", False, None),
    "bolt/sees": ("0.000004", True, True),
    "bolt/kept": ("0.0000005", False, False),
    "deepseek/deepseek-v4-flash:free": ("0", False, None),
    "gift/zero": ("0", True, None),
    "odd/paid:free": ("0.000001", False, None),
    "owl/alpha": ("0", False, None),
    "owl/stealth": ("0.000001", True, True),
}
PAID = ("acme/text", "acme/sees", "bolt/text", "bolt/sees")
RISKY = ("bolt/kept", "deepseek/deepseek-v4-flash:free", "gift/zero", "odd/paid:free")
GRAY = ("owl/alpha", "owl/stealth")
BIG, SMALL = "mlx/team/big", "mlx/team/small"
LABELS = ("customers", "credentials", "personnel")
DENIED = ("free", "gray", "cloud", "owl/*", "bolt/*", "acme/sees", "gift/zero", "deepseek/*", "mlx/*")


def lock() -> dict[str, Any]:
    """A lock of made-up models of every kind."""
    return {
        "version": 1, "as_of": "2026-05-22", "source": "made up", "catalogue": sorted(PINNED),
        "models": {slug: _locked(slug, *facts) for slug, facts in PINNED.items()},
        "mlx": {slug: _locked_mlx() for slug in (BIG, SMALL)},
    }  # fmt: skip


def _locked(slug: str, price: str, sees: bool, zdr: bool | None) -> dict[str, Any]:
    return {
        "canonical_slug": slug, "name": slug.title(), "context_length": 200_000, "max_completion_tokens": None,
        "input_modalities": ["file", "image", "text"] if sees else ["text"], "output_modalities": ["text"],
        "supported_parameters": ["tools"], "pricing": {"prompt": price, "completion": price}, "zdr": zdr,
    }  # fmt: skip


def _locked_mlx() -> dict[str, Any]:
    return {
        "parameters": 10**9, "quantization_bits": 4, "weight_bytes": 10**9, "kv_bytes_per_token": 1000,
        "context_length": 40960, "tools": True, "source": "made up",
    }  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A policy set of one to six scenarios on one to four machines, of which a good part compiles."""
    tracks = draw(_tracks())
    laptops = draw(st.lists(st.sampled_from(("cursor", "mlx", "both")), max_size=3))
    files: dict[str, Any] = {"models.lock.json": lock(), "tracks.yaml": tracks, "fleet.yaml": _fleet(laptops)}
    files["caps.yaml"] = {"version": 1, "caps": draw(_caps(tracks))}
    files["sensitive-data.yaml"] = draw(_sensitive())
    files |= draw(_scenarios(tracks, laptops))
    pool = frozenset(tracks["gray_pool"]["models"]) if "gray_pool" in tracks else frozenset()
    free = {slug: price == "0" or slug.endswith(":free") for slug, (price, _, _) in PINNED.items()}
    return World(files, free, pool)


def _models(rare: Sequence[str], most: int) -> st.SearchStrategy[list[str]]:
    one = st.one_of(*[st.sampled_from(PAID)] * 5, st.sampled_from(rare))
    return st.lists(one, min_size=1, max_size=most, unique=True)


def _preferences() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "zdr": st.booleans(),
            "data_collection": st.sampled_from(("allow", "deny")),
            "sort": st.sampled_from(("price", "latency")),
        },
    )


@st.composite
def _tracks(draw: st.DrawFn) -> dict[str, Any]:
    first, *rest = draw(_models(RISKY, 3))
    found: dict[str, Any] = {"version": 1, "token_track": {"primary": first, "fallbacks": rest}}
    if draw(st.booleans()):
        first, *rest = draw(_models(RISKY, 2))
        ticket = {"escalation": {"ticket": "^SEC-1$"}, "cap": "dollars"}
        found["dollar_track"] = {"primary": first, "fallbacks": rest, **ticket}
    if draw(st.booleans()):
        pool = draw(st.lists(st.sampled_from(GRAY), min_size=1, unique=True))
        found["gray_pool"] = {"models": pool, "max_share": 1, "rollback": {"tool_error_rise_points": 2}}
    for key in ("token_track", "dollar_track", "gray_pool"):
        if key in found and draw(st.booleans()):
            found[key]["provider"] = draw(_preferences())
    if draw(st.integers(0, 3)) == 0 and len(found) > 2:
        found["token_track"]["cap"] = "tokens"
    if "dollar_track" in found and "cap" not in found["token_track"] and draw(st.integers(0, 2)) == 0:
        to = draw(st.sampled_from(["token", *(["gray"] if "gray_pool" in found else [])]))
        kept = draw(st.sampled_from([[], ["incident"]]))
        found["dollar_track"]["downgraded"] = {"until": "2026-W23", "to": to, "except": kept, "reason": "over the cap"}
    return found


@st.composite
def _caps(draw: st.DrawFn, tracks: Files) -> dict[str, Any]:
    names = {track["cap"]: key for key, track in tracks.items() if isinstance(track, dict) and "cap" in track}
    caps = {}
    for cap, key in names.items():
        others = [
            name for name in ("token", "gray", "dollar") if f"{name}_{'pool' if name == 'gray' else 'track'}" in tracks
        ]
        to = draw(st.sampled_from([name for name in others if not key.startswith(name)]))
        caps[cap] = {"limit_usd": 10, "period": "monthly", "downgrade_to": to, "overrun": {"percent": 10}}
    return caps


@st.composite
def _sensitive(draw: st.DrawFn) -> dict[str, Any]:
    require = st.fixed_dictionaries({}, optional={"zdr": st.just(True), "data_collection": st.just("deny")})
    block = st.fixed_dictionaries(
        {
            "label": st.sampled_from(LABELS),
            "deny": st.lists(st.one_of(st.sampled_from(DENIED[:2]), st.sampled_from(DENIED)), max_size=2, unique=True),
            "require": require,
            "reason": st.just("because"),
        }
    )
    labels = {
        name: {"title": name, "paths": [f"**/{name}/**"], "repos": [f"github.com/acme/{name}"]} for name in LABELS
    }
    return {"version": 1, "labels": labels, "blocks": draw(st.lists(block, min_size=1, max_size=4))}


def _fleet(laptops: Sequence[str]) -> dict[str, Any]:
    studio = {
        "tier": "remote", "hardware": "Mac Studio", "chip": "M4", "memory_gb": 64, "roles": ["gateway", "mlx"],
        "user": "vane", "address": "https://studio.example", "mlx": {"model": BIG, "context_tokens": 1000},
    }  # fmt: skip
    roles = {"cursor": ["openclaw", "cursor"], "mlx": ["openclaw", "mlx"], "both": ["cursor", "openclaw", "mlx"]}
    machines: dict[str, Any] = {"studio": studio}
    for number, kind in enumerate(laptops):
        machines[f"air-{number}"] = {
            "tier": "local", "hardware": "MacBook Air", "chip": "M4", "memory_gb": 16, "roles": roles[kind],
            "gateway": "studio", **({} if kind == "cursor" else {"mlx": {"model": SMALL, "context_tokens": 1000}}),
        }  # fmt: skip
    return {"version": 1, "machines": machines}


@st.composite
def _scenarios(draw: st.DrawFn, tracks: Files, laptops: Sequence[str]) -> dict[str, Any]:
    seats = {"openclaw": ["system", "compaction", "image", "pdf", "heartbeat"], "cursor": ["composer", "cmd-k", "spec"]}
    kinds = ["api", *draw(st.lists(st.sampled_from(("api", "remote")), max_size=2))]
    # a Mac with Cursor needs a scenario for it, and a scenario a Mac that takes it up
    if "cursor" in laptops or "both" in laptops:
        kinds += ["cursor"] * draw(st.integers(1, 2))
    if ("mlx" in laptops or "both" in laptops) and draw(st.booleans()):
        kinds.append("local")
    return {
        f"scenarios/work-{number}.yaml": draw(_scenario(f"work-{number}", kind, tracks, seats))
        for number, kind in enumerate(kinds)
    }


@st.composite
def _scenario(draw: st.DrawFn, name: str, kind: str, tracks: Files, seats: dict[str, list[str]]) -> dict[str, Any]:
    surface = "cursor" if kind == "cursor" else "openclaw"
    names = [
        name
        for name, key in (("token", "token_track"), ("dollar", "dollar_track"), ("gray", "gray_pool"))
        if key in tracks
    ]
    found: dict[str, Any] = {
        "version": 1,
        "scenario": name,
        "title": name,
        "surface": surface,
        "track": draw(st.sampled_from(names)),
        "tier": "api" if kind == "cursor" else kind,
        "data": draw(st.lists(st.sampled_from(LABELS), max_size=2, unique=True)),
    }
    free = seats[surface]
    wanted = draw(st.integers(1 if surface == "cursor" else 0, 2))
    # the shared seats are the interesting ones: one OpenClaw scenario's model then serves all others
    found["slots"] = [free.pop(draw(st.integers(0, len(free) - 1))) for _ in range(min(wanted, len(free)))]
    if kind in ("local", "remote"):
        own = [BIG if kind == "remote" else SMALL]
        found["route"] = {"primary": own[0], "fallbacks": draw(st.lists(st.sampled_from(PAID), max_size=1))}
    elif found["track"] == "token" and draw(st.booleans()):
        first, *rest = draw(_models(RISKY, 3))
        found["route"] = {"primary": first, "fallbacks": rest}
    if draw(st.integers(0, 3)) == 0:
        found["provider"] = draw(_preferences())
    if draw(st.integers(0, 4)) == 0:
        found["incident"] = True
    return found


def write(folder: Path, files: Files, *, last_first: bool = False) -> Path:
    """A policy set on disk, each file one JSON document (JSON is YAML)."""
    for name in sorted(files, reverse=last_first):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(files[name]) + "\n", encoding="utf-8")
    return folder
