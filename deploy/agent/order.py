"""Whether a release may follow what this Mac has had. Neither a clock nor the remote is asked, only what was signed."""

from __future__ import annotations

from deploy.account.refusal import Refusal
from deploy.release.manifest import Manifest, Origin

_OLDER = "nothing was changed; to go back on purpose: `vane bundle --rolls-back REVISION`"
_OTHER = "nothing was changed; publish from the branch that this Mac follows, or `vane bundle --rolls-back REVISION`"


def refuse_unless_next(manifest: Manifest, highest: Origin | None) -> None:
    """`highest` is the furthest release that this Mac ever confirmed. Raises Refusal."""
    if highest is None:
        return
    here = f"release {manifest.origin.number}"
    if manifest.rolls_back is not None:
        _refuse_stale_rollback(manifest.rolls_back, highest, here)
    elif manifest.origin.number < highest.number:
        raise Refusal("VD205", here, f"this Mac has had release {highest.number}", _OLDER)
    elif not _follows(manifest, highest):
        raise Refusal("VD206", here, f"it does not come after {highest.number} ({highest.commit[:12]})", _OTHER)


def _refuse_stale_rollback(rolls_back: Origin, highest: Origin, here: str) -> None:
    """An old permission to go back must not undo a release that came after it."""
    if rolls_back.number < highest.number:
        why = f"it takes back {rolls_back.number}, and this Mac has had release {highest.number}"
        raise Refusal("VD205", here, why, _OLDER)
    if rolls_back.number == highest.number and rolls_back.commit != highest.commit:
        raise Refusal("VD206", here, f"it takes back another release {highest.number}", _OTHER)


def _follows(manifest: Manifest, highest: Origin) -> bool:
    steps = manifest.origin.number - highest.number
    if steps == 0:  # the same place in history with other bytes, or one that was taken back
        return False
    return steps > len(manifest.lineage) or manifest.lineage[steps - 1] == highest.commit


def furthest(highest: Origin | None, manifest: Manifest) -> Origin:
    """What `highest` is once the release is confirmed: what was taken back stays behind this Mac."""
    return max(origin for origin in (highest, manifest.origin, manifest.rolls_back) if origin is not None)
