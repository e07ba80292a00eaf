"""A LiteLLM proxy's config.yaml → one scenario a model name, with its deployments and all of its fallbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from compiler.importing.found import Found, Left, Mlx, Wanted, Work
from compiler.importing.slugs import Catalogue, Settled, settle, settle_direct
from compiler.targets.openclaw.address import is_loopback, is_openrouter

_FALLBACK_KEYS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_SECTIONS = ("router_settings", "litellm_settings")
_CONTEXT_TOKENS = 32768
_MLX = "mlx-community/"


def read_litellm(root: Mapping[str, Any], catalogue: Catalogue) -> Found:
    """All model names of the proxy that lead to OpenRouter or to an MLX server."""
    groups = _groups(root)
    mlx = _mlx_server(groups)
    left: list[Left] = []
    own = {name: _deployments(name, rows, catalogue, mlx, left) for name, rows in groups.items() if "*" not in name}
    left += [
        Left(_key(name), "a pattern: any model could be asked for. Name the models") for name in groups.keys() - own
    ]
    fallbacks = _fallbacks(root)
    works = []
    for name in own:
        models: dict[str, Wanted] = {}
        for group in _closure(name, fallbacks):
            for wanted in own.get(group, ()):
                models.setdefault(wanted.slug, wanted)
        if models:
            remarks = _remarks(groups[name])
            works.append(Work(name, name, tuple(models.values()), _provider(groups[name]), remarks=remarks))
        else:
            left.append(Left(_key(name), "none of its models could be carried over", True))
    left += _without_place(root)
    before = {work.name: frozenset(work.slugs) for work in works}
    return Found("litellm", tuple(works), tuple(left), before, mlx)


def _groups(root: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    listed = root.get("model_list")
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, Mapping) and isinstance(row.get("model_name"), str):
            groups.setdefault(row["model_name"], []).append(row)
    return groups


def _key(name: str) -> str:
    return f"model_list[{name}]"


def _params(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found = row.get("litellm_params")
    return found if isinstance(found, Mapping) else {}


def _deployments(
    name: str, rows: list[Mapping[str, Any]], catalogue: Catalogue, mlx: Mlx | None, left: list[Left]
) -> tuple[Wanted, ...]:
    found: dict[str, Wanted] = {}
    for number, row in enumerate(rows):
        settled = _settled(_params(row), catalogue, mlx)
        key = f"{_key(name)}.litellm_params" + (f" ({number + 1} of {len(rows)})" if len(rows) > 1 else "")
        if settled.slug is None:
            left.append(Left(key, settled.said, True))
        else:
            found.setdefault(settled.slug, Wanted(settled.slug, key, settled.said))
    return tuple(found.values())


def _settled(params: Mapping[str, Any], catalogue: Catalogue, mlx: Mlx | None) -> Settled:
    model, base = str(params.get("model") or ""), str(params.get("api_base") or params.get("base_url") or "")
    vendor, _, rest = model.partition("/")
    if slug := _mlx_slug(params):
        known = mlx is not None and slug == mlx.model
        return Settled(slug if known else None, "" if known else "the MLX server keeps one model in memory")
    if "*" in model:
        return Settled(None, "a pattern: any model could be asked for. Name the models")
    if base and not is_openrouter(base):
        said = "on the Mac by something else than MLX" if is_loopback(base) else f"at {_host(base)}"
        return Settled(None, f"it is served {said}; routes lead to OpenRouter or to MLX on a Mac")
    if vendor == "openrouter":
        return settle(rest if "/" in rest else model, catalogue)
    return settle(rest, catalogue) if is_openrouter(base) else settle_direct(model, catalogue)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an address that the environment gives"
    except ValueError:
        return "an address that cannot be read"


def _mlx_slug(params: Mapping[str, Any]) -> str | None:
    model, base = str(params.get("model") or ""), str(params.get("api_base") or "")
    identifier = model.partition("/")[2]
    return f"mlx/{identifier}" if identifier.startswith(_MLX) and base and is_loopback(base) else None


def _mlx_server(groups: Mapping[str, list[Mapping[str, Any]]]) -> Mlx | None:
    for rows in groups.values():
        for row in rows:
            if slug := _mlx_slug(_params(row)):
                port = urlsplit(str(_params(row).get("api_base"))).port
                return Mlx(slug, _CONTEXT_TOKENS, port if port and port > 1023 else 8080)
    return None


def _fallbacks(root: Mapping[str, Any]) -> dict[str, list[str]]:
    """Model name → the names that stand in for it, from every kind of fallback; `*` for the default ones."""
    found: dict[str, list[str]] = {}
    for section in _SECTIONS:
        settings = root.get(section)
        if not isinstance(settings, Mapping):
            continue
        for key in _FALLBACK_KEYS:
            for each in settings.get(key) if isinstance(settings.get(key), list) else []:  # type: ignore[union-attr]
                for name, others in each.items() if isinstance(each, Mapping) else ():
                    found.setdefault(str(name), []).extend(_names(others))
        found.setdefault("*", []).extend(_names(settings.get("default_fallbacks")))
    return found


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _closure(name: str, fallbacks: Mapping[str, list[str]]) -> Iterator[str]:
    """A name, what stands in for it, and what stands in for that."""
    waiting, seen = [name], {name}
    while waiting:
        current = waiting.pop(0)
        yield current
        for other in (*fallbacks.get(current, ()), *fallbacks.get("*", ())):
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def _provider(rows: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """OpenRouter's provider preferences, where all deployments agree; privacy from any of them."""
    from compiler.importing.openclaw import combined

    bodies = {}
    for number, row in enumerate(rows):
        extra = _params(row).get("extra_body")
        body = extra.get("provider") if isinstance(extra, Mapping) else _params(row).get("provider")
        bodies[str(number)] = body if isinstance(body, Mapping) else {}
    return combined(bodies)[0]


def _remarks(rows: list[Mapping[str, Any]]) -> tuple[str, ...]:
    known = {"model", "api_key", "api_base", "base_url", "extra_body", "provider"}
    keys = sorted({str(key) for row in rows for key in _params(row) if key not in known})
    notes = [f"not carried over: litellm_params {', '.join(keys)}"] if keys else []
    if len(rows) > 1:
        notes.append(f"{len(rows)} deployments shared the load; now the first answers, the others when it fails")
    return tuple(notes)


def _without_place(root: Mapping[str, Any]) -> Iterator[Left]:
    rows = root.get("model_list")
    known = (
        {str(row.get("model_name")) for row in rows if isinstance(row, Mapping)} if isinstance(rows, list) else set()
    )
    for name, others in _fallbacks(root).items():
        for missing in sorted({*others, *([] if name == "*" else [name])} - known):
            yield Left(f"fallbacks.{name}", f"no model_name {missing!r} in model_list", loses_model=True)
    for key in sorted(root.keys() - {"model_list"}):
        if not isinstance(root[key], Mapping):
            yield Left(key, "no policy holds it")
            continue
        for name in sorted(root[key]):
            if key not in _SECTIONS or name not in (*_FALLBACK_KEYS, "default_fallbacks"):
                yield Left(
                    f"{key}.{name}", "budgets are caps in caps.yaml" if "budget" in name else "no policy holds it"
                )
