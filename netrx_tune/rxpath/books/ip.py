"""The IP books: what came in, what was refused by name, and what just went missing.

A packet that IP received is refused with a counter, forwarded, put into a datagram, handed to a
protocol, or dropped without a word: netfilter has no SNMP counter, nor have martians and
multicast that nobody joined. The silent part is InReceives less all the others.

Kernel: net/ipv4/ip_input.c, ip_rcv_core(), ip_protocol_deliver_rcu(); net/netfilter/core.c,
nf_hook_slow(); net/ipv6/ip6_input.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath import kernel_features as features
from netrx_tune.rxpath.books.entries import counted, entries, entry, gained, noise, xfrm_counters
from netrx_tune.rxpath.books.multicast import may_be_multicast
from netrx_tune.rxpath.books.rules import (
    firewall_drops,
    forward_drops,
    may_drop_uncounted,
    shared_drops,
)
from netrx_tune.rxpath.books.tracking import FROM_LOG, tracking_accounts

_FEW = 16  # packets of a window, or one a second: what neighbours say is no more
_OF_THE_KERNEL = frozenset({"1", "2", "6", "17", "58", "136"})  # ICMP, IGMP, TCP, UDP, its kin
_OUT_4 = (
    "Ip.InHdrErrors",
    "IpExt.InTruncatedPkts",
    "Ip.InDiscards",
    "Ip.InAddrErrors",
    "IpExt.InNoRoutes",
    "Ip.InUnknownProtos",
    "Ip.ForwDatagrams",
    "Ip.InDelivers",
    "TcpExt.IPReversePathFilter",
)
_OUT_6 = (
    "Ip6.InHdrErrors",
    "Ip6.InTooBigErrors",
    "Ip6.InNoRoutes",
    "Ip6.InAddrErrors",
    "Ip6.InUnknownProtos",
    "Ip6.InTruncatedPkts",
    "Ip6.InDiscards",
    "Ip6.OutForwDatagrams",
    "Ip6.InDelivers",
)


def ip_accounts(delta: Delta, *, xfrm_used: int) -> tuple[Account, ...]:
    """Return the accounts of IP, netfilter, reassembly and routing.

    `xfrm_used` is the part of the IPsec policy counters that UDP's books took already.
    """
    offered = gained(delta, "Ip.InReceives", "Ip6.InReceives")
    named = (
        counted(delta, "ip-header-invalid", "Ip.InHdrErrors", "Ip6.InHdrErrors"),
        counted(delta, "ip-truncated", "IpExt.InTruncatedPkts", "Ip6.InTruncatedPkts"),
        *_discards(delta),
        counted(delta, "route-no-route", "IpExt.InNoRoutes", "Ip6.InNoRoutes"),
        _not_local(delta),
        counted(delta, "route-rpfilter", "TcpExt.IPReversePathFilter"),
        _unknown_protocols(delta),
    )
    accounts = (*named, *_reassembly(delta), *_silent(delta, xfrm_used))
    return tuple(
        account.with_offered(offered)
        if account.offered is None and account.why != FROM_LOG  # of which no share is known
        else account
        for account in accounts
    )


def _discards(delta: Delta) -> Iterator[Account]:
    """Yield what IP discarded, apart from what it heard of an IPv6 that is off or not joined.

    Where IPv6 is off all that comes is discarded; want of memory would hit IPv4, too.
    Kernel: net/ipv6/ip6_input.c, ip6_rcv_core().
    """
    four, heard = (delta.increase(f"{mib}.InDiscards") or 0 for mib in ("Ip", "Ip6"))
    off = delta.after.settings.get("net.ipv6.conf.all.disable_ipv6") == (1,)
    if heard and (
        (heard <= _few(delta) and not four) or (off and not delta.increase("Ip6.InDelivers"))
    ):
        yield counted(delta, "ip-internal-discard", "Ip.InDiscards")
        by = (Entry("Ip6.InDiscards", heard),)
        yield Account("mcast-not-joined", heard, "at-most", by)
        return
    yield counted(delta, "ip-internal-discard", "Ip.InDiscards", "Ip6.InDiscards")


def _few(delta: Delta) -> int:
    """Return how many packets of neighbours are no more than chatter."""
    return max(_FEW, int(delta.seconds or 0))


def _not_local(delta: Delta) -> Account:
    account = counted(delta, "route-not-local", "Ip.InAddrErrors", "Ip6.InAddrErrors")
    if account.lost is None or features.not_local_counted(delta.after.host.kernel):
        return account
    why = "this kernel refuses packets for other hosts without counting them"
    return account._replace(bound="at-least", why=why)


def _unknown_protocols(delta: Delta) -> Account:
    """Return packets of protocols without a handler: on 6.18 a raw socket that is full is none.

    Kernel: net/ipv4/raw.c, raw_v4_input(); net/ipv6/raw.c, ipv6_raw_deliver().
    """
    account = counted(delta, "proto-unknown", "Ip.InUnknownProtos", "Ip6.InUnknownProtos")
    if not account.lost:
        return account
    full = sum(drops for sock, drops in delta.socket_drops or () if has_raw_alone(sock))
    return account._replace(lost=max(0, account.lost - full))


def has_raw_alone(sock: Socket) -> bool:
    """Tell a raw socket of a protocol that the kernel leaves to programs: it gets no mere copy."""
    return sock.protocol == "raw" and sock.local.rpartition(":")[2] not in _OF_THE_KERNEL


def silent_packets(delta: Delta) -> tuple[int | None, int | None]:
    """Return what IPv4 and IPv6 received and no counter accounts for; None where unknown.

    A fragment is consumed by reassembly, so requests less results leave the sum.
    """
    return _silent_of(delta, "Ip", _OUT_4), _silent_of(delta, "Ip6", _OUT_6)


def _silent_of(delta: Delta, mib: str, out: tuple[str, ...]) -> int | None:
    received = delta.increase(f"{mib}.InReceives")
    if received is None or delta.increase(f"{mib}.InDelivers") is None:
        return None
    consumed = (delta.increase(f"{mib}.ReasmReqds") or 0) - (delta.increase(f"{mib}.ReasmOKs") or 0)
    return max(0, received - sum(delta.increase(name) or 0 for name in out) - consumed)


def _silent(delta: Delta, xfrm_used: int) -> Iterator[Account]:
    """Name as much of the silent loss as rules, conntrack, IPsec and routing can tell."""
    pool4, pool6 = silent_packets(delta)
    pool4 = pool4 and pool4 - min(pool4, _refused_forwards(delta))
    pool = (pool4 or 0) + (pool6 or 0)
    known = pool4 is not None
    is_open = not known and pool6 is None  # what IP received and passed on is not known
    for chatter in _chatter(delta, pool6 or 0):
        pool -= chatter.lost or 0
        yield chatter
    for stage, dropped in firewall_drops(delta, ("prerouting", "input")):
        if known and not pool and dropped.lost is None:
            # IP's books leave nothing over, so no hook took anything.
            yield Account(stage, 0, "exact", ())
            continue
        pool -= min(pool, dropped.lost or 0)
        yield dropped
    tracked = tuple(tracking_accounts(delta))
    pool -= min(pool, sum(account.lost or 0 for account in tracked))
    yield from tracked
    martians = _martians(delta, min(pool, pool4 or 0) if known else None)
    pool -= martians.lost or 0
    yield martians
    policy = _policy(delta, None if is_open else pool, xfrm_used)
    pool -= policy.lost or 0
    yield policy
    for shared in shared_drops(delta, pool if known else 0):
        pool -= shared.lost or 0
        yield shared
    if 0 < pool <= min(pool4 or 0, _few(delta)) and _is_chatter(delta, pool):
        yield Account("mcast-not-joined", pool, "at-most", entry("Ip.InReceives", pool))
        pool = 0
    yield _unattributed(delta, pool, known=not is_open)


def _refused_forwards(delta: Delta) -> int:
    """Return the forwarded IPv4 packets that a firewall dropped, where no counter has them."""
    if features.refused_forwards_are_forwarded(delta.after.host.kernel):
        return 0
    return sum(n for rule, n in forward_drops(delta) if not rule.place.startswith("ip6"))


def _chatter(delta: Delta, room: int) -> Iterator[Account]:
    """Yield what neighbours say to groups of IPv6 that nobody here joined, while that is little.

    Listener reports and router solicitations reach every host, on the quietest network. IPv6
    counts multicast before it looks whether the group is joined, and then drops it uncounted.
    Kernel: net/ipv6/ip6_input.c, ip6_mc_input().
    """
    if may_drop_uncounted(delta.after):
        return
    heard = min(room, delta.increase("Ip6.InMcastPkts") or 0)
    if 0 < heard <= _few(delta):
        by = (Entry("Ip6.InMcastPkts", heard),)
        yield Account("mcast-not-joined", heard, "at-most", by)


def _is_chatter(delta: Delta, packets: int) -> bool:
    """Tell IPv4 packets, as few as neighbours' announcements are, that may well be those.

    Of IPv4 no counter tells what came for groups that nobody joined.
    """
    is_window = delta.before is not None and bool(delta.after.devices)
    return is_window and not may_drop_uncounted(delta.after) and may_be_multicast(delta, packets)


def _unattributed(delta: Delta, pool: int, *, known: bool) -> Account:
    if not known:
        return Account("ip-unattributed", None, "unseen", (), why="needs Ip.InReceives")
    if not pool:
        return Account("ip-unattributed", 0, "exact", ())
    silent4, silent6 = silent_packets(delta)
    by = (*entry("Ip.InReceives", silent4 or 0), *entry("Ip6.InReceives", silent6 or 0))
    bound: Bound = "exact" if pool > noise(delta) else "at-most"
    why = "Ip.InReceives less every IP counter and delivery"
    return Account("ip-unattributed", pool, bound, by, why=why)


def _martians(delta: Delta, room: int | None) -> Account:
    """Return packets whose addresses cannot be: counted machine-wide, so bounded by the books.

    Without `room` nothing bounds them.

    Kernel: net/ipv4/route.c, ip_route_input_slow(), ip_handle_martian_source().
    """
    names = ("rt_cache.in_martian_src", "rt_cache.in_martian_dst")
    seen = gained(delta, *names)
    if seen is None:
        return Account("route-martian", None, "unseen", (), why="needs /proc/net/stat/rt_cache")
    if delta.before is None and delta.after.host.initial_netns is False:
        why = "rt_cache counts for the whole host, since it booted"
        return Account("route-martian", None, "unseen", (), why=why)
    seen = max(0, seen - (delta.increase("TcpExt.IPReversePathFilter") or 0))
    lost = seen if room is None else min(seen, room)
    bound: Bound = "exact" if not seen or (room is not None and lost == seen) else "at-most"
    return Account("route-martian", lost, bound, entries(delta, *names) if lost else ())


def _policy(delta: Delta, room: int | None, used: int) -> Account:
    """Return what IPsec refused beyond what UDP's books took; without `room` nothing bounds it."""
    names = xfrm_counters(delta)
    if not names:
        return Account("xfrm-policy", None, "unseen", (), why="needs /proc/net/xfrm_stat")
    seen = max(0, (gained(delta, *names) or 0) - used)
    lost = seen if room is None else min(room, seen)
    bound: Bound = "at-most" if room is None and lost else "exact"
    return Account("xfrm-policy", lost, bound, entries(delta, *names) if lost else ())


