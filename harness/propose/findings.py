"""What proposing can find. `harness/codes.py` shows them to `vane rules`."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

EDIT_REFUSED = Code(
    "VP101", "edit-refused", "A proposal's edit cannot be made without touching more than it means",
    "write the value out in lines of its own, then run it again; or make the change by hand",
    "People's comments, order and quotes are theirs. What cannot be changed alone is not changed.",
)  # fmt: skip
LEFT_OUT = Code(
    "VP102", "proposal-left-out", "A proposal does not hold: with it the policies do not compile, or a test fails",
    "look at the findings with it; change the policies that stand in its way, or make another change",
    "A proposal is checked, compiled, verified and tested before anybody sees it.", Severity.WARNING,
)  # fmt: skip
CHANGED_MEANWHILE = Code(
    "VP103", "changed-meanwhile", "A policy file changed while proposals for it were tried out",
    "run it again", "Writing would take somebody's change away.",
)  # fmt: skip
CODES = (EDIT_REFUSED, LEFT_OUT, CHANGED_MEANWHILE)
