"""A socket's buffer: who set its size, and what it holds."""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.finding import Limit, SocketReport
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Delta
from netrx_tune.rules.words import count, size

RMEM_MAX = "net.core.rmem_max"
RMEM_DEFAULT = "net.core.rmem_default"
# Before 6.18 both are 212992 where nobody set them: net/core/sock.c, sysctl_rmem_max.
KERNEL_DEFAULT_BYTES = 212992
# Up to 3.1 a datagram was charged less, and the default was 256 such charges: 122,880 or a little
# more. Kernel: net/core/sock.c, SK_RMEM_MAX at 2.6.32.
_OLD_DEFAULT_BYTES = 122_880
_CHARGED_IN_FULL = KernelVersion(3, 2)


class Ceiling(NamedTuple):
    """The two sysctls as this namespace shows them; None where it does not."""

    rmem_max: int | None
    rmem_default: int | None


def ceiling(delta: Delta) -> Ceiling:
    """Return the limits in force for new requests and new sockets."""
    settings = delta.after.settings
    return Ceiling(
        next(iter(settings.get(RMEM_MAX, ())), None),
        next(iter(settings.get(RMEM_DEFAULT, ())), None),
    )


def default_bytes(delta: Delta) -> int:
    """Return what a socket has that asks for nothing: said by the host, or its kernel's."""
    kernel = delta.after.host.kernel
    is_old = kernel is not None and kernel < _CHARGED_IN_FULL
    return ceiling(delta).rmem_default or (_OLD_DEFAULT_BYTES if is_old else KERNEL_DEFAULT_BYTES)


def limit_of(sock: Socket, top: Ceiling) -> Limit:
    """Return who capped a socket's buffer.

    A request is doubled and never above 2 x rmem_max; a socket that asks for nothing gets
    rmem_default as it is. Kernel: net/core/sock.c, __sock_set_rcvbuf(), sock_init_data().
    """
    granted = sock.rcvbuf_bytes
    if granted is None:
        return "unknown"
    if top.rmem_max is None:
        # A container of an older kernel: the limits are the host's, and not to be seen.
        known: dict[int, Limit] = {
            KERNEL_DEFAULT_BYTES: "rmem-default",
            2 * KERNEL_DEFAULT_BYTES: "rmem-max",
        }
        return known.get(granted, "unknown")
    if _is_either(granted, top):
        return "unknown"
    if granted == top.rmem_default or is_older_default(granted, top):
        return "rmem-default"
    if granted == 2 * top.rmem_max:
        return "rmem-max"
    return "forced" if granted > 2 * top.rmem_max else "app-request"


def is_older_default(granted_bytes: int, top: Ceiling) -> bool:
    """Tell whether a socket has the kernel's default where another one is in force since."""
    return granted_bytes == KERNEL_DEFAULT_BYTES < (top.rmem_default or 0)


def limit_words(limit: Limit, granted_bytes: int, top: Ceiling) -> str:
    """Say in a sentence who capped the buffer, with request, grant and ceiling."""
    granted = f"its buffer is {size(granted_bytes)} ({count(granted_bytes)} B)"
    allowed = f" ({count(top.rmem_max)})" if top.rmem_max else ""
    if limit == "rmem-default":
        return f"{granted}, {_by_default(granted_bytes, top)}"
    if limit == "rmem-max":
        asked = f"{count(granted_bytes // 2)} B or more"
        return (
            f"{granted}: it asked for {asked}, {RMEM_MAX}{allowed} clamped that, and it is doubled"
        )
    if limit == "app-request":
        return f"{granted}: {_asked_for(granted_bytes, top)}"
    if limit == "forced":
        return f"{granted}, above what {RMEM_MAX}{allowed} allows today (forced or lowered since)"
    if _is_either(granted_bytes, top):
        return (
            f"{granted}, which is {RMEM_DEFAULT} and twice {RMEM_MAX}{allowed} alike: the program"
            f" never asked for a size, or it asked for {count(top.rmem_max or 0)} B or more and was"
            " clamped; its configuration tells"
        )
    return f"{granted}; who set it cannot be seen from here"


def _by_default(granted_bytes: int, top: Ceiling) -> str:
    if is_older_default(granted_bytes, top):
        return (
            "the kernel's own default: the program never asked for a size, and runs since before"
            f" {RMEM_DEFAULT} was raised to {count(top.rmem_default or 0)}"
        )
    text = f"which is {RMEM_DEFAULT}: the program never asked for a size"
    return text + (
        f"; {RMEM_MAX} would let it ask for {count(top.rmem_max)} B" if top.rmem_max else ""
    )


def _is_either(granted_bytes: int, top: Ceiling) -> bool:
    """Tell whether a size is what no request gets, and what every clamped one gets, too."""
    return top.rmem_max is not None and granted_bytes == top.rmem_default == 2 * top.rmem_max


def _asked_for(granted_bytes: int, top: Ceiling) -> str:
    text = f"the program asked for {count(granted_bytes // 2)} B"
    if top.rmem_max:
        text += f", {RMEM_MAX} would allow {count(top.rmem_max)} B"
    if granted_bytes == 2 * KERNEL_DEFAULT_BYTES:
        text += "; or it runs since before that limit was raised, and a restart is what it needs"
    return text


def report(delta: Delta, sock: Socket, drops: int) -> SocketReport:
    """Return a socket as a finding shows it; only UDP's buffers have someone who caps them."""
    process = delta.after.processes.get(sock.inode)
    udp = sock.protocol in ("udp", "udplite")
    return SocketReport(
        inode=max(0, sock.inode),  # a text need not show it
        family=sock.family,
        protocol=sock.protocol,
        local=sock.local,
        netns=delta.after.host.netns,
        pid=process.pid if process else None,
        process=process.name if process else None,
        drops=drops,
        rcvbuf_bytes=sock.rcvbuf_bytes,
        limit=limit_of(sock, ceiling(delta)) if udp else None,
    )


def losers(
    delta: Delta, protocols: tuple[str, ...] = ("udp", "udplite")
) -> list[tuple[Socket, int]]:
    """Return the sockets that lost something, most first."""
    drops = [(s, n) for s, n in delta.socket_drops or () if s.protocol in protocols]
    return sorted(drops, key=lambda pair: -pair[1])


def name_of(delta: Delta, sock: Socket) -> str:
    """Return ":9000 (rsyslogd, pid 12)" as far as it is known."""
    process = delta.after.processes.get(sock.inode)
    who = f" ({process.name}, pid {process.pid})" if process else ""
    return f"{sock.local}{who}"
