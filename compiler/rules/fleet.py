"""Rules about the Macs: who must stay awake, what fits into memory, who talks to whom."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.plan import GATEWAY_PORT, MLX_PREFIX, Plan
from compiler.policy import Policies
from compiler.policy.fleet import ALWAYS_ON_ROLES
from compiler.rules.registry import Problem, plan_rule, policy_rule, several

GIB = 1024**3


def gpu_memory_bytes(memory_gb: int) -> int:
    """What macOS lets the GPU hold: two thirds of the memory up to 36 GB, three quarters above.

    The rest is the headroom for the system and the person's programs. Source: Metal's recommendedMaxWorkingSetSize as
    Macs report it (and as `iogpu.wired_limit_mb` overrides it).
    """
    return memory_gb * GIB * 2 // 3 if memory_gb <= 36 else memory_gb * GIB * 3 // 4


@policy_rule(
    "VN501", "always-on-on-laptop", "A laptop has a role that others rely on around the clock",
    fix="give the role to a desktop Mac",
)  # fmt: skip
def always_on_on_laptop(policies: Policies) -> Iterator[Problem]:
    """A laptop sleeps when it is closed, and with it the gateway of the whole team."""
    for name, machine in policies.fleet.machines.items():
        for index, role in enumerate(machine.roles):
            if role in ALWAYS_ON_ROLES and (machine.is_laptop or machine.tier == "local"):
                what = f"{machine.hardware}" if machine.is_laptop else "local machine"
                place = policies.place("fleet.yaml", "machines", name, "roles", index)
                yield Problem(place, f"role {role!r} runs 24×7, and {name!r} is a {what}")


@policy_rule(
    "VN502", "mlx-does-not-fit", "An MLX model and its context do not fit the Mac's memory",
    fix="choose a smaller model, a stronger quantization or a shorter context_tokens",
)  # fmt: skip
def mlx_does_not_fit(policies: Policies) -> Iterator[Problem]:
    """Weights and KV cache must both stay in GPU memory, with headroom for everything else. What does not fit makes the
    Mac swap, and every program on it crawls."""
    for name, machine in policies.fleet.machines.items():
        locked = policies.lock.mlx.get(machine.mlx.model) if machine.mlx else None
        if not machine.mlx or not locked:
            continue
        context, room = machine.mlx.context_tokens, gpu_memory_bytes(machine.memory_gb)
        if context > locked.context_length:
            place = policies.place("fleet.yaml", "machines", name, "mlx", "context_tokens")
            yield Problem(
                place, f"{context:,} tokens of context, {machine.mlx.model!r} holds {locked.context_length:,}"
            )
        if locked.bytes_for(context) > room:
            place = policies.place("fleet.yaml", "machines", name, "mlx", "model")
            parts = f"weights {_gib(locked.weight_bytes)} + KV cache {_gib(locked.kv_bytes_per_token * context)}"
            limit = f"{_gib(room)} of {machine.memory_gb} GB are for the GPU"
            yield Problem(place, f"{machine.mlx.model!r} with {context:,} tokens needs {parts}, {limit}")


def _gib(size: int) -> str:
    tenths = (size * 10 + GIB // 2) // GIB
    return f"{tenths // 10}.{tenths % 10} GiB"


@policy_rule("VN503", "mlx-role", "The role mlx and the key `mlx` belong together", fix="write both or neither")
def mlx_role(policies: Policies) -> Iterator[Problem]:
    """The role starts the server, the key says with which model."""
    for name, machine in policies.fleet.machines.items():
        if "mlx" in machine.roles and machine.mlx is None:
            place = policies.place("fleet.yaml", "machines", name, "roles", machine.roles.index("mlx"))
            yield Problem(place, f"{name!r} has the role mlx but no `mlx:` with a model")
        if machine.mlx and "mlx" not in machine.roles:
            place = policies.place("fleet.yaml", "machines", name, "mlx", key=True)
            yield Problem(place, f"{name!r} names an MLX model but has not the role mlx")
        if machine.mlx and not machine.mlx.model.startswith(MLX_PREFIX):
            place = policies.place("fleet.yaml", "machines", name, "mlx", "model")
            yield Problem(place, f"{machine.mlx.model!r} is no MLX model", "name it mlx/<author>/<repository>")


@policy_rule(
    "VN508", "port-taken", "The MLX server wants the gateway's port", fix="choose another; 8080 is the default"
)
def port_taken(policies: Policies) -> Iterator[Problem]:
    """Two servers on one port: the second to start does not, and which one that is changes with every restart."""
    for name, machine in policies.fleet.machines.items():
        if machine.mlx and "gateway" in machine.roles and machine.mlx.port == GATEWAY_PORT:
            place = policies.place("fleet.yaml", "machines", name, "mlx", "port")
            yield Problem(place, f"port {GATEWAY_PORT} of {name!r} is the gateway's")


@policy_rule(
    "VN504", "gateway-link", "A client and its gateway do not find each other",
    fix="clients (role openclaw) name a `gateway:`, and that machine has the role gateway and an `address:`",
)  # fmt: skip
def gateway_link(policies: Policies) -> Iterator[Problem]:
    """A client without a gateway has no agents; a gateway without an address cannot be reached."""
    machines = policies.fleet.machines
    clients = {
        name: machine
        for name, machine in machines.items()
        if {"openclaw", "gateway"} & {*machine.roles} == {"openclaw"}
    }
    if lost := [name for name, machine in clients.items() if machine.gateway is None]:
        place = policies.place("fleet.yaml", "machines", lost[0], "roles")
        yield Problem(place, f"role openclaw without a gateway: {several(lost)}")
    first = {machine.gateway: name for name, machine in reversed(machines.items()) if machine.gateway in machines}
    for gateway, name in first.items():
        other = machines[str(gateway)]
        if "gateway" not in other.roles or other.address is None:
            place = policies.place("fleet.yaml", "machines", name, "gateway")
            lacks = "no address" if "gateway" in other.roles else "not the role gateway"
            yield Problem(place, f"{gateway!r} has {lacks}")


@policy_rule("VN505", "daemon-user", "System daemons need a macOS account", fix="add `user:` with an account name")
def daemon_user(policies: Policies) -> Iterator[Problem]:
    """On an always-on Mac the jobs start before anybody logs in. Without an account they would run as root, and what
    an agent is talked into would be done as root."""
    for name, machine in policies.fleet.machines.items():
        if machine.user == "root":
            place = policies.place("fleet.yaml", "machines", name, "user")
            yield Problem(place, f"the daemons of {name!r} run as root", "name an ordinary account")
        if machine.tier == "remote" and machine.user is None:
            yield Problem(policies.place("fleet.yaml", "machines", name, key=True), f"{name!r} names no user")


@policy_rule("VN507", "harness-without-acceptance", "A harness host has nothing to run", fix="write acceptance.yaml")
def harness_without_acceptance(policies: Policies) -> Iterator[Problem]:
    """acceptance.yaml says when the weekly harness starts and what it runs."""
    for name, machine in policies.fleet.machines.items():
        if "harness" in machine.roles and policies.acceptance is None:
            place = policies.place("fleet.yaml", "machines", name, "roles", machine.roles.index("harness"))
            yield Problem(place, "there is no acceptance.yaml")


@plan_rule(
    "VN506", "mlx-model-not-served", "A route asks a Mac for an MLX model that its server does not hold",
    fix="route to the machine's own model, or change the machine's `mlx:`",
)  # fmt: skip
def mlx_model_not_served(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """mlx_lm.server keeps one model in memory; asked for another it drops that one and tries to fetch the other."""
    reported: set[tuple[str, str, str]] = set()
    for name, machine in plan.machines.items():
        served = machine.mlx.model if machine.mlx else None
        for route in machine.routes:
            for hop in route.hops:
                if hop.key == "local" and hop.model != served and (route.scenario, hop.model, name) not in reported:
                    reported.add((route.scenario, hop.model, name))
                    held = repr(served) if served else "no model"
                    yield Problem(
                        hop.place, f"{name!r} takes up {route.scenario!r} and serves {held}, not {hop.model!r}"
                    )
