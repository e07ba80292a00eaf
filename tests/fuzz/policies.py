"""A hostile policy file among good ones: findings that can be shown, or artifacts that pass every check of ours.

A finding that blames our own templates (VN601, VN602) breaks the promise too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from compiler.compile import check, check_artifacts, emit, strange_artifacts
from compiler.diagnostics import Finding, PolicyError
from compiler.formats import FORMATS, text
from compiler.load import Documents, load
from compiler.policy import FILES
from compiler.targets import installed
from compiler.verify import verify
from tests.fuzz.doors import Door, Target, emptied, new_folder
from tests.samples import POLICIES, write_policies


@cache
def _good() -> Documents:
    return load(write_policies(new_folder()), FILES)


@cache
def _folder() -> Path:
    return new_folder() / "policies"


def _enter(name: str, content: bytes) -> bool:
    file = emptied(_folder()) / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    read, good = load(_folder(), FILES), _good()
    files = {path: document for path, document in good.files.items() if path != name} | dict(read.files)
    texts = {path: words for path, words in good.texts.items() if path != f"policies/{name}"} | dict(read.texts)
    return _compile(replace(good, files=files, texts=texts, findings=read.findings))


def _compile(documents: Documents) -> bool:
    try:
        policies, plans, findings = check(documents)
    except PolicyError as error:
        _show(error.findings, documents.texts)
        return False
    _show(findings, documents.texts)
    targets = installed()
    bundles = tuple(emit(plans, targets))
    if blamed := (*strange_artifacts(bundles), *check_artifacts(bundles, targets)):
        raise AssertionError(f"our own fault: {blamed[0].message}")
    return not tuple(verify(bundles, policies, targets))


def _show(findings: Iterable[Finding], sources: Mapping[str, str]) -> None:
    findings = tuple(findings)
    assert all(finding.place.line > 0 and finding.place.column > 0 for finding in findings)
    text(findings, sources).encode()
    for form in FORMATS.values():
        form(findings, {}).encode()


TARGET = Target({name: Door(partial(_enter, name), (words.encode(),)) for name, words in POLICIES.items()})
