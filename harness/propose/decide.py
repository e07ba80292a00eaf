"""A week's evidence → what is proposed: rules, then one voice, then each proposal tried out. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from compiler.diagnostics import Finding, errors, source_lines
from compiler.targets import Target
from harness.propose.dropout import dropout
from harness.propose.effect import Effect, effects
from harness.propose.entrant import entrant
from harness.propose.evidence import verdicts
from harness.propose.gone import gone
from harness.propose.gray_rollback import gray_rollback
from harness.propose.mover import mover
from harness.propose.price import price
from harness.propose.production import heard, production
from harness.propose.proposal import NotProposed, Proposal, Verdict
from harness.propose.replayed import Replay
from harness.propose.settle import settle
from harness.propose.signal import Rule, Signal
from harness.propose.trial import Trial, try_out
from harness.propose.verdict import verdict
from harness.propose.week_evidence import WeekEvidence
from harness.weeks import Week

#: The label at which a repository's own rule may merge without a person.
AUTO_MERGE = "auto-merge"


@dataclass(frozen=True, slots=True)
class Made:
    """A proposal that holds, tried out upon those before it."""

    signal: Signal
    trial: Trial
    effect: Effect
    #: the lines of policies that it changes, as a unified diff
    diff: str

    @property
    def proposal(self) -> Proposal:
        """What people read."""
        return self.signal.proposal


@dataclass(frozen=True, slots=True)
class Decided:
    """All that a week comes to."""

    week: Week
    made: tuple[Made, ...]
    tickets: tuple[Signal, ...]
    #: what does not hold, and what speaks against it
    left_out: tuple[tuple[Proposal, tuple[Finding, ...]], ...]
    not_proposed: tuple[NotProposed, ...]
    missing: tuple[str, ...]
    #: keys of all that the rules saw
    seen: tuple[str, ...]
    #: kinds that tracks.yaml lets merge by themselves
    auto_merge: frozenset[str]
    #: what is on the branch already because people committed to it, and none of this week's
    beneath: tuple[str, ...] = ()
    #: keys of proposals that people changed on the branch, or took back
    peoples: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the pull request. It merges as a whole, so one proposal that needs somebody keeps the rest waiting too."""
        kinds = {made.proposal.kind for made in self.made}
        return (AUTO_MERGE,) if kinds and kinds <= self.auto_merge else ()

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing that anybody has to read."""
        return not (self.made or self.tickets or self.left_out)


def ledger(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """The dollar track's money (cap.py), and the gray pool's part of the tokens (gray_share.py)."""
    if evidence.ledger:
        yield from map(_signal, verdicts(evidence.ledger, evidence.policies))


def _signal(said: Verdict) -> Signal | NotProposed:
    return Signal(said.rule, said) if isinstance(said, Proposal) else said


def _diffs(policies: Path, trials: Sequence[Trial]) -> Iterator[str]:
    """Each upon those before it."""
    texts: dict[str, str] = {}
    for trial in trials:
        diff: list[str] = []
        for file, new in trial.files:
            old = texts.get(file) or (policies / file).read_bytes().decode("utf-8")
            name = f"{policies.name}/{file}"
            diff += unified_diff(source_lines(old), source_lines(new), name, name, n=1, lineterm="")
            texts[file] = new
        yield "\n".join(diff)


RULES: tuple[Rule, ...] = (gone, gray_rollback, ledger, verdict, production, price, dropout, entrant, mover)


def decide(
    evidence: WeekEvidence,
    policies: Path,
    targets: Sequence[Target],
    replay: Replay | None = None,
    standing: Set[str] = frozenset(),
) -> Decided:
    """Hear every rule; `policies` is the folder that edits are tried out on, and it is only read.

    `standing`: keys of what is open on the branch already, and stays.
    """
    found = list(heard((said for rule in RULES for said in rule(evidence)), evidence))
    settled = settle(found, evidence.history, standing)
    changes = [signal for signal in settled.signals if not signal.is_ticket]
    trials = try_out(policies, [signal.proposal for signal in changes], targets)
    pairs = list(zip(changes, trials, strict=True))
    holding = [(signal, trial) for signal, trial in pairs if trial.holds]
    found_effects = effects(policies, [trial for _, trial in holding], targets, evidence.run, replay) if holding else []
    diffs = _diffs(policies, [trial for _, trial in holding])
    made = (Made(*pair, effect, diff) for pair, effect, diff in zip(holding, found_effects, diffs, strict=True))
    return Decided(
        week=evidence.week,
        made=tuple(made),
        tickets=tuple(signal for signal in settled.signals if signal.is_ticket),
        left_out=tuple((trial.proposal, errors(trial.findings)) for _, trial in pairs if not trial.holds),
        not_proposed=settled.looked,
        missing=evidence.missing,
        seen=settled.seen,
        auto_merge=frozenset(evidence.policies.tracks.auto_merge),
    )
