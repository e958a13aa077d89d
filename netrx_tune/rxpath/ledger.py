"""The ledger: all layers' books put together, in path order, each packet charged once."""

from __future__ import annotations

from collections.abc import Iterable

from netrx_tune.model.ledger import Account, Entry, Ledger
from netrx_tune.model.snapshot import Delta, Snapshot
from netrx_tune.rxpath.books.before_ip import device_unattributed
from netrx_tune.rxpath.books.device import device_accounts
from netrx_tune.rxpath.books.entries import noise, total
from netrx_tune.rxpath.books.half_read import lowered, unread_version
from netrx_tune.rxpath.books.ip import has_raw_alone, ip_accounts
from netrx_tune.rxpath.books.tcp import tcp_accounts, tcp_delivered
from netrx_tune.rxpath.books.tunnels import read_by_programs
from netrx_tune.rxpath.books.udp import udp_accounts
from netrx_tune.rxpath.books.udp_errors import errors_of, has
from netrx_tune.rxpath.delta import since_boot
from netrx_tune.rxpath.stages import STAGES

UNATTRIBUTED = ("device-unattributed", "ip-unattributed", "udp-unattributed")
# Seen and listed, and no packet lost: a copy, or never on the way to a program of this host.
NOT_LOST = frozenset(s.name for s in STAGES if s.kind in ("pressure", "stray", "copy")) - {
    "udp-mcast-nolistener"
}
_ORDER = {stage.name: stage.order for stage in STAGES}
_OF_IP = frozenset(s.name for s in STAGES if s.layer == "ip") - NOT_LOST | {"ip-unattributed"}
_MOSTLY_OTHERS = 2  # times: less is ICMP, and other protocols that nobody counts as delivered
_UDP_PROTOCOLS = ("udp", "udplite")
# Least truesize of a queued datagram on any kernel read (0 to 197 bytes of payload).
_LEAST_TRUESIZE = 576


def lost_of(account: Account) -> int:
    """Return what an account adds to `lost`: of copies, what a raw socket had alone."""
    if account.stage not in NOT_LOST:
        return account.lost or 0
    return total(one for one in account.by if one.counter == "raw_socket.drops")


def settle(delta: Delta) -> Ledger:
    """Return the books of a window, and beside them those since boot."""
    if delta.after.host.sandbox:
        return _blank(delta, delta.after.host.sandbox)
    accounts = _accounts(delta)
    totals = accounts
    if delta.before is not None:
        totals = tuple(a for a in _accounts(since_boot(delta.after)) if not _is_vague(a))
    ledger = _close(delta, accounts)
    return ledger._replace(since_boot={account.stage: account for account in totals})


def came(ledger: Ledger) -> int | None:
    """Return what all losses are held against: where most goes on to other hosts, all that IP got.

    A router delivers little to programs of its own, and what its IP layer loses is of the rest.
    """
    if not ledger.offered:
        return ledger.offered
    of_ip = [a.offered or 0 for a in ledger.accounts if a.lost and a.stage in _OF_IP]
    received = max(of_ip, default=0)
    return received if received > _MOSTLY_OTHERS * ledger.offered else ledger.offered


def _is_vague(total: Account) -> bool:
    """Tell a total of full backlogs that other network namespaces may have a part in."""
    return total.stage == "cpu-backlog-overflow" and total.bound == "at-most"


def _blank(delta: Delta, sandbox: str) -> Ledger:
    """Return books without a figure: a sandbox's counters are constants, and no evidence."""
    why = f"the kernel here is a sandbox ({sandbox}): its counters are no evidence"
    unseen = (Account(a.stage, None, "unseen", (), why=why) for a in _accounts(delta))
    return Ledger(tuple(unseen), None, None, None, 0, None)


def _accounts(delta: Delta) -> tuple[Account, ...]:
    udp = udp_accounts(delta)
    used = next((a.lost or 0 for a in udp if a.stage == "udp-xfrm-policy"), 0)
    lower = device_accounts(delta)
    accounts = (
        *lower,
        device_unattributed(delta, lower),
        *ip_accounts(delta, xfrm_used=used),
        *udp,
        *_taps(delta),
        *tcp_accounts(delta),
    )
    missing = unread_version(delta)
    return lowered(_merged(accounts), missing) if missing else _merged(accounts)


def _merged(accounts: Iterable[Account]) -> tuple[Account, ...]:
    """Join accounts of one stage that two books filled, and put all in path order."""
    merged: dict[str, Account] = {}
    for account in accounts:
        other = merged.get(account.stage)
        merged[account.stage] = account if other is None else _joined(other, account)
    return tuple(sorted(merged.values(), key=lambda account: _ORDER[account.stage]))


def _joined(one: Account, two: Account) -> Account:
    if not one.lost or not two.lost:
        return one if one.lost else two if two.lost is not None else one
    weaker = one.bound if one.bound != "exact" else two.bound
    offered = max(one.offered or 0, two.offered or 0) or None
    return Account(
        one.stage, one.lost + two.lost, weaker, (*one.by, *two.by), offered, why=one.why or two.why
    )


