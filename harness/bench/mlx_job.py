"""The MLX server of a Mac as its compiled property list starts it: read from generated/, and repeated nowhere."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from compiler.diagnostics import Place, PolicyError
from compiler.on_disk import UNREADABLE_ARTIFACT

MACHINES = Path("generated") / "machines"
LIST = Path("launchd") / "ai.weathervane.mlx.plist"
#: launchd starts a job there
FOLDER = "/"
#: what launchd gives a job of itself; all else must be in the property list
_GIVEN = ("HOME", "USER", "LOGNAME", "SHELL", "TMPDIR")
#: where launcher.sh sends what a job says, below its HOME
_LOGS = Path("Library") / "Logs" / "weathervane"


@dataclass(frozen=True, slots=True)
class MlxJob:
    """What the property list says, as far as a start by hand can follow it."""

    machine: str
    #: the property list, from the project's folder
    file: Path
    label: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    umask: int
    #: after so long a job that was asked to end is made to
    exit_seconds: int
    #: whom a system daemon runs as
    user: str | None

    @property
    def python(self) -> tuple[str, ...]:
        """What starts Python, launcher and all."""
        return self.arguments[: self.arguments.index("-m")]

    @property
    def program(self) -> tuple[str, ...]:
        """The server's own command line, behind the launcher."""
        return self.arguments[len(self.python) - 1 :]

    @property
    def model(self) -> str:
        """The repository whose weights it loads."""
        return self._option("--model")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._option("--host"), int(self._option("--port"))

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self.address
        return f"http://{host}:{port}/v1"

    def surroundings(self, given: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The whole environment: nothing of the shell that asks, but what launchd gives as well."""
        named = {"USER": self.user, "LOGNAME": self.user} if self.user else {}
        return {**{name: given[name] for name in _GIVEN if name in given}, **named, **self.environment}

    def log(self, given: Mapping[str, str] = os.environ) -> Path:
        """Where the launcher writes what the server says."""
        return Path(self.surroundings(given).get("HOME", FOLDER)) / _LOGS / f"{self.label}.log"

    def _option(self, name: str) -> str:
        return self.arguments[self.arguments.index(name) + 1]


def machines(project: Path) -> Sequence[str]:
    """The Macs that generated/ has files of."""
    folder = project / MACHINES
    return sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def with_mlx(project: Path) -> Sequence[str]:
    """Those that have an MLX server."""
    return [name for name in machines(project) if (project / MACHINES / name / LIST).is_file()]


def read_job(project: Path, machine: str) -> MlxJob:
    """The job of a Mac that has one. Raises PolicyError where its property list cannot be understood."""
    file = MACHINES / machine / LIST
    try:
        job = _job(machine, file, plistlib.loads((project / file).read_bytes()))
        _ = job.python, job.model, job.address
    except (plistlib.InvalidFileException, ExpatError, ValueError, KeyError, TypeError, IndexError) as error:
        said = f"no property list of an MLX server: {type(error).__name__}: {error}"
        raise PolicyError([UNREADABLE_ARTIFACT.at(Place(str(file)), said)]) from error
    return job


def _job(machine: str, file: Path, data: dict[str, Any]) -> MlxJob:
    return MlxJob(
        machine=machine,
        file=file,
        label=str(data["Label"]),
        arguments=tuple(str(argument) for argument in data["ProgramArguments"]),
        environment={str(name): str(value) for name, value in data["EnvironmentVariables"].items()},
        umask=int(data["Umask"]),
        exit_seconds=int(data["ExitTimeOut"]),
        user=data.get("UserName"),
    )
