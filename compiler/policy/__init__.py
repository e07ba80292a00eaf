"""The policy language: one module a kind. `parse` turns loaded documents into types, and complaints into findings."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

from compiler.diagnostics import Code, Finding, Place
from compiler.load import Document, Documents
from compiler.policy.acceptance import Acceptance
from compiler.policy.caps import Cap, Caps
from compiler.policy.fleet import Fleet
from compiler.policy.lock import Lock
from compiler.policy.market import Market
from compiler.policy.scenario import Scenario
from compiler.policy.sensitive_data import SensitiveData
from compiler.policy.tests import Tests
from compiler.policy.tracks import DollarTrack, GrayPool, TokenTrack, Tracks
from compiler.policy.types import PolicyFile

MISSING_FILE = Code(
    "VN114", "missing-file", "A policy file that every team needs is missing", "write it; `vane schema` describes it",
    "Without it routes, blocks or caps would be missing without anybody having decided so.",
)  # fmt: skip
UNKNOWN_KEY = Code(
    "VN120", "unknown-key", "A key is not part of the policy language", "remove it or correct its spelling",
    "A misspelt key would be a rule that never holds.",
)  # fmt: skip
MISSING_KEY = Code(
    "VN121", "missing-key", "A required key is missing", "add it",
    "There are few defaults, by design: what matters is written down.",
)  # fmt: skip
WRONG_VALUE = Code(
    "VN122", "wrong-value", "A value does not fit its key", "give a value of the kind that the message names",
    "Nothing is coerced: `yes` is text, and a price in quotes is not a number.",
)  # fmt: skip
UNSAFE_NAME = Code(
    "VN123", "unsafe-name", "A name could not be a file name everywhere",
    "use lower-case letters, digits and single hyphens, a letter first, 63 characters at most",
    "Names of machines, scenarios, labels and caps become folders, URLs and launchd labels.",
)  # fmt: skip
CONTROL_CHARACTER = Code(
    "VN124", "control-character", "Text holds a character that cannot be shown or stored", "delete the character",
    "Control and direction characters break XML and can make a reviewer read another text than the machine does.",
)  # fmt: skip
TWICE = Code(
    "VN125", "scenario-twice", "Two files describe the same scenario", "rename one of them",
    "Only one of them could hold.",
)  # fmt: skip
CODES = (MISSING_FILE, UNKNOWN_KEY, MISSING_KEY, WRONG_VALUE, UNSAFE_NAME, CONTROL_CHARACTER, TWICE)

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

    def is_gray(self, model: str) -> bool:
        """Whether a model is on trial in the gray pool."""
        return self.tracks.gray_pool is not None and model in self.tracks.gray_pool.models


def parse(documents: Documents) -> tuple[Policies | None, tuple[Finding, ...]]:
    """Typed policies, or None and the findings that say why not."""
    findings: list[Finding] = list(documents.findings)
    typed: dict[str, PolicyFile] = {}
    refused = {finding.place.file for finding in findings}
    for file, kind in KINDS.items():
        if document := documents.files.get(file):
            if value := _typed(document, kind, findings):
                typed[file] = value
        elif file not in OPTIONAL and f"{documents.folder}/{file}" not in refused:
            fix = "run `vane lock`" if file == LOCK_FILE else ""
            findings.append(MISSING_FILE.at(Place(f"{documents.folder}/{file}"), f"{file} is missing", fix))
    scenarios, files = _scenarios(documents, findings)
    if not scenarios and not any(name.startswith(f"{documents.folder}/scenarios/") for name in documents.texts):
        folder = Place(f"{documents.folder}/scenarios")
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
        scenario = _typed(document, Scenario, findings)
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


def _typed(document: Document, kind: type[PolicyFile], findings: list[Finding]) -> PolicyFile | None:
    try:
        return kind.model_validate(document.data)
    except ValidationError as error:
        findings += (
            _finding(document, kind, dict(detail))
            for detail in error.errors(include_url=False)
            # pydantic also calls a list too short when it refused one of its items, which is said already
            if not (detail["type"] == "too_short" and detail["input"])
        )
        return None


def _finding(document: Document, kind: type[PolicyFile], detail: Mapping[str, Any]) -> Finding:
    """One pydantic complaint as a finding at the place of the value or key that caused it."""
    type_, at = detail["type"], tuple(_path(document, detail["loc"]))
    here = document.place(*at)
    if type_ == "extra_forbidden":
        key = str(at[-1])
        return UNKNOWN_KEY.at(document.place(*at, key=True), f"unknown key {key!r}", _near_key(kind, at[:-1], key))
    if type_ == "missing":
        return MISSING_KEY.at(document.place(*at[:-1]), f"key {at[-1]!r} is missing")
    if type_ == "unsafe_name":
        return UNSAFE_NAME.at(document.place(*at, key="[key]" in detail["loc"]), detail["msg"])
    if type_ == "control_character":
        return CONTROL_CHARACTER.at(here, detail["msg"])
    message = detail["msg"]
    if type_ not in _OWN_TYPES:
        keys = [step for step in at if isinstance(step, str)]
        subject = f"{keys[-1]!r}" if keys else "the file"
        message = f"{subject}: {message[:1].lower()}{message[1:]}, not {_shown(detail['input'])}"
    return WRONG_VALUE.at(document.place(*at, key="[key]" in detail["loc"]), message)


_OWN_TYPES = frozenset(
    {"model_form", "number", "regex", "absolute_path", "price", "assertion_subject", "assertion_empty"}
)


def _path(document: Document, loc: tuple[int | str, ...]) -> Iterator[str | int]:
    """pydantic's location as keys of the document: drops the marks that it adds for keys and unions."""
    at: Any = document.data
    for step in loc:
        if step == "[key]":
            return
        if isinstance(at, dict) and not isinstance(step, str):
            return
        yield step
        at = at[step] if isinstance(at, dict) and step in at else at[step] if _indexes(at, step) else None


def _indexes(at: Any, step: int | str) -> bool:
    return isinstance(at, list) and isinstance(step, int) and step < len(at)


def _shown(value: Any) -> str:
    names: dict[type, Literal["a mapping", "a list"]] = {dict: "a mapping", list: "a list"}
    if value is None:
        return "nothing"
    text = names.get(type(value)) or (repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _near_key(kind: type[PolicyFile], path: tuple[str | int, ...], key: str) -> str:
    """Did-you-mean among the keys that are allowed at `path`, or the list of them."""
    schema = kind.model_json_schema()
    at: Any = schema
    for step in path:
        at = _below(schema, at, step)
    known = sorted(_resolved(schema, at).get("properties", ()))
    if near := difflib.get_close_matches(key, known, 1):
        return f"did you mean {near[0]!r}?"
    return f"known keys here: {', '.join(known)}" if known else ""


def _resolved(schema: Mapping[str, Any], at: Mapping[str, Any]) -> Mapping[str, Any]:
    for option in at.get("anyOf", ()):
        if "$ref" in option or "properties" in option:
            return _resolved(schema, option)
    if "$ref" in at:
        found: Mapping[str, Any] = schema["$defs"][at["$ref"].rpartition("/")[2]]
        return found
    return at


def _below(schema: Mapping[str, Any], at: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    here = _resolved(schema, at)
    below: Any = here.get("items") if isinstance(step, int) else here.get("properties", {}).get(step)
    if below is None:
        below = here.get("additionalProperties") or next(iter(here.get("patternProperties", {}).values()), None)
    return below if isinstance(below, dict) else {}
