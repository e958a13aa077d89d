"""UDP's own error counters of a window, summed over IPv4, IPv6 and both UDP-Lites.

A field that the window lacks (an older kernel, a counter that restarted) is not 0: ask `has`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from netrx_tune.model.sample import Socket, SocketTable
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath.books.entries import gained

MIBS = ("Udp", "Udp6", "UdpLite", "UdpLite6")
_FIELDS = (
    "InDatagrams",
    "NoPorts",
    "IgnoredMulti",
    "InErrors",
    "RcvbufErrors",
    "InCsumErrors",
    "MemErrors",
)
# Each event of a part is an event of its whole. Kernel: net/ipv4/udp.c, "charged twice".
_PARTS = tuple(
    (f"{mib}.{part}", f"{mib}.InErrors")
    for mib in MIBS
    for part in ("RcvbufErrors", "InCsumErrors", "MemErrors")
)

_TWO_32 = 1 << 32
_HALF_32 = 1 << 31

Pool = Literal["short", "ample", "unknown"]


class Errors(NamedTuple):
    """The four protocols' error counters, added up."""

    delivered: int  # InDatagrams: counted when a program reads
    no_ports: int
    ignored: int  # IgnoredMulti
    in_errors: int  # at least its named parts
    rcvbuf: int
    csum: int
    memory: int

    @property
    def residual(self) -> int:
        """InErrors that no counter names."""
        return self.in_errors - self.rcvbuf - self.csum - self.memory


@cache
def counters(field: str) -> tuple[str, ...]:
    """Return a UDP field's name in each of the four protocols."""
    return tuple(f"{mib}.{field}" for mib in MIBS)


def has(delta: Delta, field: str) -> bool:
    """Tell whether the window has a field at all; without it nobody knows its part."""
    return not delta.increases.keys().isdisjoint(counters(field))


def errors_of(delta: Delta) -> Errors | None:
    """Return the summed counters, or None where no UDP line could be read."""
    if not has(delta, "InErrors"):
        return None
    found = Errors(*(gained(delta, *counters(field)) or 0 for field in _FIELDS))
    # A part may be read a moment after its whole, or a file may have been edited.
    named = found.rcvbuf + found.csum + found.memory
    return found._replace(in_errors=max(found.in_errors, named))


def contradictions(delta: Delta) -> Iterator[str]:
    """Yield what no kernel writes: a part that is larger than its whole.

    One event for each CPU may lie between the two counters when they are read, and on a kernel
    of 32 bits the whole may have wrapped before its part.
    """
    totals, slack = delta.after.counters, delta.after.host.cpus or 1
    for part, whole in _PARTS:
        may_have_wrapped = _HALF_32 <= totals.get(part, 0) < _TWO_32
        if may_have_wrapped or whole not in totals:
            continue
        if totals.get(part, 0) > totals[whole] + slack:
            yield (
                f"{part} ({totals[part]}) is larger than {whole} ({totals[whole]}), of which it is"
                " a part: no kernel writes that, so these files are inconsistent"
            )


def is_contradictory(delta: Delta) -> bool:
    """Tell whether the counters cannot be a kernel's."""
    return any(True for _ in contradictions(delta))


def socket_drops(delta: Delta) -> int | None:
    """Return the drops that UDP sockets gained, or None where none is shown of any."""
    table = delta.after.sockets
    if delta.socket_drops is None or table is None or _hides_drops(table):
        return None
    return sum([n for _, n in drops_by_socket(delta)])


def drops_by_socket(delta: Delta) -> list[tuple[Socket, int]]:
    """Return the UDP sockets that are shown, with the drops that each gained."""
    return [(s, n) for s, n in delta.socket_drops or () if s.protocol in ("udp", "udplite")]


def _hides_drops(table: SocketTable) -> bool:
    """Tell whether a list has no UDP socket, or none with its drops, as ss has without -m."""
    has_udp = False
    for sock in table.sockets:
        if sock.protocol in ("udp", "udplite"):
            if sock.drops is not None:
                return False
            has_udp = True
    if has_udp:
        return True
    return bool(table.counts) and not any(kind.startswith("udp") for kind in table.counts)


def memory_pool(delta: Delta) -> Pool:
    """Tell whether all UDP sockets together stand at or near the host's limit.

    Only udp_mem[0] limits. Each CPU may hold mem_pcpu_rsv pages that the sum leaves out.
    Kernel: net/core/sock.c, __sk_mem_raise_allocated(); include/net/sock.h.
    """
    limit = delta.after.settings.get("net.ipv4.udp_mem", ())
    used = [s.levels.get("sockstat.UDP.mem") for s in (delta.before, delta.after) if s]
    known = [pages for pages in used if pages is not None]
    if not limit or not known:
        return "unknown"
    return "short" if max(known) >= 0.9 * limit[0] else "ample"


def memory_is_short(delta: Delta) -> bool:
    """Tell whether the pool is known to be short."""
    return memory_pool(delta) == "short"
