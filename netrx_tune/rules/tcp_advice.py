"""Advice that several TCP rules share."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.rules.advice import Need, capped, do, setting, sysctl_for
from netrx_tune.rules.buffers import name_of
from netrx_tune.rules.memory_advice import memory_bytes
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, size
from netrx_tune.rxpath.queue_needs import USECS, arrivals, power_of_two

_RMEM = "net.ipv4.tcp_rmem"
_MEM = "net.ipv4.tcp_mem"
_ABORTS = "TcpExt.TCPAbortOnMemory"
KERNEL_WINDOW_BYTES = 6 << 20  # of tcp_rmem's third value up to 6.16
_STEP_BYTES = 2 * KERNEL_WINDOW_BYTES
_MOST_BYTES = 32 << 20  # the kernel's own from 6.17 on
_MEMORY_SHARE = 0.01  # of RAM, the most that one connection may take
_ROUND_TRIP_USECS = USECS // 5  # to the other side of the world
_CHARGE = 2  # memory for each byte of data, overhead included


def memory_is_short(facts: Facts) -> bool:
    """Tell whether all TCP sockets together are in the range where the kernel saves memory."""
    pressure = setting(facts, _MEM, 1)
    return bool(pressure) and (pages_in_use(facts) or 0) >= (pressure or 0)


def _is_pool_the_limit(facts: Facts) -> bool:
    """Tell whether larger windows would take what is missing, or a control group has no more."""
    return memory_is_short(facts) or bool(facts.delta.increase(_ABORTS))


def pages_in_use(facts: Facts) -> int | None:
    """Return the most pages that TCP was seen to hold."""
    levels = [snap.levels for snap in (facts.delta.before, facts.delta.after) if snap]
    used = [level["sockstat.TCP.mem"] for level in levels if "sockstat.TCP.mem" in level]
    return max(used, default=None)


def listeners(snap: Snapshot | None) -> list[Socket]:
    """Return the TCP listeners of a sample's sockets."""
    sockets = snap.sockets.sockets if snap and snap.sockets else ()
    return [sock for sock in sockets if sock.accept_limit is not None]


def larger_windows(facts: Facts, why: str) -> Iterator[Recommendation]:
    """Yield what lets connections hold more; nothing where TCP's memory is the limit."""
    if _is_pool_the_limit(facts):
        return
    yield from _unfixed(facts)
    found = window_up_to(facts, _window(facts), why)
    if found is not None:
        yield found


def window_up_to(facts: Facts, need: Need, why: str) -> Recommendation | None:
    """Return the advice to let auto-tuning go so far; None where TCP's memory is the limit."""
    current = facts.delta.after.settings.get(_RMEM, ())
    if len(current) != 3 or _is_pool_the_limit(facts):
        return None
    most = max(current[1], need.values[0])
    return sysctl_for(
        facts,
        _RMEM,
        Need((current[0], current[1], most), need.arithmetic),
        why=f"{why} Auto-tuning may then go up to {size(most)}. It does nothing for a connection"
        " whose program set SO_RCVBUF, which switches auto-tuning off: take that out there.",
        cost=f"up to {size(most)} for a connection that needs it",
    )


def _window(facts: Facts) -> Need:
    """Return what one connection can need: all bytes that came in a round trip."""
    delta = facts.delta
    octets = [delta.increase(name) for name in ("IpExt.InOctets", "Ip6.InOctets")]
    known = [number for number in octets if number is not None]
    if not known or not delta.seconds or delta.mode == "since-boot":
        return _within(facts, _STEP_BYTES, f"One step, to twice {size(KERNEL_WINDOW_BYTES)}")
    rate = round(sum(known) / delta.seconds)
    waits = arrivals(rate, _ROUND_TRIP_USECS)
    exact = max(1, _CHARGE * waits)
    text = (
        f"Even if one connection had all {count(rate)} B/s of the window, {waits:,} B come in a"
        f" round trip of {_ROUND_TRIP_USECS * 1000 // USECS} ms, twice that with overhead:"
        f" {size(power_of_two(exact))}"
    )
    return _within(facts, power_of_two(exact), text)


def _within(facts: Facts, need: int, text: str) -> Need:
    of_memory = int(memory_bytes(facts) * _MEMORY_SHARE)
    if of_memory < _MOST_BYTES:
        known = facts.delta.after.host.memory_bytes is not None
        whose = "RAM" if known else "1 GiB (this input does not show the RAM)"
        return capped(need, of_memory, text, f"a hundredth of {whose} for one connection")
    return capped(need, _MOST_BYTES, text, "the kernel's own default from 6.17 on")


def _unfixed(facts: Facts) -> Iterator[Recommendation]:
    """Yield the advice for listeners that pass a size of their own on to their connections.

    A listener is never tuned, and what it accepts inherits its lock. Kernel: tcp_init_sock() in
    net/ipv4/tcp.c, sk_clone_lock() in net/core/sock.c.
    """
    given = setting(facts, _RMEM, 1)
    for sock in listeners(facts.delta.after):
        if given is None or not sock.rcvbuf_bytes or sock.rcvbuf_bytes == given:
            continue
        yield do(
            "application",
            name_of(facts.delta, sock),
            why=f"The listener {sock.local} has a buffer of {size(sock.rcvbuf_bytes)} where"
            f" {_RMEM} gives {size(given)}: its program sets SO_RCVBUF (or it is older than that"
            " value), and each connection that it accepts keeps that size. Take SO_RCVBUF out"
            " of the program's settings and restart it: auto-tuning then works again.",
            cost="none",
            takes_effect="restart",
        )
