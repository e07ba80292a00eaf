"""proposals.json of a week: what the page shows, and what the rules of later weeks remember. Read: report/stored."""

from __future__ import annotations

import json
from typing import Any

from harness.propose.decide import Decided
from harness.propose.edit import Edit
from harness.propose.effect import Effect
from harness.propose.proposal import confidence
from harness.propose.pull_request import title
from harness.propose.signal import Signal
from harness.propose.yaml_nodes import shown

FILE = "proposals.json"
VERSION = 1


def proposals_json(decided: Decided) -> bytes:
    """Same decisions, same bytes."""
    return (json.dumps(as_data(decided), indent=1, ensure_ascii=True) + "\n").encode()


def as_data(decided: Decided) -> dict[str, Any]:
    """Everything, in the order in which people read it."""
    return {
        "version": VERSION,
        "week": str(decided.week),
        "title": title(decided),
        "pull_request": not decided.is_silent,
        "labels": list(decided.labels),
        "proposals": [
            *(_proposal(made.signal, decided, made.effect) for made in decided.made),
            *(_proposal(ticket, decided, None) for ticket in decided.tickets),
        ],
        "left_out": [
            {"title": proposal.title, "findings": [{"code": f.code, "message": f.message, "place": str(f.place)}
                                                   for f in findings]}
            for proposal, findings in decided.left_out
        ],
        "looked_at": [
            {"rule": each.rule, "what": each.about, "reason": each.why} for each in decided.not_proposed
        ],
        "missing": list(decided.missing),
        "seen": list(decided.seen),
    }  # fmt: skip


def _proposal(signal: Signal, decided: Decided, effect: Effect | None) -> dict[str, Any]:
    proposal = signal.proposal
    return {
        "rule": proposal.rule,
        "kind": proposal.kind,
        "key": signal.key,
        "routes": list(signal.routes),
        "title": proposal.title,
        "evidence": [{"says": each.text, "file": _beside(each.file, decided)} for each in proposal.evidence],
        "edits": list(map(_edit, proposal.edits)),
        "effect": " ".join((proposal.effect, *(effect.words if effect else ()))),
        "usd_per_month": None if effect is None or effect.usd_per_month is None else f"{effect.usd_per_month:f}",
        "confidence": confidence(proposal),
        "reversal": proposal.reversal,
    }


def _beside(file: str, decided: Decided) -> str:
    """A file of the week by its name alone, any other by its path."""
    return file.removeprefix(f"generated/weeks/{decided.week}/")


def _edit(edit: Edit) -> dict[str, str]:
    value = "(taken out)" if edit.verb == "delete" else _text(edit.value)
    return {"file": edit.file, "verb": edit.verb, "path": shown(edit.path), "value": value}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
