"""`kill -9` at any point of a write leaves each file old or new, and the next compile heals everything.

A forked child writes with every changing system call of its `os` module counted; before or after the n-th of them, or
in the middle of a write, it kills itself. The parent looks at what is left, for every n until a child gets through.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import pytest

from compiler.write import compare, leftovers, write
from tests.written import FOREIGN, NEW, OLD, VERSION, Compilation, expected, is_as_its_manifest_says, put, tree

#: Every call of the os module with which a write changes a disk; `test_no_change_goes_uncounted` holds this to be all.
CHANGING = ("open", "write", "close", "replace", "mkdir", "unlink", "rmdir")
#: What Python reports of itself when a file system changes.
AUDITED = frozenset(
    {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
)


def fork(child: Callable[[], None]) -> int:
    """Run `child` in a forked process and return how it ended, as `os.waitpid` says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads do not matter to a child that only writes
        pid = os.fork()
    if not pid:
        outcome = 1
        try:
            child()
            outcome = 0
        finally:
            os._exit(outcome)
    return os.waitpid(pid, 0)[1]


def kill_at(moment: int) -> None:
    """Make the n-th moment of this process its last. Each changing call has three: before, half done, after."""
    left = moment

    def tick() -> None:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def counted(call: Callable[..., Any], is_write: bool) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            tick()
            if is_write:
                handle, content = arguments
                done = call(handle, content[: len(content) // 2])
                tick()
                return done + int(call(handle, content[done:]))
            result = call(*arguments, **options)
            tick()
            return result

        return counting

    for name in CHANGING:
        setattr(os, name, counted(getattr(os, name), name == "write"))


def killed_writes(folder: Path, compiled: Compilation) -> Any:
    """Folders with OLD and foreign files in which a write of `compiled` was killed, each at a later moment."""
    for moment in count():
        generated = folder / f"killed-{moment}"
        write(generated, OLD, VERSION)
        put(generated, FOREIGN)

        def child(generated: Path = generated, moment: int = moment) -> None:
            kill_at(moment)
            write(generated, compiled, VERSION)

        ended = fork(child)
        if not ended:
            assert moment > 50, "so few system calls cannot have been all"
            return
        assert os.WIFSIGNALED(ended), "the child failed instead of being killed"
        assert os.WTERMSIG(ended) == signal.SIGKILL
        yield generated


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    folder = tmp_path_factory.mktemp("manifests")
    for name, compiled in (("old", OLD), ("new", NEW)):
        write(folder / name, compiled, VERSION)
    return (folder / "old/manifest.json").read_bytes(), (folder / "new/manifest.json").read_bytes()


def test_killed_at_any_moment(tmp_path: Path, manifests: tuple[bytes, bytes]) -> None:
    for generated in killed_writes(tmp_path, NEW):
        is_old_or_new(generated, manifests)
        copy = generated.with_suffix(".copy")
        shutil.copytree(generated, copy)
        heals(generated, manifests[1])
        heals_going_back(copy, manifests[0])


def is_old_or_new(generated: Path, manifests: tuple[bytes, bytes]) -> None:
    old, new, foreign, found = expected(OLD), expected(NEW), expected(Compilation({}), FOREIGN), tree(generated)
    for path in old.keys() | new.keys():
        assert found.get(path) in (old.get(path), new.get(path)), f"{generated.name}: {path}"
    assert foreign.items() <= found.items()
    manifest = (generated / "manifest.json").read_bytes()
    assert manifest in manifests
    if manifest == manifests[1]:  # it is the last: when it is new, all is
        assert {path: found[path] for path in found if path != "manifest.json"} == new | foreign


def heals(generated: Path, manifest: bytes) -> None:
    changes = write(generated, NEW, VERSION)
    assert changes.foreign == ("machines/air/notes.txt",)
    assert changes.edited == ()
    assert tree(generated) == expected(NEW, FOREIGN) | {"manifest.json": (manifest, False)}
    assert not compare(generated, NEW, VERSION).any


def heals_going_back(generated: Path, manifest: bytes) -> None:
    """What the killed run added is in no manifest, so it is nobody's: left alone, and named."""
    changes = write(generated, OLD, VERSION)
    found = tree(generated)
    added = {path for path in expected(NEW).keys() - expected(OLD).keys() if path in found}
    assert set(changes.foreign) == added | {"machines/air/notes.txt"}
    assert {f.place.file for f in leftovers(changes, "g")} == {f"g/{path}" for path in changes.foreign}
    ours = {path: what for path, what in found.items() if path not in added}
    assert ours == expected(OLD, FOREIGN) | {"manifest.json": (manifest, False)}


def test_no_change_goes_uncounted(tmp_path: Path) -> None:
    """The calls that are counted are all that change anything, by Python's own audit."""
    generated = tmp_path / "generated"
    write(generated, OLD, VERSION)

    def child() -> None:
        calls, audited = [], []
        is_over = False

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if is_over:
                return
            if event in AUDITED or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
                audited.append(event)

        def noted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
            def noting(*arguments: Any, **options: Any) -> Any:
                if name != "open" or arguments[1] & (os.O_WRONLY | os.O_RDWR):
                    calls.append(name)
                return call(*arguments, **options)

            return noting

        for name in CHANGING:
            setattr(os, name, noted(name, getattr(os, name)))
        sys.addaudithook(hook)
        write(generated, NEW, VERSION)
        is_over = True
        names = {
            "open": "open",
            "replace": "os.rename",
            "mkdir": "os.mkdir",
            "unlink": "os.remove",
            "rmdir": "os.rmdir",
        }
        assert sorted(audited) == sorted(names[call] for call in calls if call in names)
        assert set(audited) == set(names.values())

    assert fork(child) == 0


def test_compiles_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    """Whoever comes second waits: at the end all is as the last of them wanted it, and none failed on the way."""
    generated = tmp_path / "generated"

    def many_writes() -> NoReturn:
        outcome = 1
        try:
            for _ in range(20):
                write(generated, OLD, VERSION)
                write(generated, NEW, VERSION)
            outcome = 0
        finally:
            os._exit(outcome)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        children = [pid for _ in range(3) if (pid := os.fork() or many_writes())]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert is_as_its_manifest_says(generated)
    assert {path: what for path, what in tree(generated).items() if path != "manifest.json"} == expected(NEW)