def _taps(delta: Delta) -> tuple[Account, ...]:
    """Return what captures and raw sockets lost of their copies."""
    by: dict[str, int] = {}
    for sock, drops in delta.socket_drops or ():
        if sock.protocol in ("packet", "raw"):
            is_copy = sock.protocol == "raw" and not has_raw_alone(sock)
            name = "raw_socket.copies" if is_copy else f"{sock.protocol}_socket.drops"
            by[name] = by.get(name, 0) + drops
    table = delta.after.sockets
    kinds = {kind.partition("/")[0] for kind in (table.counts if table else ())}
    if not by and (delta.socket_drops is None or not kinds & {"packet", "raw"}):
        why = "needs the drops of packet sockets (sock_diag)"
        return (Account("packet-tap-drop", None, "unseen", (), why=why),)
    copies = tuple(Entry(name, drops) for name, drops in by.items())
    if table and table.counts.get("packet/ring"):
        why = "a capture with a memory-mapped ring counts its drops for itself: ask that program"
        if not by:
            return (Account("packet-tap-drop", None, "unseen", (), why=why),)
        return (Account("packet-tap-drop", sum(by.values()), "at-least", copies, why=why),)
    return (Account("packet-tap-drop", sum(by.values()), "exact", copies),)


def _close(delta: Delta, accounts: tuple[Account, ...]) -> Ledger:
    errors = errors_of(delta)
    read = errors is not None and has(delta, "InDatagrams") and not unread_version(delta)
    delivered = None
    if errors and read:
        delivered = read_by_programs(delta, errors) + tcp_delivered(delta, accounts)
    queued, gone = _waiting(delta, accounts)
    if queued:
        accounts = tuple(_with_queued(account, queued) for account in accounts)
    if gone is not None:
        accounts = _merged((*accounts, gone))
    lossy = [a for a in accounts if lost_of(a)]
    lost = sum(map(lost_of, lossy))
    comparable = delivered is not None and (
        "Tcp.InSegs" in delta.increases or all(a.stage.startswith("udp-") for a in lossy)
    )
    nameless = [a.lost for a in accounts if a.stage in UNATTRIBUTED and a.lost is not None]
    return Ledger(
        accounts=accounts,
        offered=(delivered or 0) + (queued or 0) + lost if comparable else None,
        delivered=delivered,
        queued=queued,
        lost=lost,
        unattributed=sum(nameless) if nameless else None,
    )


def _with_queued(account: Account, queued: int) -> Account:
    """Add to what UDP was offered what still waits: it came, and is in no counter yet."""
    if account.offered is None or not account.stage.startswith("udp-"):
        return account
    return account.with_offered(account.offered + queued)


def _unread_bytes(snap: Snapshot | None) -> int | None:
    if snap is None:
        return 0
    if snap.sockets is None:
        return None
    udp = [s for s in snap.sockets.sockets if s.protocol in _UDP_PROTOCOLS]
    return sum(s.unread_bytes or 0 for s in udp)


def _waiting(delta: Delta, accounts: tuple[Account, ...]) -> tuple[int | None, Account | None]:
    """Return how many more wait after the window than before, and the account of those that died.

    Where fewer wait than before, some of what was read came before the window: none more wait.

    InDatagrams counts at the read, so what IP delivered and UDP has not counted yet is queued,
    or was discarded with its socket, which nothing counts.
    Kernel: net/ipv4/udp.c, udp_recvmsg(), udp_destruct_common().
    """
    before, after = _unread_bytes(delta.before), _unread_bytes(delta.after)
    if before is None or after is None:
        return None, None
    gap = _handed_to_udp(delta, accounts)
    if after == 0:
        return 0, _closed(delta, gap or 0)
    if gap is None or gap < -_queued_at_most(before):
        return None, None
    queued = max(0, min(gap, _queued_at_most(after)))
    return queued, _closed(delta, gap - queued)


def _queued_at_most(unread_bytes: int) -> int:
    return unread_bytes // _LEAST_TRUESIZE


def _closed(delta: Delta, lost: int) -> Account | None:
    if delta.before is None or lost <= max(32, noise(delta)):
        return None
    why = "IP delivered them, no program read them, and no socket holds them any more"
    by = (Entry("Ip.InDelivers", lost),)
    return Account("udp-closed-unread", lost, "at-most", by, why=why)


def _handed_to_udp(delta: Delta, accounts: tuple[Account, ...]) -> int | None:
    """Return deliveries to UDP that its counters do not hold yet; None where it is unknowable.

    Deliveries to protocols without a counter (IGMP, tunnels, IPsec) would pass for UDP's.
    """
    errors = errors_of(delta)
    delivered = [delta.increase("Ip.InDelivers"), delta.increase("Ip6.InDelivers") or 0]
    others = [delta.increase(n) for n in ("Tcp.InSegs", "Icmp.InMsgs", "Icmp6.InMsgs")]
    if errors is None or delivered[0] is None or None in others[:2] or _tunnels(delta):
        return None
    counted = errors.delivered + errors.no_ports + errors.ignored + errors.in_errors
    counted += next((a.lost or 0 for a in accounts if a.stage == "udp-proto-mem"), 0)
    counted -= errors.memory
    return (delivered[0] or 0) + (delivered[1] or 0) - sum(n or 0 for n in others) - counted


def _tunnels(delta: Delta) -> bool:
    kinds = {d.kind for d in delta.after.devices.values()}
    return bool(kinds & {"gre", "gretap", "ipip", "sit", "ip6gre", "ip6tnl", "xfrm", "vti"})
