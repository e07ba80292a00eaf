"""Provider preferences as OpenRouter takes them: the `provider` object of a chat request or a preset."""

from __future__ import annotations

from typing import Any

from compiler.plan import Preferences, Route


def provider_object(preferences: Preferences) -> dict[str, Any]:
    """Preferences under OpenRouter's field names. Prices are text there, so that no digit is lost on the way."""
    prices = {"prompt": preferences.max_prompt_price, "completion": preferences.max_completion_price}
    fields: dict[str, Any] = {
        "data_collection": preferences.data_collection,
        "zdr": preferences.zdr,
        "sort": preferences.sort,
        "order": list(preferences.order) or None,
        "only": list(preferences.only) or None,
        "ignore": list(preferences.ignore) or None,
        "allow_fallbacks": preferences.allow_fallbacks,
        "require_parameters": preferences.require_parameters,
        "max_price": {kind: format(price, "f") for kind, price in prices.items() if price is not None} or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def preset_provider(route: Route) -> dict[str, Any]:
    """The one `provider` object of a route's preset: the primary's, as strict with data as the strictest candidate."""
    candidates = [hop.preferences for hop in route.hops]
    provider = provider_object(candidates[0])
    if any(candidate.data_collection == "deny" for candidate in candidates):
        provider["data_collection"] = "deny"
    if any(candidate.zdr for candidate in candidates):
        provider["zdr"] = True
    return dict(sorted(provider.items()))
