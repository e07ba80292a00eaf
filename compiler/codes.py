"""Everything that a compile can find, by code: what `vane rules` lists and `vane rule` explains."""

from __future__ import annotations

from compiler import assertions, load, lock, on_disk, policy, rules, verify, write
from compiler import compile as pipeline
from compiler.diagnostics import Code
from compiler.importing import findings as import_findings


def codes() -> tuple[Code, ...]:
    """All codes in order."""
    found = (
        *load.CODES, *policy.CODES, *rules.codes(), *pipeline.CODES, *verify.CODES, *on_disk.CODES,
        *assertions.CODES, *write.CODES, *lock.CODES, *import_findings.CODES,
    )  # fmt: skip
    return tuple(sorted(found, key=lambda code: code.code))
