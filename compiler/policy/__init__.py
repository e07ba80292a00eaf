"""The policy language: one module a kind. `parse` turns loaded documents into types, and complaints into findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from compiler.diagnostics import Code, Finding, Place
from compiler.load import Documents
from compiler.policy.acceptance import Acceptance
from compiler.policy.caps import Cap, Caps
from compiler.policy.complaints import MISSING_KEY, UNKNOWN_KEY, UNSAFE_NAME, WRONG_VALUE, complaints
from compiler.policy.fleet import Fleet
from compiler.policy.lock import Lock
from compiler.policy.market import Market
from compiler.policy.scenario import Scenario
from compiler.policy.sensitive_data import SensitiveData
from compiler.policy.tests import Tests
from compiler.policy.tracks import DollarTrack, GrayPool, TokenTrack, Tracks
from compiler.policy.types import PolicyFile
from compiler.yaml_text import Document

_File = TypeVar("_File", bound=PolicyFile)
MISSING_FILE = Code(
    "VN114", "missing-file", "A policy file that every team needs is missing", "write it; `vane schema` describes it",
    "Without it routes, blocks or caps would be missing without anybody having decided so.",
)  # fmt: skip
TWICE = Code(
    "VN125", "scenario-twice", "Two files describe the same scenario", "rename one of them",
    "Only one of them could hold.",
)  # fmt: skip
CODES = (MISSING_FILE, UNKNOWN_KEY, MISSING_KEY, WRONG_VALUE, UNSAFE_NAME, TWICE)

LOCK_FILE = "models.lock.json"
#: Kind of policy → its type, by file name. The lock is read the same way: JSON is YAML.
KINDS: Mapping[str, type[PolicyFile]] = MappingProxyType(
    {
        "tracks.yaml": Tracks,
        "caps.yaml": Caps,
        "sensitive-data.yaml": SensitiveData,
        "fleet.yaml": Fleet,
        "market.yaml": Market,
        "acceptance.yaml": Acceptance,
        "tests.yaml": Tests,
        LOCK_FILE: Lock,
    }
)
OPTIONAL = frozenset({"market.yaml", "acceptance.yaml", "tests.yaml"})
FILES = frozenset(KINDS) | {"scenarios/*.yaml"}
TRACK_KEYS: Mapping[str, str] = MappingProxyType(
    {"token": "token_track", "dollar": "dollar_track", "gray": "gray_pool"}
)


@dataclass(frozen=True)
class Policies:
    """All policies of a team, typed, with the places of every value."""

    tracks: Tracks
    caps: Mapping[str, Cap]
    sensitive: SensitiveData
    fleet: Fleet
    scenarios: Mapping[str, Scenario]
    lock: Lock
    market: Market | None
    acceptance: Acceptance | None
    tests: Tests | None
    documents: Documents
    #: scenario → its file inside the policies folder
    scenario_files: Mapping[str, str]

    def place(self, file: str, *path: str | int, key: bool = False) -> Place:
        """Where the value (or key) at `path` of a file lies."""
        document = self.documents.files.get(file)
        return document.place(*path, key=key) if document else Place(f"{self.documents.folder}/{file}")

    def scenario_place(self, scenario: str, *path: str | int, key: bool = False) -> Place:
        """Where a value of a scenario lies."""
        return self.place(self.scenario_files[scenario], *path, key=key)

    def track(self, name: str) -> TokenTrack | DollarTrack | GrayPool | None:
        """A track by name, None where the team has none."""
        found: TokenTrack | DollarTrack | GrayPool | None = getattr(self.tracks, TRACK_KEYS[name])
        return found

    def track_models(self, name: str) -> tuple[tuple[str, Place], ...]:
        """The models of a track in the order asked, each with its place."""
        track, key = self.track(name), TRACK_KEYS[name]
        if track is None:
            return ()
        if isinstance(track, GrayPool):
            return tuple((m, self.place("tracks.yaml", key, "models", i)) for i, m in enumerate(track.models))
        rest = ((m, self.place("tracks.yaml", key, "fallbacks", i)) for i, m in enumerate(track.fallbacks))
        return ((track.primary, self.place("tracks.yaml", key, "primary")), *rest)

    def scenario_models(self, name: str, track: str) -> tuple[tuple[str, Place], ...]:
        """What a scenario asks on a track: its own models on the one it was written for, else those of the track."""
        scenario = self.scenarios[name]
        if scenario.route is None or scenario.track != track:
            return self.track_models(track)
        below = enumerate(scenario.route.fallbacks)
        rest = ((model, self.scenario_place(name, "route", "fallbacks", i)) for i, model in below)
        return ((scenario.route.primary, self.scenario_place(name, "route", "primary")), *rest)

    def is_gray(self, model: str) -> bool:
        """Whether a model is on trial in the gray pool."""
        return self.tracks.gray_pool is not None and model in self.tracks.gray_pool.models


def parse(documents: Documents) -> tuple[Policies | None, tuple[Finding, ...]]:
    """Typed policies, or None and the findings that say why not."""
    findings: list[Finding] = list(documents.findings)
    if not documents.files and not documents.texts:
        return None, tuple(findings) or (MISSING_FILE.at(Place(documents.folder), "the folder holds no policy"),)
    typed: dict[str, PolicyFile] = {}
    refused = {finding.place.file for finding in findings}
    for file, kind in KINDS.items():
        if document := documents.files.get(file):
            if value := typed_file(document, kind, findings):
                typed[file] = value
        elif file not in OPTIONAL and f"{documents.folder}/{file}" not in refused:
            fix = "run `vane lock`" if file == LOCK_FILE else ""
            findings.append(MISSING_FILE.at(Place(f"{documents.folder}/{file}"), f"{file} is missing", fix))
    scenarios, files = _scenarios(documents, findings)
    folder = Place(f"{documents.folder}/scenarios")
    if not any(file.startswith(folder.file) for file in (*documents.texts, *refused)):
        findings.append(MISSING_FILE.at(folder, "no scenario", "describe one kind of work in scenarios/<name>.yaml"))
    if findings:
        return None, tuple(findings)
    return _assembled(typed, scenarios, files, documents), ()


def _assembled(
    typed: Mapping[str, Any], scenarios: Mapping[str, Scenario], files: Mapping[str, str], documents: Documents
) -> Policies:
    return Policies(
        tracks=typed["tracks.yaml"],
        caps=typed["caps.yaml"].caps,
        sensitive=typed["sensitive-data.yaml"],
        fleet=typed["fleet.yaml"],
        scenarios=scenarios,
        lock=typed[LOCK_FILE],
        market=typed.get("market.yaml"),
        acceptance=typed.get("acceptance.yaml"),
        tests=typed.get("tests.yaml"),
        documents=documents,
        scenario_files=files,
    )


def _scenarios(documents: Documents, findings: list[Finding]) -> tuple[dict[str, Scenario], dict[str, str]]:
    scenarios: dict[str, Scenario] = {}
    files: dict[str, str] = {}
    for file, document in documents.files.items():
        if not file.startswith("scenarios/"):
            continue
        scenario = typed_file(document, Scenario, findings)
        if not isinstance(scenario, Scenario):
            continue
        name, stem = scenario.scenario, PurePosixPath(file).stem
        if name in files:
            findings.append(TWICE.at(document.place("scenario"), f"{name!r} is also described in {files[name]}"))
        elif name != stem:
            said = f"scenario {name!r} lies in a file called {stem!r}"
            findings.append(WRONG_VALUE.at(document.place("scenario"), said, f"rename the file to {name}.yaml"))
        scenarios[name], files[name] = scenario, file
    return scenarios, files


def typed_file(document: Document, kind: type[_File], findings: list[Finding]) -> _File | None:
    """One file as its type, or None and complaints among the findings."""
    try:
        return kind.model_validate(document.data)
    except ValidationError as error:
        findings += complaints(document, kind, error)
        return None
