"""The card told the other end to wait, again and again, and lost nothing by it.

What it means: with Ethernet flow control a card whose buffers are nearly full sends pause frames,
and the switch keeps the traffic back. Nothing is lost here; the switch's queue fills instead, and
drops there for all that goes the same way. It is the shortage of a full ring, seen from outside.

How it is counted: the driver's own counter of pause frames sent (tx_flow_control_xoff,
tx_pause_frames, tx_global_pause, link_xoff_tx).
Kernel: drivers/net, the get_strings function of each driver (read at 6.1): Intel, i40e, ice, mlx5,
mlx4, bnx2x, bnxt, qede, cxgb4, be2net, tg3, bnx2, sfc, stmmac; IEEE 802.3, annex 31B.

Remedy: as for a full ring: the CPU that polls the queues, more queues, a longer ring.

When not to act: a few a second are bursts that flow control is for. Where a storage network relies
on pause frames they are meant.

References: ethtool(8), -a and -A.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, when

_PER_SECOND = 10
# The same frames may stand under two of them (mlx5), so the largest counts.
_SENT = (
    r"tx_flow_control_xoff|port\.link_xoff_tx|link_xoff_tx\.nic|tx_global_pause|tx_pause_ctrl_phy"
    r"|tx_pause_?frames?|tx_xoff_(?:sent|frames)|(?:port_)?tx_pause|mmc_tx_pause_frame"
)


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for cards that hold their senders back."""
    delta = facts.delta
    if delta.before is None or not delta.seconds or facts.ledger.lost_at("nic-ring-overflow"):
        return
    sent = {name: _sent(delta, device) for name, device in delta.after.devices.items()}
    most = {name: max(found.values()) for name, found in sent.items() if found}
    paused = {n: gain for n, gain in most.items() if gain >= _PER_SECOND * delta.seconds}
    if not paused:
        return
    name = max(paused, key=lambda one: paused[one])
    yield note(
        "nic-ring-overflow",
        f"{count(sum(paused.values()))} pause frames{when(facts)} told senders to wait:"
        f" {listed(paused)}",
        present=True,
        meaning="The card's buffers were nearly full. Nothing was lost here; the switch holds the"
        " traffic back, and drops when its own queue is full.",
        evidence=evidence(delta, *(f"{name}.ethtool.{counter}" for counter in sent[name])),
        recommendations=_advice(facts, name),
    )


def _sent(delta: Delta, device: Device) -> dict[str, int]:
    """Return what the counters of pause frames gained that moved."""
    names = device.nic.statistics if device.nic else {}
    gains = {n: delta.increase(f"{device.name}.ethtool.{n}") for n in _named(tuple(names))}
    return {name: gain for name, gain in gains.items() if gain}


@lru_cache(maxsize=64)
def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those names that count pause frames; all cards of a model have the same."""
    return tuple([name for name in names if re.fullmatch(_SENT, name.strip())])


def _advice(facts: Facts, name: str) -> Iterator[Recommendation | None]:
    from netrx_tune.rules.nic_ring_overflow import longer_ring  # noqa: PLC0415 - seldom

    yield longer_ring(facts, name)
    why = (
        "Shows which CPU takes this card's interrupts: one that is busy empties the ring too late,"
        " whatever its length."
    )
    command = f"grep -e CPU0 -e {quoted(name)} /proc/interrupts"
    yield look(facts, command, kind="placement", target=name, why=why)


RULE = Rule((), check)
