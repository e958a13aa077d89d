"""The UDP books: InErrors taken apart into the stages that it sums.

InErrors counts every datagram that UDP took and then lost. RcvbufErrors, InCsumErrors and
MemErrors are parts of it; what is left has no counter of its own. The sockets' drops tell more,
because some losses move them and some do not:

    on arrival, before any socket     bad checksum (UDP length <= 76), short header     no drops
    at the socket                     filter, policy, buffer, memory, late checksum     drops

Kernel: net/ipv4/udp.c, __udp4_lib_rcv(), udp_queue_rcv_one_skb(), udp_recvmsg().
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath import kernel_features as features
from netrx_tune.rxpath.books.entries import entries, gained

_FIELDS = (
    "InDatagrams",
    "NoPorts",
    "IgnoredMulti",
    "InErrors",
    "RcvbufErrors",
    "InCsumErrors",
    "MemErrors",
)
MIBS = ("Udp", "Udp6", "UdpLite", "UdpLite6")


class Errors(NamedTuple):
    """The four protocols' error counters, added up."""

    delivered: int  # InDatagrams: counted when a program reads
    no_ports: int
    ignored: int  # IgnoredMulti
    in_errors: int
    rcvbuf: int
    csum: int
    memory: int

    @property
    def residual(self) -> int:
        """InErrors that no counter names; tiny negative skews between CPUs are 0."""
        return max(0, self.in_errors - self.rcvbuf - self.csum - self.memory)


class Split(NamedTuple):
    """How checksum errors and nameless errors divide between arrival and socket."""

    csum_late: int
    filtered: int  # nameless, and a socket counted it
    silent: int  # a socket counted it, InErrors did not
    certain: bool  # the sockets' drops explain all of it


def counters(field: str) -> tuple[str, ...]:
    """Return a UDP field's name in each of the four protocols."""
    return tuple(f"{mib}.{field}" for mib in MIBS)


def errors_of(delta: Delta) -> Errors | None:
    """Return the summed counters, or None where no UDP line could be read."""
    if gained(delta, *counters("InErrors")) is None:
        return None
    return Errors(*(gained(delta, *counters(field)) or 0 for field in _FIELDS))


def udp_accounts(delta: Delta) -> tuple[Account, ...]:
    """Return the accounts of all UDP stages."""
    errors = errors_of(delta)
    if errors is None:
        return ()
    drops = socket_drops(delta)
    split = _split(delta, errors, drops)
    offered = errors.delivered + errors.no_ports + errors.ignored + errors.in_errors + split.silent
    buffer = _buffer(delta, errors, drops)
    accounts = (
        *_arrivals(delta, errors, split, buffer),
        *_at_socket(delta, errors, split, buffer),
    )
    return tuple(account._replace(offered=offered) for account in accounts)


def socket_drops(delta: Delta) -> int | None:
    """Return the drops that UDP sockets gained, or None where no socket could be read."""
    if delta.socket_drops is None:
        return None
    gains = [(s, n) for s, n in delta.socket_drops if s.protocol in ("udp", "udplite")]
    return sum(n for _, n in gains)


def memory_is_short(delta: Delta) -> bool:
    """Tell whether all UDP sockets together stand at or near the host's limit.

    Only udp_mem[0] limits. Each CPU may hold mem_pcpu_rsv pages that the sum leaves out.
    Kernel: net/core/sock.c, __sk_mem_raise_allocated(); include/net/sock.h.
    """
    limit = delta.after.settings.get("net.ipv4.udp_mem", ())
    used = [s.levels.get("sockstat.UDP.mem") for s in (delta.before, delta.after) if s]
    if not limit or not any(used):
        return False
    return max(pages or 0 for pages in used) >= 0.9 * limit[0]


def _split(delta: Delta, errors: Errors, drops: int | None) -> Split:
    """Divide by the drops that the named socket losses leave over."""
    if drops is None or not features.filter_counts_socket_drops(delta.after.host.kernel):
        return Split(0, 0, 0, certain=False)
    csum, residual, slack = errors.csum, errors.residual, delta.socket_skew
    extra = drops - errors.rcvbuf - errors.memory
    gone = extra < -slack or delta.mode == "since-boot"
    if _counts_memory_silently(delta):
        if extra > csum + residual + slack:
            return Split(csum, residual, extra - csum - residual, certain=True)
        if memory_is_short(delta) and extra > slack:
            return Split(0, 0, extra, certain=not (csum or residual))
    for late, filtered in ((0, 0), (csum, residual), (0, residual), (csum, 0)):
        if abs(extra - late - filtered) <= slack and (extra > 0 or not gone):
            return Split(late, filtered, 0, certain=True)
    if extra > 0 and not (csum and residual):
        return Split(min(extra, csum), min(extra, residual), 0, certain=not gone)
    return Split(max(0, extra - residual), max(0, extra - csum), 0, certain=False)


def _has_mem_errors(delta: Delta) -> bool:
    return "Udp.MemErrors" in delta.after.counters


def _counts_memory_silently(delta: Delta) -> bool:
    kernel = delta.after.host.kernel
    return features.memory_refusals(kernel, _has_mem_errors(delta)) == "socket-drops-only"


