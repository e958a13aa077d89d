"""What a policy makes of one saved input: small, and all that reports of many inputs need."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from netrx_tune.model.finding import (
    Cause,
    Confidence,
    Evidence,
    Recommendation,
    Severity,
    Skipped,
    Window,
)
from netrx_tune.model.ledger import Bound
from netrx_tune.model.sample import Gap

# passed: nothing that fails. failed: a finding that does. unreadable: no input of the kind, or a
# damaged one. not-judged: readable, and too poor for what was asked.
Outcome = Literal["passed", "failed", "unreadable", "not-judged"]

OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "unreadable", "not-judged")


class Spot(NamedTuple):
    """A place in an input: a file of its own layout, and a line from 1 where one is known."""

    file: str  # "1/proc/net/snmp"; "" for the input itself
    line: int | None = None


class JudgedFinding(NamedTuple):
    """One finding, of a rule or of the policy, once the policy has spoken.

    `fingerprint` holds no count and no time: it stays the same from run to run. `accepted` is
    the reason of an acceptance that is in force; `expired` tells of one that is not any more.
    """

    rule: str
    stage: str
    severity: Severity
    confidence: Confidence
    summary: str
    fingerprint: str
    fails: bool
    cause: Cause | None = None
    lost: int | None = None
    share: float | None = None
    present: bool | None = True
    accepted: str | None = None
    expired: str | None = None
    spot: Spot = Spot("")
    evidence: tuple[Evidence, ...] = ()
    advice: Recommendation | None = None  # the first one: what the tool would do


class StageLoss(NamedTuple):
    """One line of the ledger: a stage that lost something, or None where it cannot be seen."""

    stage: str
    lost: int | None
    bound: Bound
    offered: int | None

    @property
    def share(self) -> float | None:
        """Lost over offered, or None where either is unknown or nothing was offered."""
        if self.lost is None or not self.offered:
            return None
        return min(1.0, self.lost / self.offered)


class Totals(NamedTuple):
    """The books in one line: offered = delivered + queued + lost."""

    offered: int | None
    delivered: int | None
    queued: int | None
    lost: int


class JudgedHost(NamedTuple):
    """What tells hosts of a fleet apart."""

    kernel: str | None = None  # uname -r
    distribution: str | None = None
    cpus: int | None = None
    memory_bytes: int | None = None
    netns: str | None = None


class Judgement(NamedTuple):
    """One input under one policy.

    `host` is the label of the host: its name where the input tells, else the file's own name
    without folder and suffix, and the network namespace unless that is the host's own. `stamp`
    is size and time of change, from which a later run sees that the input is still the same.
    `ledger` has the stages that lost something or cannot be seen; a stage that is not in it lost
    nothing, or does not exist on that kernel.
    """

    name: str  # as it was given
    host: str
    outcome: Outcome
    reason: str  # one line
    findings: tuple[JudgedFinding, ...] = ()  # worst first
    skipped: tuple[Skipped, ...] = ()
    about: JudgedHost = JudgedHost()
    window: Window | None = None
    totals: Totals | None = None
    ledger: tuple[StageLoss, ...] = ()
    settings: Mapping[str, tuple[int, ...]] = {}  # of the tool's tunables, devices left out
    gaps: tuple[Gap, ...] = ()  # what stood there and did not read
    stamp: str | None = None
    policy: str = ""  # the digest of what it was judged by
    is_folder: bool = False  # whether files of a spot stand on this disk, or in an archive
    is_resumed: bool = False  # taken from an earlier run
    # An input may hold several network namespaces, with a judgement for each: that of the host's
    # own names the others, and each of those says which of them it is.
    namespace: str | None = None
    namespaces: tuple[str, ...] = ()
