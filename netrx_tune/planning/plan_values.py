"""What a sysctl may be set to: never lower, never beyond memory, one value for all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import ge
from typing import TYPE_CHECKING, NamedTuple

from netrx_tune.model.finding import Recommendation
from netrx_tune.rxpath.queue_needs import (
    BUCKET_BYTES,
    ENTRY_BYTES,
    FRAME_BYTES,
    HALF_OPEN_BYTES,
    WAITING_CONNECTION_BYTES,
)

if TYPE_CHECKING:
    from netrx_tune.planning.tunables.tunable import Tunable

# All that the plan proposes may together take this share of RAM when every queue is full.
MEMORY_SHARE = 0.25
_UNKNOWN_MEMORY_BYTES = 1 << 30  # where RAM is not known
_GRAIN = 4096
BUFFERS = ("net.core.rmem_max", "net.core.rmem_default")
# Kinds of values that are no limits: they may go either way.
_SWITCHES = frozenset({"flag", "mode", "mask", "weight", "seconds"})
_PROTOCOL = "net.netfilter.nf_conntrack_log_invalid"  # its number is a protocol's

Values = tuple[int, ...]


class Host(NamedTuple):
    """What a plan must fit."""

    settings: Mapping[str, Values]
    memory_bytes: int | None
    page_bytes: int
    cpus: int
    memory_share: float = MEMORY_SHARE

    @property
    def bound_bytes(self) -> int:
        """The most memory that the plan's queues may take together."""
        return int((self.memory_bytes or _UNKNOWN_MEMORY_BYTES) * self.memory_share)


class Decided(NamedTuple):
    """What a limit is to be, at most once for each tunable."""

    values: Values
    bounded: bool  # memory allowed no more
    winner: Recommendation  # the finding that needs most


def values_of(item: Recommendation) -> Values | None:
    """Return the numbers that a sysctl recommendation proposes; None if they are none."""
    if item.kind != "sysctl" or item.proposed is None:
        return None
    words = str(item.proposed).split()
    return tuple(map(int, words)) if words and all(w.isdecimal() for w in words) else None


def is_met(item: Recommendation) -> bool:
    """Tell whether a limit is as high today as a finding needs: then nothing is to be raised."""
    values = values_of(item)
    now = [int(word) for word in str(item.current).split() if word.isdecimal()]
    return (
        values is not None
        and is_limit(item.target)
        and len(now) == len(values)
        and all(map(ge, now, values))
    )


def is_request(item: Recommendation) -> bool:
    """Tell whether a recommendation is that a program asks for a size."""
    return item.kind == "setsockopt" and isinstance(item.proposed, int)


def _tunable(key: str) -> Tunable | None:
    from netrx_tune.planning.tunables import tunable  # noqa: PLC0415 - large, and seldom needed

    return tunable(key)


def is_limit(key: str) -> bool:
    """Tell whether a larger value is a larger room: such a value is never lowered."""
    known = _tunable(key)
    return key != _PROTOCOL and (known is None or known.unit not in _SWITCHES)


def decide(items: list[Recommendation], host: Host, sockets: int) -> dict[str, Decided | None]:
    """Return each limit's one value, best first; None where nothing is left to raise.

    A limit that stands high enough already still takes its part of the memory, so that the
    plan does not grow once it is applied; one of which no finding speaks any more leaves it to
    those that memory had cut. A socket has one buffer, requested or by default.
    """
    wanted = _largest(items)
    left = host.bound_bytes
    buffers = 0
    decided: dict[str, Decided | None] = {}
    for key, (values, winner) in wanted.items():
        each = bytes_each(key, host, sockets)
        place = _limit_index(key, values)
        held = buffers if key in BUFFERS else 0
        granted = _within(values, place, (left + held) // each if each else None)
        taken = granted[place] * each
        left -= max(0, taken - held)
        buffers = max(buffers, taken) if key in BUFFERS else buffers
        now = host.settings.get(key, ())
        decided[key] = _decided(granted, now, place, Decided(granted, granted != values, winner))
    return decided


def _decided(granted: Values, now: Values, place: int, found: Decided) -> Decided | None:
    """Return what to set, unless the limit itself would not rise, or might fall unseen."""
    if len(now) != len(granted):
        return None if found.bounded else found
    if granted[place] <= now[place]:
        return None
    return found._replace(values=tuple(map(max, granted, now)))


def _largest(items: list[Recommendation]) -> dict[str, tuple[Values, Recommendation]]:
    """Return the largest value that any finding needs, place by place, in the order of need."""
    wanted: dict[str, tuple[Values, Recommendation]] = {}
    for item in items:
        values = values_of(item)
        if values is None or not is_limit(item.target):
            continue
        old = wanted.get(item.target)
        if old is None:
            wanted[item.target] = (values, item)
        elif len(old[0]) == len(values):
            most = tuple(map(max, old[0], values))
            wanted[item.target] = (most, item if values > old[0] else old[1])
    return wanted


def bytes_each(key: str, host: Host, sockets: int) -> int:
    """Return the memory that one unit of a limit may pin, 0 where it pins none to speak of.

    A request for a buffer is doubled: __sock_set_rcvbuf() in net/core/sock.c.
    """
    return {
        "net.core.rmem_max": 2 * sockets,
        "net.core.rmem_default": sockets,
        "net.ipv4.udp_mem": host.page_bytes,
        "net.ipv4.tcp_mem": host.page_bytes,
        "net.ipv4.tcp_rmem": 1,
        "net.core.netdev_max_backlog": FRAME_BYTES * host.cpus,
        "net.ipv4.ipfrag_high_thresh": 1,
        "net.ipv6.ip6frag_high_thresh": 1,
        "net.netfilter.nf_conntrack_frag6_high_thresh": 1,
        "net.netfilter.nf_conntrack_max": ENTRY_BYTES,
        "net.netfilter.nf_conntrack_buckets": BUCKET_BYTES,
        "net.core.somaxconn": WAITING_CONNECTION_BYTES,
        "net.ipv4.tcp_max_syn_backlog": HALF_OPEN_BYTES,
        "vm.min_free_kbytes": 1024,
    }.get(key, 0)


def _limit_index(key: str, values: Values) -> int:
    known = _tunable(key)
    place = known.limit_index if known else 0
    return place if place < len(values) else 0


def _within(values: Values, place: int, most: int | None) -> Values:
    """Return values whose limit is at most that; those before it never stand above it."""
    if most is None or values[place] <= most:
        return values
    top = most // _GRAIN * _GRAIN if most >= 16 * _GRAIN else most
    before = tuple(min(value, top) for value in values[:place])
    return (*before, top, *values[place + 1 :])


def rewritten(item: Recommendation, values: Values) -> Recommendation:
    """Return a recommendation with another value, in its command as well."""
    new = " ".join(map(str, values))
    old = str(item.proposed)
    if old == new:
        return item
    command = item.command and re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, item.command)
    proposed = values[0] if len(values) == 1 else new
    return item._replace(proposed=proposed, command=command)
