"""Which models the jobs of a Mac can reach, read from the property lists alone.

A property list gives no scenario a model: that is what OpenClaw's and Cursor's files do. But it decides three things
on which their reading rests, and each shows here, under the scenario `machine:<label>`:

- which model an MLX server has in memory, and so what a `mlx/...` hop really is: `mlx/<repository>`;
- whether that server listens to the Mac alone: if not, its address;
- whether a job is told to call somebody else (a proxy, another base URL): that address.

What cannot be understood is read as `*`, any model: an unknown option may be a model by another name.
"""

from __future__ import annotations

import plistlib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from compiler.targets import Reach

ANY = "*"
#: options of mlx_lm.server (0.32) that choose neither a model nor an address
HARMLESS = frozenset(
    {
        "--port",
        "--allowed-origins",
        "--log-level",
        "--temp",
        "--top-p",
        "--top-k",
        "--min-p",
        "--max-tokens",
        "--chat-template",
        "--chat-template-args",
        "--num-draft-tokens",
        "--decode-concurrency",
        "--prompt-concurrency",
        "--prefill-step-size",
        "--prompt-cache-size",
        "--prompt-cache-bytes",
        "--kv-bits",
        "--kv-group-size",
        "--quantized-kv-start",
    }
)
ADDRESS_VARIABLES = ("_PROXY", "_URL", "_HOST", "_ENDPOINT")


def read(artifacts: Mapping[str, bytes]) -> Iterator[Reach]:
    """The models and foreign addresses that the Mac's property lists name."""
    for path, content in sorted(artifacts.items()):
        if path.endswith(".plist"):
            yield from _job(path, content)


def _job(path: str, content: bytes) -> Iterator[Reach]:
    scenario = f"machine:{path.rpartition('/')[2].removesuffix('.plist').rpartition('.')[2]}"
    try:
        job = plistlib.loads(content)
        arguments = [str(argument) for argument in job["ProgramArguments"]]
        environment = {str(name): str(value) for name, value in job.get("EnvironmentVariables", {}).items()}
    except (ExpatError, ValueError, LookupError, AttributeError, TypeError):
        yield Reach(scenario, ANY, path, {})
        return
    found = [(f"{path}#ProgramArguments", model) for model in (*_models(arguments), *_addresses(arguments))]
    found += [(f"{path}#EnvironmentVariables.{name}", address) for name, address in _redirections(environment)]
    for where, model in found:
        yield Reach(scenario, model, where, {})


def _models(arguments: list[str]) -> Iterator[str]:
    """What an MLX server's command line serves; nothing where there is no MLX server."""
    start = _first_option(arguments)
    if start is None:
        return
    given: set[str] = set()
    rest = iter(arguments[start:])
    for argument in rest:
        name, equals, value = argument.partition("=")
        value = value if equals else next(rest, "")
        given.add(name)
        if name in ("--model", "--draft-model"):
            yield f"mlx/{value}"
        elif name == "--host":
            if not _is_loopback(value):
                yield value or ANY
        elif name not in HARMLESS:
            yield ANY
    if "--model" not in given:
        yield ANY  # then each request chooses


def _first_option(arguments: list[str]) -> int | None:
    for index, argument in enumerate(arguments):
        program = argument.rpartition("/")[2]
        if program in ("mlx_lm.server", "mlx_lm/server.py"):
            return index + 1
        if program == "mlx_lm":
            return index + 2 if arguments[index + 1 : index + 2] == ["server"] else index + 1
    return None


def _addresses(arguments: list[str]) -> Iterator[str]:
    for argument in arguments:
        if "\n" not in argument and "://" in argument:
            url = argument.partition("=")[2] if argument.startswith("-") else argument
            if not _is_loopback(_host(url)):
                yield url


def _redirections(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        names_address = name.upper().endswith(ADDRESS_VARIABLES) or "://" in value
        if names_address and not _is_loopback(_host(value)):
            yield name, value


def _host(address: str) -> str:
    try:
        return urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
