"""Plan to property lists. What each key is for, and why it has its value, is in docs/launchd.md."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from compiler.plan import GATEWAY_PORT, MLX_PREFIX, MachinePlan, MlxServer, Schedule
from compiler.targets import Artifact
from compiler.templates import templates

SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
#: Homebrew comes last and only where people's tools are needed: ordinary accounts may write there.
TOOLS_PATH = f"{SYSTEM_PATH}:/opt/homebrew/bin:/usr/local/bin"

Environment = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a system daemon runs as. User agents have none: equal plans get equal bytes, whoever owns the Mac."""

    user: str
    home: str


@dataclass(frozen=True, slots=True)
class Job:
    """One property list. `when` is "always" (a server), a number of seconds, or a day and time of each week."""

    label: str
    comment: str
    command: tuple[str, ...]
    environment: Environment
    process_type: Literal["Interactive", "Standard", "Background"]
    when: Literal["always"] | int | Schedule
    throttle_seconds: int
    exit_seconds: int
    open_files: int | None = None


def emit(plan: MachinePlan) -> Iterator[Artifact]:
    """The property lists of a Mac."""
    account = _account(plan)
    yield _artifact(plan, _deploy(plan, account), _root() if account else None)
    for job in _servers(plan, account):
        yield _artifact(plan, job, account)


def _account(plan: MachinePlan) -> Account | None:
    if not plan.always_on:
        return None
    if plan.user is None:
        raise ValueError("a Mac that is always on needs a user: its jobs start before anybody logs in")
    return Account(plan.user, f"/Users/{plan.user}")


def _root() -> Account:
    # only root can replace system daemons, and replacing them is what the deploy agent does
    return Account("root", "/var/root")


def _artifact(plan: MachinePlan, job: Job, account: Account | None) -> Artifact:
    if account is not None:
        job = replace(job, environment=(*job.environment, ("HOME", account.home)))
    return Artifact(f"launchd/{job.label}.plist", render(job, account), plan.places)


def render(job: Job, account: Account | None) -> bytes:
    """The property list of a job in canonical form: keys sorted, as plistlib writes it."""
    template = templates("compiler.targets.launchd", xml=True).get_template("job.plist.j2")
    data: dict[str, Any] = plistlib.loads(template.render(job=job, account=account, launcher=launcher()).encode())
    content = plistlib.dumps(data, sort_keys=True)
    if plistlib.loads(content) != data:
        raise ValueError(f"{job.label}: a carriage return does not survive in a property list")
    return content


@cache
def launcher() -> str:
    """The text of launcher.sh, through which /bin/sh starts every job."""
    return files("compiler.targets.launchd").joinpath("launcher.sh").read_text(encoding="utf-8")


def _servers(plan: MachinePlan, account: Account | None) -> Iterator[Job]:
    if "gateway" in plan.roles:
        yield _gateway(plan.prefix, account)
    if plan.mlx is not None:
        yield _mlx(plan.prefix, plan.mlx)
    if plan.harness is not None:
        yield _harness(plan.prefix, plan.harness)


def _gateway(prefix: str, account: Account | None) -> Job:
    return Job(
        label="ai.openclaw.gateway",
        comment="OpenClaw gateway, owned by Weathervane",
        command=(
            f"{prefix}/bin/node",
            f"{prefix}/openclaw/node_modules/openclaw/dist/index.js",
            "gateway",
            "--port",
            str(GATEWAY_PORT),
        ),
        environment=(
            ("PATH", f"{prefix}/bin:{TOOLS_PATH}"),
            # the three that keep OpenClaw from repairing, replacing or rewriting what we deploy
            ("OPENCLAW_SUPERVISOR_MODE", "external"),
            ("OPENCLAW_SERVICE_REPAIR_POLICY", "external"),
            ("OPENCLAW_CONFIG_READONLY", "1"),
            ("NODE_EXTRA_CA_CERTS", "/etc/ssl/cert.pem"),
            ("NODE_USE_SYSTEM_CA", "1"),
            *_state(account),
        ),
        process_type="Interactive",
        when="always",
        throttle_seconds=10,
        # with an external supervisor OpenClaw gives running turns 325 s to end, and wants 5 s more to exit
        exit_seconds=330,
        open_files=8192,
    )


def _state(account: Account | None) -> Environment:
    if account is None:
        return ()  # an agent's HOME is right, and so are the defaults below it
    folder = f"{account.home}/.openclaw"
    return ("OPENCLAW_STATE_DIR", folder), ("OPENCLAW_CONFIG_PATH", f"{folder}/openclaw.json")


def _mlx(prefix: str, server: MlxServer) -> Job:
    return Job(
        label="ai.weathervane.mlx",
        comment="MLX model server, loopback only",
        command=(
            f"{prefix}/venv/bin/python3",
            "-m",
            "mlx_lm",
            "server",
            "--model",
            server.model.removeprefix(MLX_PREFIX),
            "--host",
            "127.0.0.1",
            "--port",
            str(server.port),
            # its default is *: any web page that a person opens could talk to the model
            "--allowed-origins",
            "http://127.0.0.1",
        ),
        environment=(
            ("PATH", f"{prefix}/bin:{SYSTEM_PATH}"),
            # a request that names an unknown model must fail, not download it
            ("HF_HUB_OFFLINE", "1"),
            ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ),
        process_type="Interactive",
        when="always",
        throttle_seconds=30,
        exit_seconds=20,
    )


def _deploy(plan: MachinePlan, account: Account | None) -> Job:
    for_user = () if account is None else ("--user", account.user)
    return Job(
        label="ai.weathervane.deploy",
        comment="Weathervane deploy agent",
        command=(f"{plan.prefix}/bin/vane-agent", "run", "--jitter", *for_user),
        environment=(("PATH", f"{plan.prefix}/bin:{SYSTEM_PATH}"),),
        process_type="Background",
        when=300,
        throttle_seconds=30,
        exit_seconds=120,
    )


def _harness(prefix: str, schedule: Schedule) -> Job:
    return Job(
        label="ai.weathervane.harness",
        comment="Weathervane week: evidence, proposals and their branch",
        command=(f"{prefix}/venv/bin/vane", "week", "-C", f"{prefix}/project", "--commit", "--push"),
        environment=(("PATH", f"{prefix}/bin:{TOOLS_PATH}"),),
        # Background would slow the very calls whose time it takes
        process_type="Standard",
        when=schedule,
        throttle_seconds=60,
        exit_seconds=60,
    )
