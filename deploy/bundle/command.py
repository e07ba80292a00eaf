"""`vane bundle`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.bundle.agent_file import NAME, agent_bytes
from deploy.bundle.contents import machines
from deploy.bundle.lineage import Lineage, lineage, refuse_unless_committed
from deploy.release.archive import bundle_name, digest_of, pack, pointer_name
from deploy.release.manifest import Manifest, Origin
from deploy.release.signature import sign
from deploy.release.whole import write_lasting

_LATER = "give --rolls-back a revision whose release came after this checkout's"


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: refused, and DIR still names the releases that it named."""
    try:
        made = _bundles(asked.project, asked.key, asked.rolls_back)
        agent = agent_bytes()
        files = {NAME: agent, f"{NAME}.sig": sign(agent, asked.key)}
    except Refusal as refusal:
        sys.stderr.write(refusal.text)
        return refusal.exit_code
    pointers, said = {}, []
    for machine, (bundle, signature) in made.items():
        digest = digest_of(bundle)
        name = bundle_name(digest)
        files |= {name: bundle, f"{name}.sig": signature}
        pointers[pointer_name(machine)] = f"{digest}\n".encode()
        said.append(f"{machine}  {digest[:12]}  {len(bundle)} bytes")
    _write(asked.out, files)
    _write(asked.out, pointers)  # last: whoever reads a pointer finds the bundle
    print("\n".join(said))
    return 0


def _bundles(project: Path, key: Path, rolls_back: str | None) -> dict[str, tuple[bytes, bytes]]:
    """Mac → bundle and signature. Raises Refusal."""
    refuse_unless_committed(project)
    here = lineage(project)
    later = _later(project, rolls_back, here)
    made = {}
    for machine, entries, contents in machines(project):
        bundle = pack(Manifest(machine, here.origin, here.before, later, entries), contents)
        made[machine] = bundle, sign(bundle, key)
    return made


def _later(project: Path, revision: str | None, here: Lineage) -> Origin | None:
    if revision is None:
        return None
    later = lineage(project, revision).origin
    if later.number <= here.origin.number:
        raise Refusal("VD102", revision, f"its release {later.number} is not after {here.origin.number}", _LATER)
    return later


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_lasting(folder / name, content, 0o644)
