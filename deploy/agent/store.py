"""releases/<hash>/ on the Mac: bundles as they were signed. What is read back is held against the folder's name."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.release.archive import Release, digest_of, unpack
from deploy.release.whole import flush_folder, make_folder, write_lasting

BUNDLE, SIGNATURE = "bundle.tar", "bundle.tar.sig"


class Store:
    """The releases that this Mac holds."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "releases"

    def stage(self, bundle: bytes, signature: bytes) -> None:
        """Keep a verified bundle; its folder appears at once or not at all."""
        digest = digest_of(bundle)
        if self.staged(digest):
            return
        make_folder(self._folder)
        incoming = self._folder / f".new-{digest}"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(mode=0o700)
        write_lasting(incoming / BUNDLE, bundle)
        write_lasting(incoming / SIGNATURE, signature)
        shutil.rmtree(self._folder / digest, ignore_errors=True)  # a damaged one
        incoming.rename(self._folder / digest)
        flush_folder(self._folder)

    def staged(self, digest: str) -> tuple[bytes, bytes] | None:
        """Bundle and signature of a release that is here undamaged."""
        try:
            bundle = (self._folder / digest / BUNDLE).read_bytes()
            signature = (self._folder / digest / SIGNATURE).read_bytes()
        except OSError:
            return None
        return (bundle, signature) if digest_of(bundle) == digest else None

    def load(self, digest: str) -> Release:
        """Raises Refusal."""
        file = self._folder / digest / BUNDLE
        try:
            release = unpack(file.read_bytes())
        except (OSError, ValueError) as error:
            raise Refusal("VD403", str(file), str(error), "run again: it is fetched anew") from error
        if release.digest != digest:
            raise Refusal("VD403", str(file), "its bytes were changed", "delete its folder and run again")
        return release

    def prune(self, keep: Collection[str | None]) -> None:
        """Remove all others, and leftovers of killed runs."""
        for folder in list(self._folder.iterdir()) if self._folder.is_dir() else []:
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)
