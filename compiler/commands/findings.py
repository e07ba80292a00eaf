"""How commands print findings."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.diagnostics import Finding, Severity, errors, ordered


def show(findings: Sequence[Finding], format: str, project: Path, sources: Mapping[str, str] | None = None) -> None:
    """Print findings: text to standard error with source lines, everything else to standard output."""
    from compiler import formats

    findings = ordered(findings)
    if format != "text":
        sys.stdout.write(formats.FORMATS[format](findings, {}))
        return
    if errors(findings):  # what must be mended comes alone
        findings = tuple(finding for finding in findings if finding.severity is not Severity.NOTE)
    texts = read_sources(findings, project) if sources is None else sources
    sys.stderr.write(formats.text(findings, texts, colour=_is_colourful()))
    if findings:
        sys.stderr.write(f"{formats.summary(findings)}\n")


def _is_colourful() -> bool:
    """Colour only on a terminal, and not where its user said no (no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def read_sources(findings: Sequence[Finding], project: Path) -> Mapping[str, str]:
    """The texts of the files that findings name, as far as they can be read: links must not show other files."""
    texts = {}
    for file in {finding.place.file for finding in findings}:
        path, folder = project / file, project / file.partition("/")[0]
        try:
            inside = path.resolve().is_relative_to(folder.resolve())
            if inside and path.is_file() and path.stat().st_size <= 4 * 1024 * 1024:
                content = path.read_bytes()
                if b"\0" not in content:  # a database has no lines to show
                    texts[file] = content.decode("utf-8", "replace").removeprefix("\ufeff")
        except (OSError, RuntimeError):  # RuntimeError: a loop of links; the finding itself says so
            continue
    return texts
