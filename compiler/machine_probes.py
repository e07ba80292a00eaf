"""The inputs of a plan that come from the lock, the fleet, the labels and the account: see `compiler.probes`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from compiler.diagnostics import Place
from compiler.plan import AccountPlan, Guard, MachinePlan, Model, Step
from compiler.policy import LOCK_FILE, TRACK_KEYS, Policies
from compiler.policy.blocks import blocks_on
from compiler.probes import AnyPlan, Group, Input


def model_inputs(plan: MachinePlan, policies: Policies) -> Iterator[Group]:
    """Facts that the lock pins."""
    for field, path, change in _MODEL_FIELDS:
        yield tuple(
            Input(_changed_model(model.slug, field, change), (_pinned(model, path, policies),)) for model in plan.models
        )


def _dearer(price: Decimal | None) -> Decimal | None:
    return None if price is None else price + 1


_MODEL_FIELDS: tuple[tuple[str, tuple[str, ...], Callable[[Any], Any]], ...] = (
    ("title", ("name",), lambda title: f"{title} …"),
    ("context_tokens", ("context_length",), lambda tokens: tokens // 64),
    ("max_completion_tokens", ("max_completion_tokens",), lambda tokens: 1),
    ("input_modalities", ("input_modalities",), lambda kinds: ("text",) if "image" in kinds else ("text", "image")),
    ("reasoning", ("supported_parameters",), lambda reasons: not reasons),
    ("prompt_price", ("pricing", "prompt"), _dearer),
    ("completion_price", ("pricing", "completion"), _dearer),
    ("cache_read_price", ("pricing", "input_cache_read"), _dearer),
    ("cache_write_price", ("pricing", "input_cache_write"), _dearer),
)


def _pinned(model: Model, path: tuple[str, ...], policies: Policies) -> Step:
    place = policies.place(LOCK_FILE, "mlx" if model.is_mlx else "models", model.slug, *path)
    return Step("lock", f"{'.'.join(path)} of {model.slug}", place)


def _changed_model(slug: str, field: str, change: Callable[[Any], Any]) -> Callable[[AnyPlan], AnyPlan]:
    def changed(plan: AnyPlan) -> AnyPlan:
        if isinstance(plan, AccountPlan):
            return plan
        return replace(plan, models=tuple(_changed_facts(model) for model in plan.models))

    def _changed_facts(model: Model) -> Model:
        fields: dict[str, Any] = {field: change(getattr(model, field))}
        return replace(model, **fields) if model.slug == slug else model

    return changed


def machine_inputs(plan: MachinePlan, machine: str, policies: Policies) -> Iterator[Group]:
    """What the fleet says of a Mac, and the labels that it must know."""

    def fleet(*path: str) -> Place:
        return policies.place("fleet.yaml", "machines", machine, *path)

    def said(what: str, place: Place, **fields: Any) -> Group:
        return (Input(lambda plan: replace(plan, **fields), (Step("plan_machines", what, place),)),)

    yield said("`prefix` of the fleet", policies.place("fleet.yaml", "prefix"), prefix=f"{plan.prefix}/x")
    if plan.user:
        yield said(f"`user` of {machine}", fleet("user"), user=f"{plan.user}x")
    if plan.gateway:
        yield said(f"`gateway` of {machine}", fleet("gateway"), gateway="https://x.invalid")
        yield said(f"`gateway` of {machine}", fleet("gateway"), gateway=None)
    if plan.mlx:
        for field, value in (("model", f"{plan.mlx.model}-x"), ("context_tokens", 1024), ("port", plan.mlx.port + 1)):
            change: dict[str, Any] = {field: value}
            yield said(f"`mlx.{field}` of {machine}", fleet("mlx", field), mlx=replace(plan.mlx, **change))
    if plan.harness:
        for field in ("weekday", "hour", "minute"):
            moved: dict[str, Any] = {field: getattr(plan.harness, field) % 7 + 1}
            place = policies.place("acceptance.yaml", "schedule", field)
            yield said(f"`schedule.{field}` of the harness", place, harness=replace(plan.harness, **moved))
    for role in plan.roles:
        yield said(f"role {role} of {machine}", fleet("roles"), roles=tuple(r for r in plan.roles if r != role))
    yield from _label_inputs(plan, policies)
    yield from _limit_inputs(plan, policies)


def _limit_inputs(plan: MachinePlan, policies: Policies) -> Iterator[Group]:
    """What guards count: the gray share and the caps."""
    guard = plan.guard
    for field, value in (("max_share", Decimal("0.5")), ("window_days", 30)) if guard.gray else ():
        changed: dict[str, Any] = {field: value}
        gray = replace(guard.gray, **changed) if guard.gray else None
        step = Step("plan_guard", f"`{field}` of the gray pool", policies.place("tracks.yaml", "gray_pool", field))
        yield (Input(_changed_guard(replace(guard, gray=gray)), (step,)),)
    for at, cap in enumerate(guard.caps):
        for field, change in _CAP_FIELDS:
            other: dict[str, Any] = {field: change(getattr(cap, field))}
            caps = (*guard.caps[:at], replace(cap, **other), *guard.caps[at + 1 :])
            step = Step("plan_guard", f"`{field}` of {cap.name}", policies.place("caps.yaml", "caps", cap.name, field))
            yield (Input(_changed_guard(replace(guard, caps=caps)), (step,)),)


_CAP_FIELDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("limit_usd", lambda limit: limit + 1),
    ("period", lambda period: "daily" if period == "weekly" else "weekly"),
    ("soft_percent", lambda percent: percent - 1),
)


def _changed_guard(guard: Guard) -> Callable[[AnyPlan], AnyPlan]:
    return lambda plan: plan if isinstance(plan, AccountPlan) else replace(plan, guard=guard)


def _label_inputs(plan: MachinePlan, policies: Policies) -> Iterator[Group]:
    for field in ("title", "repos", "paths", "reasons", "detectors", "patterns", "when_denied"):
        yield tuple(
            Input(_changed_label(label.name, field), tuple(_label_reasons(label.name, field, policies)))
            for label in plan.labels
        )


def _label_reasons(label: str, field: str, policies: Policies) -> Iterable[Step]:
    if field != "reasons":
        place = policies.place("sensitive-data.yaml", "labels", label, field)
        return (Step("attach_labels", f"`{field}` of label {label}", place),)
    return (
        Step("attach_labels", f"reason of the block on {label}",
             policies.place("sensitive-data.yaml", "blocks", index, "reason"))
        for index, _ in blocks_on(policies, (label,))
    )  # fmt: skip


_OTHER_LABEL = {"title": "x", "when_denied": "x"}


def _changed_label(name: str, field: str) -> Callable[[AnyPlan], AnyPlan]:
    def changed(plan: AnyPlan) -> AnyPlan:
        if isinstance(plan, AccountPlan):
            return plan
        value: dict[str, Any] = {field: _OTHER_LABEL.get(field, ("x/x",))}
        labels = tuple(replace(label, **value) if label.name == name else label for label in plan.labels)
        return replace(plan, labels=labels)

    return changed


def account_inputs(plan: AccountPlan, policies: Policies) -> Iterator[Group]:
    """What each key of the account may reach and spend, and the lines behind it."""
    for at, key in enumerate(plan.keys):
        track = policies.track(key.key)
        for field, change in _KEY_FIELDS:
            places = key.places
            if field in ("limit_usd", "period"):
                section = policies.place("tracks.yaml", TRACK_KEYS[key.key], key=True)
                cap = track.cap if track else None
                places = (policies.place("caps.yaml", "caps", cap, field) if cap else section,)
            said = tuple(Step("plan_account", f"`{field}` of key {key.key}", place) for place in places)
            yield (Input(_changed_key(at, field, change), said),)


_KEY_FIELDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("limit_usd", lambda limit: (limit or 0) + 1),
    ("period", lambda period: "daily" if period == "weekly" else "weekly"),
    ("models", lambda models: (*models, "x/x")),
    ("zdr_models", lambda models: (*models, "x/x")),
)


def _changed_key(at: int, field: str, change: Callable[[Any], Any]) -> Callable[[AnyPlan], AnyPlan]:
    def changed(plan: AnyPlan) -> AnyPlan:
        if isinstance(plan, MachinePlan):
            return plan
        value: dict[str, Any] = {field: change(getattr(plan.keys[at], field))}
        return replace(plan, keys=(*plan.keys[:at], replace(plan.keys[at], **value), *plan.keys[at + 1 :]))

    return changed
