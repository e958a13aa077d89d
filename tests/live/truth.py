"""What really happened, from the programs alone, and where it may be reported."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.live.lab import Lab

Severity = Literal["note", "warning", "critical"]

LOSS: frozenset[Severity] = frozenset({"warning", "critical"})
POLICY: frozenset[Severity] = frozenset({"note"})
STRAY: frozenset[Severity] = frozenset({"note", "warning"})
ANY: frozenset[Severity] = frozenset({"note", "warning", "critical"})


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The account of one window.

    `sent` reached the wire, `delivered` was read by programs inside the window, `queued`
    was still in a socket at its end. `lost` is by stage, from the difference. None where
    the programs cannot know. `losers` sockets met a full buffer; `earlier` is what this
    namespace lost before the window, all else in it is new. `words` have to stand in what
    is said of a full buffer, once the traffic shows its cause.
    """

    sent: int
    delivered: int | None
    lost: Mapping[str, int] = field(default_factory=dict)
    queued: int | None = 0
    losers: int | None = None
    earlier: Mapping[str, int] = field(default_factory=dict)
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How one stage's loss may be reported.

    `instead` are stages of the books that may hold it when nothing on this host names it;
    with `unseen` no counter of the watched namespace moves, and silence is right too.
    `reasons` are the kernel's own words for it, a second witness.
    """

    stage: str
    reasons: frozenset[str]
    instead: frozenset[str] = frozenset()
    severities: frozenset[Severity] = LOSS
    unseen: bool = False


# Yields the namespace to watch when all is built, yields it again when the traffic has
# settled, and returns the truth after the window has closed.
Play = Generator[str, None, Truth]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to lose packets, or not to lose any."""

    name: str
    description: str
    play: Callable[[Lab], Play]
    expected: tuple[Expected, ...] = ()
    seconds: float = 1.0  # of the window, somewhat longer than the traffic
    cause: str = ""  # of a full buffer, where the traffic shows it all through the window
    host_wide: bool = False  # sets or counts for the whole host, or needs all of its CPUs

    @property
    def alone(self) -> bool:
        """Whether nothing else may run; a cause is seen of the times at which things happen."""
        return self.host_wide or bool(self.cause)

    @property
    def stages(self) -> str:
        """The expected stages for a table's cell."""
        return ", ".join(each.stage for each in self.expected) or "none"


_IP = frozenset({"ip-unattributed"})
_UDP = frozenset({"udp-unattributed"})
_DEVICE = frozenset({"device-unattributed"})


def _known(
    stage: str,
    reasons: str,
    severities: frozenset[Severity] = LOSS,
    instead: frozenset[str] = frozenset(),
    *,
    unseen: bool = False,
) -> Expected:
    return Expected(
        stage=stage,
        reasons=frozenset(reasons.split()),
        severities=severities,
        instead=instead,
        unseen=unseen,
    )


# One entry per stage that the lab can lose at, in path order.
_KNOWN = {
    each.stage: each
    for each in (
        _known("xdp-native-drop", "", POLICY, _DEVICE),
        _known("veth-ring-overflow", "", unseen=True),
        _known("cpu-backlog-overflow", "CPU_BACKLOG"),
        _known("rps-flow-limit", "CPU_BACKLOG"),
        _known("xdp-generic-drop", "", POLICY, _DEVICE),
        _known("packet-tap-drop", "", STRAY, unseen=True),
        _known("tc-ingress-drop", "TC_INGRESS", POLICY, _DEVICE),
        _known("nf-ingress-drop", "NETFILTER_DROP", POLICY, _DEVICE),
        _known("l2-unhandled-proto", "UNHANDLED_PROTO", STRAY),
        _known("ip-otherhost", "OTHERHOST", STRAY, unseen=True),
        _known("ip-header-invalid", "IP_CSUM IP_INHDR"),
        _known("ip-truncated", "PKT_TOO_SMALL"),
        _known("nf-prerouting-drop", "NETFILTER_DROP", POLICY, _IP),
        _known("conntrack-table-full", "NETFILTER_DROP"),
        _known("defrag-memory", ""),
        _known("defrag-timeout", "FRAG_REASM_TIMEOUT"),
        _known("route-no-route", "IP_INNOROUTES"),
        _known("route-not-local", "IP_INADDRERRORS", ANY),
        _known("route-rpfilter", "IP_RPFILTER", ANY),
        _known("route-martian", "IP_LOCALNET IP_LOCAL_SOURCE IP_INVALID_SOURCE", ANY, _IP),
        _known("mcast-not-joined", "", STRAY, _IP | {"ip-internal-discard"}),
        _known("ip-options", "", ANY, _IP),
        _known("nf-input-drop", "NETFILTER_DROP", POLICY, _IP),
        _known("proto-unknown", "IP_NOPROTO", ANY),
        _known("udp-short", "PKT_TOO_SMALL", instead=_UDP),
        _known("udp-csum-early", "UDP_CSUM"),
        _known("udp-v6-zero-csum", "UDP_CSUM", instead=frozenset({"udp-csum-early"})),
        _known("udp-mcast-nolistener", "", STRAY),
        _known("udp-no-port", "NO_SOCKET", STRAY),
        _known("udp-xfrm-policy", "XFRM_POLICY", POLICY),
        _known("udp-sk-filter", "SOCKET_FILTER", POLICY, _UDP),
        _known("udp-rcvbuf-full", "SOCKET_RCVBUFF"),
        _known("udp-proto-mem", "PROTO_MEM"),
        _known("udp-csum-late", "UDP_CSUM"),
        _known("udp-closed-unread", "", ANY, _UDP, unseen=True),
        _known("tcp-listen-overflow", ""),
        _known("tcp-backlog-full", "SOCKET_BACKLOG"),
        _known("tcp-rcvbuf-full", "PROTO_MEM"),
        _known("tcp-ofo-pruned", "PROTO_MEM"),
    )
}


def at(stage: str, *, named: bool = False, reasons: str = "") -> Expected:
    """Return how loss at a stage may be reported.

    `named` says that something does name it, so that the books' remainder is no answer;
    `reasons` that the kernel uses other words for it here.
    """
    known = _KNOWN[stage]
    return replace(
        known,
        instead=frozenset() if named else known.instead,
        unseen=known.unseen and not named,
        reasons=frozenset(reasons.split()) or known.reasons,
    )
