"""The UDP books: InErrors taken apart into the stages that it sums.

InErrors counts every datagram that UDP took and then lost. RcvbufErrors, InCsumErrors and
MemErrors are parts of it; what is left has no counter of its own, and the sockets' drops tell on
which side of the socket it was: see udp_split.py. A field that is not there leaves its stage
unseen, never at 0.

Kernel: net/ipv4/udp.c, __udp4_lib_rcv(), udp_queue_rcv_one_skb(), udp_recvmsg().
"""

from __future__ import annotations

from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath import kernel_features as features
from netrx_tune.rxpath.books.entries import entries, entry, gained, xfrm_counters
from netrx_tune.rxpath.books.half_read import drops_of_unread_version
from netrx_tune.rxpath.books.tunnels import read_by_programs
from netrx_tune.rxpath.books.udp_errors import (
    Errors,
    counters,
    errors_of,
    has,
    is_contradictory,
    socket_drops,
)
from netrx_tune.rxpath.books.udp_split import (
    RCVBUF,
    Split,
    counts_full_buffers,
    has_mem_errors,
    nameless_stage,
    names_most_full_buffers,
    split_errors,
)

_STAGES = (
    "udp-short",
    "udp-csum-early",
    "udp-mcast-nolistener",
    "udp-no-port",
    "udp-xfrm-policy",
    "udp-sk-filter",
    RCVBUF,
    "udp-proto-mem",
    "udp-csum-late",
    "udp-unattributed",
)


def udp_accounts(delta: Delta) -> tuple[Account, ...]:
    """Return the accounts of all UDP stages."""
    errors = errors_of(delta)
    drops = socket_drops(delta)
    if errors is None:
        return _without_the_sum(delta, drops)
    unread = drops_of_unread_version(delta)
    split = split_errors(delta, errors, drops and drops - unread)
    delivered = read_by_programs(delta, errors)
    offered = delivered + errors.no_ports + errors.ignored + errors.in_errors + split.silent
    known = offered if has(delta, "InDatagrams") else None
    reserve = _from_reserve(delta, errors)
    accounts = (
        *_arrivals(delta, errors, split, reserve),
        *(_with_unread(one, unread) for one in _at_socket(delta, errors, split, reserve)),
    )
    return tuple(account.with_offered(known) for account in accounts)


def _with_unread(account: Account, drops: int) -> Account:
    """Return an account with drops that the counters of an IP version would hold, had it them."""
    if account.stage != RCVBUF or not drops:
        return account
    by = (*account.by, *entry("udp_socket.drops", drops))
    why = "drops of sockets whose IP version has no counters here: a filter can be among them"
    return Account(RCVBUF, (account.lost or 0) + drops, "at-most", by, why=why)


def _without_the_sum(delta: Delta, drops: int | None) -> tuple[Account, ...]:
    """Return what is known where no InErrors could be read: its parts, or the sockets' drops.

    Of `netstat -s | grep buffer` only the line of RcvbufErrors is left.
    """
    why = "needs the Udp line of /proc/net/snmp"
    unseen = tuple(Account(stage, None, "unseen", (), why=why) for stage in _STAGES)
    parts = {
        stage: Account(stage, lost, "at-least", entries(delta, *counters(field)))
        for stage, field in ((RCVBUF, "RcvbufErrors"), ("udp-proto-mem", "MemErrors"))
        if (lost := gained(delta, *counters(field)))
    }
    if parts or drops is None:
        return tuple(parts.get(account.stage, account) for account in unseen)
    by = entry("udp_socket.drops", drops)
    why = "the sockets' drops alone: a filter, a checksum or memory can be among them"
    known = Account(RCVBUF, drops, "at-most", by, why=why if drops else "")
    return tuple(known if account.stage == RCVBUF else account for account in unseen)


def _from_reserve(delta: Delta, errors: Errors) -> int:
    """Return how many nameless errors may be packets that sat in the memory reserve.

    The stage pfmemalloc-drop is charged with them: sk_filter_trim_cap() counts PFMemallocDrop and
    fails, and UDP then counts InErrors and the socket's drop for the same datagram. How many were
    TCP's nobody tells. Kernel: net/core/filter.c; net/ipv4/udp.c, udp_queue_rcv_one_skb().
    """
    return min(delta.increase("TcpExt.PFMemallocDrop") or 0, errors.residual)


def _without(account: Account, reserve: int) -> Account:
    """Return an account less what the memory reserve has been charged with."""
    taken = min(reserve, account.lost or 0)
    if not taken:
        return account
    lost = (account.lost or 0) - taken
    why = f"{taken} of PFMemallocDrop are taken off, as far as they were UDP's"
    by = tuple(one._replace(increase=one.increase - taken) for one in account.by) if lost else ()
    return account._replace(lost=lost, bound="at-least", by=by, why=f"{account.why}; {why}")


def _arrivals(delta: Delta, errors: Errors, split: Split, reserve: int) -> tuple[Account, ...]:
    """Return what was lost before a socket was charged."""
    rest = errors.residual - split.at_socket
    at_arrival = split.certain and not delta.vanished_sockets and not split.none_on_arrival
    short, nameless = (rest, 0) if at_arrival else (0, rest)
    why = "InErrors that no counter names and no socket counted"
    causes = "InErrors without a named part: " + _nameless_causes(delta)
    unnamed = Account(
        "udp-unattributed", nameless, "exact", _nameless(nameless), why=causes if nameless else ""
    )
    return (
        Account("udp-short", short, "exact", _nameless(short), why=why if short else ""),
        _early_checksums(delta, errors, split),
        _counter(delta, "udp-mcast-nolistener", "IgnoredMulti"),
        _counter(delta, "udp-no-port", "NoPorts"),
        _without(unnamed, max(0, reserve - split.at_socket)),
    )


