"""One place on the disk, reached without following a link: each folder on the way is opened from the one above."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.site import Person, acting_for
from deploy.release.whole import flush

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file, as it lies there."""

    content: bytes
    mode: int
    #: when it was written, by this Mac's clock
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A file's place: a folder that is taken as given, and a path below it that must hold no link."""

    anchor: Path
    path: str
    person: Person | None = None

    def __str__(self) -> str:
        return str(self.anchor / self.path)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def read(self) -> Found | None:
        """What lies there. Raises Refusal where it is no regular file."""
        with self._acting():
            try:
                with self._folder(make=False) as folder:
                    handle = os.open(self.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            except FileNotFoundError:
                return None
            with os.fdopen(handle, "rb") as stream:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    raise self._in_the_way()
                return Found(stream.read(MOST_BYTES), stat.S_IMODE(status.st_mode), status.st_mtime)

    def prepare(self, content: bytes, mode: int) -> None:
        """Write the new file beside the place, lasting, under a name that nobody else uses."""
        with self._acting(), self._folder(make=True) as folder:
            _unlink(self._temporary, folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            handle = os.open(self._temporary, flags, mode, dir_fd=folder)
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(handle, mode)  # whatever the umask
                stream.write(content)
                stream.flush()
                flush(handle)

    def commit(self) -> None:
        """The prepared file takes the place."""
        with self._acting(), self._folder(make=False) as folder:
            os.rename(self._temporary, self.name, src_dir_fd=folder, dst_dir_fd=folder)
            flush(folder)

    def remove(self) -> None:
        """Take the file away."""
        with self._acting(), self._folder(make=False) as folder:
            os.unlink(self.name, dir_fd=folder)
            flush(folder)

    def discard(self) -> None:
        """Take away what was prepared and will not be used, of this run or of a killed one."""
        with contextlib.suppress(FileNotFoundError), self._acting(), self._folder(make=False) as folder:
            _unlink(self._temporary, folder)

    def refuse_unless_writable(self) -> None:
        """Try, with the same calls as later, before anything is changed. Raises Refusal."""
        try:
            self.prepare(b"", 0o600)
            self.discard()
        except FileNotFoundError as error:
            raise Refusal("VD302", str(self.anchor), "there is no such folder", _make(self.anchor)) from error

    @property
    def _temporary(self) -> str:
        return f".{self.name}.vane-new"

    @contextmanager
    def _folder(self, make: bool) -> Iterator[int]:
        at = os.open(self.anchor, os.O_RDONLY | os.O_DIRECTORY)
        try:
            is_private = False
            for part in self.path.split("/")[:-1]:
                is_private |= part.startswith(".")
                above, at = at, _below(at, part, make, is_private)
                os.close(above)
            yield at
        finally:
            os.close(at)

    @contextmanager
    def _acting(self) -> Iterator[None]:
        try:
            with acting_for(self.person):
                yield
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR):
                raise self._in_the_way() from error
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                fix = f"give this account the folder: {Path(str(self)).parent}"
                raise Refusal("VD302", str(self), str(error.strerror), fix) from error
            raise

    def _in_the_way(self) -> Refusal:
        fix = "put a regular file or folder there: links are not followed"
        return Refusal("VD301", str(self), "a link, or something that is no regular file, is on the way", fix)


def _make(folder: Path) -> str:
    return f"make {folder}, and give it to the account that the agent runs as"


def _below(folder: int, name: str, make: bool, is_private: bool) -> int:
    """The folder of that name, opened; with `make` it is there. Hidden ones, and those in them, are their owner's."""
    is_new = False
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=folder)
            is_new = True
    opened = os.open(name, _FOLDER, dir_fd=folder)
    if is_new and not is_private:
        os.fchmod(opened, 0o755)  # whatever the umask: root's agent has 077, and others run what is in there
    return opened


def _unlink(name: str, folder: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
