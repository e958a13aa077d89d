"""Frames that arrived broken.

What it means: the card received frames with a bad checksum, a bad length or bad framing and threw
them away before they became packets. A cable, an optic, a connector, an electrical fault, or two
ends that disagree on MTU, speed or duplex.

How it is counted: rx_crc_errors, rx_frame_errors and rx_length_errors of the device; rx_errors
where the driver tells no more. Tunnels such as WireGuard use the same fields for packets from
addresses that their peer may not use, and for those that were cut short.
Kernel: include/uapi/linux/if_link.h, struct rtnl_link_stats64; net/core/net-procfs.c,
dev_seq_printf_stats().

Remedy: replace the cable or the optic, clean the connectors, compare MTU, speed and duplex of both
ends, read the switch port's own error counters. Of a wireless card look at signal and channel.

When not to act: a handful since boot is what pulling a plug leaves. No setting of the kernel has a
part in it.

References: Documentation/networking/statistics.rst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do, listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, loss_rule, stray_severity, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.books.entries import total

_BY_RADIO = "Frames came broken over the radio: a weak signal, other senders, or the driver."
_OF_ANY_KIND = (
    "This input does not tell which errors they are: bad checksums are of cable, optic or card,"
    " wrong lengths of an MTU that differs (as on a port that mirrors others), and some drivers"
    " count a full ring there, too."
)
_KINDS = ("rx_crc_errors", "rx_length_errors", "rx_frame_sum")
_WIRELESS = re.compile(r"wl\w+|(?:ath|ra|rai|wifi)\d+")


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for frames that were broken on arrival."""
    losses = by_device(account)
    lengths = total(one for one in account.by if one.counter.endswith(".rx_length_errors"))
    virtual = not any(_is_card(facts, name) for name in losses)
    meaning = _meaning(virtual=virtual, by_length=2 * lengths > (account.lost or 0))
    worst = worst_of(losses)
    advice = [*_advice(facts, worst, virtual=virtual)]
    if all(map(_WIRELESS.fullmatch, losses)):
        meaning = _BY_RADIO
    elif not virtual and not any(_tells_kinds(facts, name) for name in losses):
        meaning = _OF_ANY_KIND
        advice.insert(0, _kinds(facts, worst))
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} arrived broken on {listed(losses)}",
        meaning=meaning,
        severity=stray_severity(facts, account),
        recommendations=advice,
    )


def _tells_kinds(facts: Facts, name: str) -> bool:
    """Tell whether a device's errors are shown by kind, or its driver shows them."""
    device = facts.delta.after.devices.get(name)
    by_driver = device is not None and device.nic is not None and bool(device.nic.statistics)
    return by_driver or any(f"{name}.{kind}" in facts.delta.increases for kind in _KINDS)


def _kinds(facts: Facts, name: str) -> Recommendation:
    why = "Shows which errors they are: length, crc, frame, or missed and fifo."
    command = f"ip -s -s link show dev {quoted(name)}"
    return look(facts, command, kind="hardware", target=name, why=why)


def _is_card(facts: Facts, name: str) -> bool:
    device = facts.delta.after.devices.get(name)
    return device is None or not device.kind


def _meaning(*, virtual: bool, by_length: bool) -> str:
    if virtual:
        return (
            "This is no card: the tunnel refused packets for what came out of it: cut short, with a"
            " checksum, key or sequence number other than expected (GRE), from an address that"
            " their peer may not use (WireGuard's AllowedIPs), or refused by IPsec, which counts"
            " why (cat /proc/net/xfrm_stat)."
        )
    if by_length:
        return (
            "Frames of a wrong length: the two ends rather disagree on the MTU than have a bad"
            " cable between them."
        )
    return "A fault of cable, optic, connector or card: the frames never reached memory."


def _advice(facts: Facts, name: str, *, virtual: bool) -> Iterator[Recommendation]:
    device = quoted(name)
    if virtual:
        why = "Shows the tunnel's own error counters; compare its peer's addresses and MTU."
        yield look(facts, f"ip -s -s link show dev {device}", kind="sender", target=name, why=why)
        return
    if _WIRELESS.fullmatch(name):
        why = "Shows the signal of each station; change channel, distance or antenna."
        yield look(facts, f"iw dev {device} station dump", kind="hardware", target=name, why=why)
        return
    why = "Shows speed, duplex and link partner; compare them and the MTU with the switch port's."
    yield look(facts, f"ethtool {device}", kind="hardware", target=name, why=why)
    why = "Swap cable and optic one at a time, and watch which swap makes the counter stop."
    yield do("hardware", name, why=why, cost="the link is down for the time of each swap")


RULE = loss_rule(("nic-wire-error",), check)