def _nameless_causes(delta: Delta) -> str:
    causes = ["filter, policy, short header"]
    if not has(delta, "InCsumErrors"):
        causes.append("checksum")
    if not has_mem_errors(delta):
        causes.append("memory")
    if not counts_full_buffers(delta):
        causes.append("and most full buffers")
    return ", ".join(causes)


def _early_checksums(delta: Delta, errors: Errors, split: Split) -> Account:
    if not has(delta, "InCsumErrors"):
        return Account("udp-csum-early", None, "unseen", (), why=_no_field("InCsumErrors"))
    early = errors.csum - split.csum_late
    bound: Bound = "exact" if split.certain or not errors.csum else "at-most"
    by = entries(delta, *counters("InCsumErrors")) if early else ()
    return Account("udp-csum-early", early, bound, by)


def _no_field(field: str) -> str:
    return f"this window has no Udp.{field}: older kernels do not count it"


def _nameless(count: int) -> tuple[Entry, ...]:
    return entry("Udp.InErrors", count)


def _counter(delta: Delta, stage: str, field: str) -> Account:
    lost = gained(delta, *counters(field))
    if lost is None:
        return Account(stage, None, "unseen", (), why=_no_field(field))
    return Account(stage, lost, "exact", entries(delta, *counters(field)))


def _at_socket(delta: Delta, errors: Errors, split: Split, reserve: int) -> tuple[Account, ...]:
    """Return what was lost at a socket."""
    blocked = gained(delta, *xfrm_counters(delta))
    policy = min(blocked or 0, split.at_socket)
    rest = split.at_socket - policy
    stage, bound = nameless_stage(delta, split)
    hidden = rest if stage == RCVBUF else 0
    accounts = [
        Account("udp-xfrm-policy", None, "unseen", (), why="needs /proc/net/xfrm_stat")
        if blocked is None
        else Account("udp-xfrm-policy", policy, "exact", _nameless(policy)),
        _buffer(delta, errors, hidden, bound),
        _memory(delta, errors, split),
        _late_checksums(delta, split),
    ]
    if stage != RCVBUF:
        why = "InErrors that sockets counted and no counter names" if rest else ""
        found = Account(stage, rest, bound if rest else "exact", _nameless(rest), why=why)
        accounts.append(_without(found, reserve))
    return tuple(accounts)


def _buffer(delta: Delta, errors: Errors, hidden: int, bound: Bound) -> Account:
    """Return what full buffers lost, `hidden` being what only the sockets' drops show of it.

    Up to 3.15 the test of sk_rcvqueues_full() and the socket backlog count InErrors and the
    socket's drops, not RcvbufErrors. Kernel: net/ipv4/udp.c, udp_queue_rcv_skb() at 3.13.
    """
    by = entries(delta, *counters("RcvbufErrors"))
    if errors.rcvbuf and is_contradictory(delta):
        why = "RcvbufErrors is larger than InErrors, of which it is a part"
        return Account(RCVBUF, errors.rcvbuf + hidden, "at-most", by, why=why)
    if counts_full_buffers(delta):
        return Account(RCVBUF, errors.rcvbuf, "exact", by)
    if hidden:
        by += _nameless(hidden)
        why = "InErrors that sockets counted as drops: this kernel leaves them out of RcvbufErrors"
        bound = bound if errors.residual == hidden or _saw_all_sockets(delta) else "at-least"
        return Account(RCVBUF, errors.rcvbuf + hidden, bound, by, why=why)
    if not errors.residual or _saw_all_sockets(delta):
        return Account(RCVBUF, errors.rcvbuf, "exact", by)
    if has(delta, "RcvbufErrors"):
        most = "some" if names_most_full_buffers(delta) else "most"
        why = f"this kernel counts {most} full buffers as InErrors only"
        return Account(RCVBUF, errors.rcvbuf, "at-least", by, why=why)
    why = _no_field("RcvbufErrors") + ", and sockets' drops are not there"
    return Account(RCVBUF, None, "unseen", (), why=why)


def _saw_all_sockets(delta: Delta) -> bool:
    """Tell whether no socket took its drops along when it closed, as far as that is known."""
    read = socket_drops(delta) is not None and delta.before is not None
    return read and not delta.vanished_sockets


def _late_checksums(delta: Delta, split: Split) -> Account:
    if not has(delta, "InCsumErrors"):
        return Account("udp-csum-late", None, "unseen", (), why=_no_field("InCsumErrors"))
    late = split.csum_late
    by = entries(delta, *counters("InCsumErrors")) if late else ()
    why = "checksum errors that sockets counted when they were read" if late else ""
    return Account("udp-csum-late", late, "exact", by, why=why)


def _memory(delta: Delta, errors: Errors, split: Split) -> Account:
    """Return what the limit over all UDP sockets refused, as far as this kernel tells."""
    mode = features.memory_refusals(delta.after.host.kernel, has_mem_errors(delta))
    if mode == "mem-errors":
        by = entries(delta, *counters("MemErrors"))
        return Account("udp-proto-mem", errors.memory, "exact", by)
    if mode == "socket-drops-only" and socket_drops(delta) is not None:
        by = entry("udp_socket.drops", split.silent)
        bound: Bound = "exact" if split.certain and not delta.vanished_sockets else "at-least"
        why = "socket drops that no SNMP counter saw" if split.silent else ""
        return Account("udp-proto-mem", split.silent, bound, by, why=why)
    why = "this kernel counts memory refusals nowhere by name"
    return Account("udp-proto-mem", None, "unseen", (), why=why)
