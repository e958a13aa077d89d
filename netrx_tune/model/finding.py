"""What the tool says: findings with their evidence, and what to do about them."""

from typing import Literal, NamedTuple

from netrx_tune.model.ledger import Ledger
from netrx_tune.model.sample import Gap
from netrx_tune.model.snapshot import HostFacts, WindowMode

Severity = Literal["critical", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
Cause = Literal[
    "sustained-overload",
    "burst",
    "reader-stall",
    "reader-stopped",
    "reader-starved",
    "unknown",
]
Limit = Literal["app-request", "rmem-max", "rmem-default", "forced", "unknown"]
Kind = Literal[
    "sysctl",
    "setsockopt",
    "sysfs",
    "ethtool",
    "netfilter",
    "route",
    "placement",
    "application",
    "sender",
    "hardware",
    "platform",
    "none",
]
Scope = Literal["host", "netns", "device", "cpu", "socket", "application", "platform"]
TakesEffect = Literal["now", "new-sockets", "restart", "boot"]

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "critical")


class Evidence(NamedTuple):
    """One counter's movement in the window; None where a sample lacks it."""

    counter: str
    before: int | None
    after: int | None
    increase: int | None
    per_second: float | None


class SocketReport(NamedTuple):
    """A socket that lost something, as the report shows it."""

    inode: int
    family: str
    protocol: str
    local: str
    netns: str | None
    pid: int | None
    process: str | None
    drops: int
    rcvbuf_bytes: int | None
    limit: Limit | None


class Recommendation(NamedTuple):
    """One change: what to type, why, what it costs, how to undo it."""

    kind: Kind
    target: str
    scope: Scope
    why: str
    cost: str
    takes_effect: TakesEffect = "now"
    current: int | str | None = None
    proposed: int | str | None = None
    command: str | None = None
    undo: str | None = None


class Finding(NamedTuple):
    """One thing the host shows.

    `present` is False for loss before the window, None where nothing tells when it was.
    """

    rule: str
    stage: str
    severity: Severity
    confidence: Confidence
    summary: str
    lost: int | None = None
    share: float | None = None
    present: bool | None = True
    cause: Cause | None = None
    meaning: str = ""
    evidence: tuple[Evidence, ...] = ()
    sockets: tuple[SocketReport, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()


class Skipped(NamedTuple):
    """A rule that could not judge this host, with what it would need."""

    rule: str
    needs: tuple[str, ...]
    why: str


class Window(NamedTuple):
    """The time that a diagnosis is about."""

    mode: WindowMode
    seconds: float | None


class Diagnosis(NamedTuple):
    """Everything one run found; reporters turn it into text or JSON."""

    host: HostFacts
    window: Window
    ledger: Ledger
    findings: tuple[Finding, ...]  # worst first
    skipped: tuple[Skipped, ...]
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...] = ()
    plan: tuple[Recommendation, ...] = ()  # of all findings, agreed, best first
    unbooked: tuple[str, ...] = ()  # the counters that were read, where no stage is known by them