def _reassembly(delta: Delta) -> Iterator[Account]:
    """Divide ReasmFails: a timeout counts datagrams, a refusal for memory counts fragments.

    Where timeouts are not known, all of it may be timeouts.
    Kernel: net/ipv4/ip_fragment.c, ip_expire(), ip_defrag(); net/ipv4/inet_fragment.c.
    """
    timeouts = counted(delta, "defrag-timeout", "Ip.ReasmTimeout", "Ip6.ReasmTimeout")
    overlaps = counted(delta, "defrag-overlap", "IpExt.ReasmOverlaps")
    fails = gained(delta, "Ip.ReasmFails", "Ip6.ReasmFails")
    requests = gained(delta, "Ip.ReasmReqds", "Ip6.ReasmReqds")
    if fails is None:
        yield from (timeouts, overlaps)
        return
    inside = overlaps.lost or 0 if features.reasm_overlap_in_fails(delta.after.host.kernel) else 0
    refused = max(0, fails - (timeouts.lost or 0) - inside)
    by = entries(delta, "Ip.ReasmFails", "Ip6.ReasmFails") if refused else ()
    bound: Bound = "at-most" if refused and timeouts.lost is None else "exact"
    yield Account("defrag-memory", refused, bound, by, requests)
    yield timeouts.with_offered(requests)
    yield overlaps.with_offered(requests)
