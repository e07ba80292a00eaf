"""`python -m tests.fuzz SECONDS [TARGET …]`: each target in a process of its own, one after the other.

A broken promise does not end the run: the input is written to .cache/fuzz/<target>/found, once for each place in our
code, and the exit code is 1. An input that takes too long, or too much memory, ends its target's run.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.contract.wheels import wheels
from tests.fuzz.mutate import changed

PROJECT = Path(__file__).parents[2]
TARGETS = ("policies", "market", "bundles")
#: Of one input. The limit on time is generous: other programs may have the machine.
MOST_SECONDS, MOST_MEGABYTES, MOST_BYTES = 60, 2048, 64 << 10
_OURS = ("compiler/", "harness/", "deploy/", "tests/fuzz/")


def main() -> int:
    """Run the targets; say what was found."""
    seconds, *targets = sys.argv[1:]
    failed = False
    for target in targets or TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", "--one", target, seconds]
        failed |= subprocess.run(command, cwd=PROJECT, check=False).returncode != 0
        found = sorted((_home(target) / "found").iterdir())
        failed |= bool(found)
        for file in found:
            sys.stderr.write(f"{target}: broken promise: {file.relative_to(PROJECT)}\n")
    return int(failed)


def _home(target: str) -> Path:
    return PROJECT / ".cache/fuzz" / target


def one(name: str, seconds: str) -> None:
    """Fuzz one target in this process; libFuzzer ends it."""
    sys.path.insert(0, str(wheels("fuzz")))
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["compiler", "harness", "deploy"]):
        target = import_module(f"tests.fuzz.{name}").TARGET
    home = _home(name)
    corpus, found = home / "corpus", home / "found"
    shutil.rmtree(found, ignore_errors=True)
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for seed, content in target.seeds().items():
        (corpus / seed).write_bytes(content)

    def enter(data: bytes) -> None:
        try:
            target.once(data)
        except Exception as error:
            _note(found, data, error)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if not data or chance.random() < 0.4:
            return bytes(atheris.Mutate(data, most))
        return (data[:1] + changed(data[1:], chance))[:most]

    limits = [f"-timeout={MOST_SECONDS}", f"-rss_limit_mb={MOST_MEGABYTES}", f"-max_len={MOST_BYTES}"]
    kept = Path(__file__).parent / "kept" / name
    flags = [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-len_control=0"]
    flags += ["-verbosity=0", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *limits, *flags, str(corpus), str(kept)], enter, custom_mutator=mutate)
    atheris.Fuzz()


def _note(found: Path, data: bytes, error: Exception) -> None:
    """Keep the input, once for each place."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if any(f"/{part}" in frame.filename for part in _OURS)]
    last = ours[-1]
    file = found / f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"
    if not file.exists():
        file.write_bytes(data)
        file.with_suffix(".txt").write_text("".join(traceback.format_exception(error))[-6000:], "utf-8", "replace")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(*sys.argv[2:])
    sys.exit(main())
