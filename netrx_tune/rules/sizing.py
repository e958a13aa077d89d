"""How large a receive buffer has to be, from what the window showed; each step can be shown."""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Delta
from netrx_tune.rules.words import count, size
from netrx_tune.rxpath.admission import queue_capacity, rcvbuf_for, request_for
from netrx_tune.rxpath.queue_shape import FULL
from netrx_tune.rxpath.truesize import Family, Link, truesize_range

# Where nothing tells how long a burst or a pause is, this much of the traffic is to fit.
ASSUMED_SECONDS = 0.25
_STEP_BYTES = 64 << 10
_SMALL_STEP_BYTES = 4 << 10
TINY_BYTES = 64 << 10  # one burst of a few dozen packets fills such a buffer
_MEMORY_SHARE = 0.02  # of RAM, the most that one socket's buffer may pin
_POOL_SHARE = 0.25  # of udp_mem[0], which all UDP sockets of the host share
_UDP_BYTES = 8
_MOST_TIMES = 4  # a measured charge over the expected one
_UNKNOWN_PAYLOAD_BYTES = 1400
_FALLBACK_BOUND_BYTES = 64 << 20
_LEAST_CARD_SHARE = 0.01  # of what IP received: below it the rest is this host's own traffic


class Size(NamedTuple):
    """A buffer and how it was found."""

    rcvbuf_bytes: int  # what the socket must have (getsockopt)
    request_bytes: int  # what setsockopt(SO_RCVBUF) must ask, and rmem_max allow
    bounded: bool  # memory allowed no more
    arithmetic: str


def truesize_of(delta: Delta) -> tuple[int, str]:
    """Return what a datagram of this window's mean size is charged at most, and how it is known."""
    found = _mean_payload(delta)
    if found is None:
        payload, family = _UNKNOWN_PAYLOAD_BYTES, _FAMILIES[0]
        how = f"a payload of {_UNKNOWN_PAYLOAD_BYTES} B assumed"
    else:
        payload, family = found
        how = f"mean payload {count(payload)} B"
    cards = _cards(delta)
    link: Link = "nic" if cards and _brought_by(cards, delta) else "veth"
    kernel = delta.after.host.kernel
    charge = truesize_range(payload, kernel, link, family=family.number).high
    if cards and link == "veth":
        most = truesize_range(payload, kernel, "nic", family=family.number).high
        how += f", not by a card: those cost up to {count(most)} B"
    return charge, how


def plausible_charge(delta: Delta, measured: int | None) -> int | None:
    """Return a measured charge, None where it may be that of several datagrams.

    Traffic that always comes ten at a time fills a queue in steps of ten.
    """
    expected = truesize_of(delta)[0]
    if measured is None or measured % expected == 0 or measured > _MOST_TIMES * expected:
        return None
    return measured


class _Family(NamedTuple):
    """Where one address family counts what came."""

    number: Family
    mib: str
    octets: str
    header_bytes: int


_FAMILIES = (_Family(4, "Ip", "IpExt.InOctets", 20), _Family(6, "Ip6", "Ip6.InOctets", 40))


def _mean_payload(delta: Delta) -> tuple[int, _Family] | None:
    """Return the mean payload of the family that had more octets, fragments put together."""
    means: list[tuple[int, int, _Family]] = []
    for family in _FAMILIES:
        octets = delta.increase(family.octets) or 0
        packets = delta.increase(f"{family.mib}.InReceives") or 0
        fragments = delta.increase(f"{family.mib}.ReasmReqds") or 0
        whole = packets - fragments + (delta.increase(f"{family.mib}.ReasmOKs") or 0)
        if octets and whole > 0:
            content = octets - packets * family.header_bytes - whole * _UDP_BYTES
            content -= 8 * fragments if family.number == 6 else 0
            means.append((octets, min(65507, max(0, content // whole)), family))
    return max(means)[1:] if means else None


def _cards(delta: Delta) -> tuple[str, ...]:
    devices = delta.after.devices.values()
    return tuple(d.name for d in devices if d.kind == "" and d.name != "lo")


def _brought_by(cards: tuple[str, ...], delta: Delta) -> bool:
    """Tell whether cards may have brought what was lost; so it is where nothing tells.

    They did not where they brought next to nothing, and less than full buffers refused.
    """
    came = sum(delta.increase(f"{family.mib}.InReceives") or 0 for family in _FAMILIES)
    refused = sum(delta.increase(f"{udp}.RcvbufErrors") or 0 for udp in ("Udp", "Udp6"))
    brought = [delta.increase(f"{card}.rx_packets") for card in cards]
    known = [packets for packets in brought if packets is not None]
    if len(known) < len(cards) or sum(known) >= _LEAST_CARD_SHARE * came:
        return True
    return sum(known) >= refused


def capacity(delta: Delta, rcvbuf_bytes: int) -> int:
    """Return how many such datagrams a buffer holds."""
    host = delta.after.host
    return queue_capacity(rcvbuf_bytes, truesize_of(delta)[0], host.kernel, host.release or "")


def bound_bytes(delta: Delta) -> int:
    """Return the largest buffer this host can spare for one socket."""
    host = delta.after.host
    bounds = [_FALLBACK_BOUND_BYTES] if host.memory_bytes is None else []
    if host.memory_bytes is not None:
        bounds.append(int(host.memory_bytes * _MEMORY_SHARE))
    pages = delta.after.settings.get("net.ipv4.udp_mem", ())
    if pages:
        bounds.append(int(pages[0] * host.page_bytes * _POOL_SHARE))
    return max(_STEP_BYTES, min(bounds) // _STEP_BYTES * _STEP_BYTES)


def size_for(delta: Delta, datagrams: int, *, reason: str, truesize: int | None = None) -> Size:
    """Return the buffer that takes so many datagrams at once, with its arithmetic."""
    charge, how = (truesize, "measured") if truesize else truesize_of(delta)
    exact = rcvbuf_for(datagrams, charge, delta.after.host.kernel)
    step = _STEP_BYTES if exact >= 16 * _STEP_BYTES else _SMALL_STEP_BYTES
    wanted = -(-exact // step) * step
    bound = bound_bytes(delta)
    granted = min(wanted, bound)
    text = (
        f"{count(datagrams)} datagrams ({reason}) x {count(charge)} B of truesize ({how})"
        f" = {size(exact)}; SO_RCVBUF is doubled by the kernel, so {count(request_for(granted))} B"
    )
    if wanted > bound:
        text += f"; bounded to {size(bound)} by this host's memory"
    return Size(granted, request_for(granted), wanted > bound, text)


def size_without_shape(delta: Delta, drops: int, rcvbuf_bytes: int, offered: int) -> Size:
    """Return a buffer where only totals are known: the old one and a quarter second more."""
    held = capacity(delta, rcvbuf_bytes)
    if delta.seconds and delta.mode != "since-boot":
        rate = offered / delta.seconds
        more = min(drops, max(held, int(rate * ASSUMED_SECONDS)))
        reason = f"{count(held)} that fit today and {ASSUMED_SECONDS} s of {count(int(rate))}/s"
    else:
        more = min(drops, 16 * held)
        reason = f"{count(held)} that fit today and a burst of {count(more)}"
    return size_for(delta, held + more, reason=reason)


def is_full(sock: Socket) -> bool:
    """Tell whether a queue stands near its limit; of a tiny buffer that says nothing."""
    held, limit = sock.rmem_alloc_bytes or 0, sock.rcvbuf_bytes or 0
    return limit > TINY_BYTES and held > FULL * limit