def _buffer(delta: Delta, errors: Errors, drops: int | None) -> tuple[int, Bound, str]:
    """Return what full buffers lost, with its bound and how it was found.

    Up to 3.15 the test of sk_rcvqueues_full() and the socket backlog count InErrors and the
    socket's drops, not RcvbufErrors. Kernel: net/ipv4/udp.c, udp_queue_rcv_skb() at 3.13.
    """
    if features.rcvqueue_full_counts_rcvbuf_errors(delta.after.host.kernel):
        return errors.rcvbuf, "exact", ""
    if drops is None:
        return errors.rcvbuf, "at-least", "this kernel counts most full buffers as InErrors only"
    hidden = min(errors.residual, max(0, drops - errors.rcvbuf))
    why = "RcvbufErrors plus the sockets' drops, which this kernel leaves out of it"
    return errors.rcvbuf + hidden, "exact", why


def _arrivals(
    delta: Delta, errors: Errors, split: Split, buffer: tuple[int, Bound, str]
) -> tuple[Account, ...]:
    """Return what was lost before a socket was charged."""
    early = errors.csum - split.csum_late
    hidden = buffer[0] - errors.rcvbuf
    rest = errors.residual - split.filtered - hidden
    at_arrival = split.certain and not delta.vanished_sockets and rest
    short, nameless = (rest, 0) if at_arrival else (0, rest)
    csum_bound: Bound = "exact" if split.certain or not errors.csum else "at-most"
    why = "InErrors that no counter names and no socket counted"
    accounts = [
        Account("udp-short", short, "exact", _nameless(short), why=why if short else ""),
        Account(
            "udp-csum-early",
            early,
            csum_bound,
            entries(delta, *counters("InCsumErrors")) if early else (),
        ),
        _counter(delta, "udp-mcast-nolistener", "IgnoredMulti"),
        _counter(delta, "udp-no-port", "NoPorts"),
    ]
    if nameless:
        why = "InErrors without a named part: filter, policy, short header" + (
            ", or memory" if not _has_mem_errors(delta) else ""
        )
        accounts.append(
            Account("udp-unattributed", nameless, "exact", _nameless(nameless), why=why)
        )
    return tuple(accounts)


def _nameless(count: int) -> tuple[Entry, ...]:
    return (Entry("Udp.InErrors", count),) if count else ()


def _counter(delta: Delta, stage: str, field: str) -> Account:
    lost = gained(delta, *counters(field))
    if lost is None:
        return Account(stage, None, "unseen", (), why=f"this kernel has no Udp.{field}")
    return Account(stage, lost, "exact", entries(delta, *counters(field)))


def _at_socket(
    delta: Delta, errors: Errors, split: Split, buffer: tuple[int, Bound, str]
) -> tuple[Account, ...]:
    """Return what was lost at a socket."""
    blocked = gained(delta, *(n for n in delta.increases if n.startswith("xfrm.XfrmIn"))) or 0
    policy = min(blocked, split.filtered)
    rest = split.filtered - policy - (buffer[0] - errors.rcvbuf)
    filter_stage, bound = _what_a_nameless_drop_is(delta)
    lost, buffer_bound, why = buffer
    by = entries(delta, *counters("RcvbufErrors"))
    if lost > errors.rcvbuf:
        by += (Entry("udp_socket.drops", lost - errors.rcvbuf),)
    return (
        Account("udp-xfrm-policy", policy, "exact", _nameless(policy)),
        Account(filter_stage, max(0, rest), bound if rest else "exact", _nameless(max(0, rest))),
        Account("udp-rcvbuf-full", lost, buffer_bound, by, why=why),
        _memory(delta, errors, split),
        Account(
            "udp-csum-late",
            split.csum_late,
            "exact",
            entries(delta, *counters("InCsumErrors")) if split.csum_late else (),
            why="checksum errors that sockets counted when they were read"
            if split.csum_late
            else "",
        ),
    )


def _what_a_nameless_drop_is(delta: Delta) -> tuple[str, Bound]:
    """Return the stage of an error that a socket counted and no counter names."""
    kernel = delta.after.host.kernel
    if features.has_udp_backlog(kernel):
        return "udp-backlog-full", "at-most"
    if features.memory_refusals(kernel, _has_mem_errors(delta)) == "in-errors":
        if memory_is_short(delta):
            return "udp-proto-mem", "at-most"
        if "sockstat.UDP.mem" not in delta.after.levels:
            return "udp-unattributed", "exact"
    return "udp-sk-filter", "exact"


def _memory(delta: Delta, errors: Errors, split: Split) -> Account:
    """Return what the limit over all UDP sockets refused, as far as this kernel tells."""
    mode = features.memory_refusals(delta.after.host.kernel, _has_mem_errors(delta))
    if mode == "mem-errors":
        by = entries(delta, *counters("MemErrors"))
        return Account("udp-proto-mem", errors.memory, "exact", by)
    if mode == "socket-drops-only" and delta.socket_drops is not None:
        by = (Entry("udp_socket.drops", split.silent),) if split.silent else ()
        bound: Bound = "exact" if split.certain and not delta.vanished_sockets else "at-least"
        why = "socket drops that no SNMP counter saw" if split.silent else ""
        return Account("udp-proto-mem", split.silent, bound, by, why=why)
    why = "this kernel counts memory refusals nowhere by name"
    return Account("udp-proto-mem", None, "unseen", (), why=why)
