"""Packets that a guest, or a VPN's program, did not take from the host's end in time.

Sent is what the host's end of a tun or tap counts, and received what a macvtap does; to the one
who reads it, it was a loss on the way in. It never was on the way to a socket of the host, so it is
in no figure.

Kernel: drivers/net/tun.c, tun_net_xmit(): no reader, its filter, or a full ring of txqueuelen
packets; drivers/net/xen-netback/interface.c, xenvif_start_xmit(); drivers/net/macvtap.c,
macvtap_count_rx_dropped().
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.snapshot import Delta

_TAPS = frozenset({"macvtap", "ipvtap"})  # which count in rx_errors what was not taken
_MOST_NAMED = 3


def untaken(delta: Delta) -> Iterator[str]:
    """Yield what readers of such devices left, those that left most first."""
    lost = {name: gained for name, kind in _kinds(delta) if (gained := _left(delta, name, kind))}
    if not lost:
        return
    most = sorted(lost, key=lambda name: -lost[name])
    named = ", ".join(f"{name} {_share(delta, name, lost[name])}" for name in most[:_MOST_NAMED])
    more = f" and {len(most) - _MOST_NAMED} more" if len(most) > _MOST_NAMED else ""
    yield (
        f"sent to guests or programs that did not take it in time: {named}{more}. That is lost to"
        " them and in no figure here: the guest's virtual CPU, its vhost thread or the program had"
        " no CPU then (top -H; steal in the guest). A longer queue carries pauses, no more: ip"
        " link set dev NAME txqueuelen N"
    )


def _kinds(delta: Delta) -> list[tuple[str, str]]:
    devices = delta.after.devices.items()
    return [(name, one.kind) for name, one in devices if one.kind == "tun" or one.kind in _TAPS]


def _left(delta: Delta, name: str, kind: str) -> int | None:
    return delta.increase(f"{name}.{'tx_dropped' if kind == 'tun' else 'rx_errors'}")


def _share(delta: Delta, name: str, lost: int) -> str:
    is_tun = delta.after.devices[name].kind == "tun"
    taken = delta.increase(f"{name}.{'tx_packets' if is_tun else 'rx_packets'}")
    return f"{lost:,}" if taken is None else f"{lost:,} of {taken + lost:,} packets"
