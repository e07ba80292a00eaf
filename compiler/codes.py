"""Everything that the tool can find, by code: what `vane rules` lists and `vane rule` explains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

from compiler import assertions, load, lock, on_disk, policy, rules, verify, write
from compiler import compile as pipeline
from compiler.diagnostics import Code
from compiler.importing import findings as import_findings
from compiler.starting import findings as starting_findings

#: Codes of other rooms. The name stands here alone: the compiler imports none of them.
ELSEWHERE = ("harness.codes",)
#: That room knows no compiler, so it has a sentence a code and no `Code`.
AGENTS = "deploy.release.codes"


def codes() -> tuple[Code, ...]:
    """All codes in order, those of other rooms too."""
    elsewhere = (code for room in ELSEWHERE for code in import_module(room).CODES)
    return tuple(sorted((*compile_codes(), *elsewhere, *_of_agents()), key=lambda code: code.code))


def _of_agents() -> Iterator[Code]:
    """Those with which a bundle is refused, or the agent on a Mac stops or reports."""
    for code, said in import_module(AGENTS).CODES.items():
        name = re.sub(r"[^a-z0-9]+", "-", said.lower().replace("'s", "")).strip("-")
        title, why = (
            f"{said[0].upper()}{said[1:]}",
            "Bundles and the agents of the Macs say it; docs/deploy.md tells more.",
        )
        yield Code(code, name, title, "it is printed with the place and the way out", why)


def compile_codes() -> tuple[Code, ...]:
    """What a compile can find, in order."""
    found = (
        *load.CODES, *policy.CODES, *rules.codes(), *pipeline.CODES, *verify.CODES, *on_disk.CODES,
        *assertions.CODES, *write.CODES, *lock.CODES, *import_findings.CODES, *starting_findings.CODES,
    )  # fmt: skip
    return tuple(sorted(found, key=lambda code: code.code))
