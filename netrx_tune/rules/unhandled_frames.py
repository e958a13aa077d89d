"""Frames of a protocol that nobody handles.

What it means: no part of the kernel is registered for the frame's EtherType: LLDP, spanning tree,
a VLAN or a vendor's protocol that this host does not run. Switches send such frames for ever. The
device counts them as rx_dropped, so "RX dropped" grows although nothing was full.

How it is counted: rx_dropped of the device, less what full backlogs, tunnel queues and a veth's
other end explain. On
a card the driver's own drops cannot be told from it ("at most"). /proc/net/dev adds rx_missed to
it, which the finding says.
Kernel: net/core/dev.c, __netif_receive_skb_core().

Remedy: none needed. To make it stop, find the frames and switch their sender off.

When not to act: always, unless the protocol is wanted here.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, loss_rule, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of

_FEW = 10  # a switch's own announcements
_SHARE = 0.01
_MANY_SHARE = 0.05  # a switch's announcements are fewer, unless the device is idle


def check(facts: Facts, account: Account) -> Finding | None:
    """Return the note for frames that no protocol took."""
    if _is_trickle(account):
        return None
    losses = by_device(account)
    name = worst_of(losses)
    doubtful = any(entry.counter.endswith("_or_missed") for entry in account.by)
    certain = account.bound != "at-most"
    what = "had a protocol that nobody handles on"
    if not certain:
        what = "were dropped or missed by" if doubtful else f"may have {what}"
    why = "Shows the frames that are neither IP nor ARP, with their EtherType and sender."
    command = f"tcpdump -enn -c 20 -i {quoted(name)} not ip and not ip6 and not arp"
    cost = "while it runs the counter stands still: the capture takes the frames"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} {what} {listed(losses)}",
        meaning=_meaning(account, doubtful=doubtful),
        severity="note",
        recommendations=_ordered(
            look(facts, command, target=name, why=why, cost=cost),
            None if certain else _driver(facts, name),
            swapped=_are_many(account),
        ),
    )


def _ordered(
    frames: Recommendation, driver: Recommendation | None, *, swapped: bool
) -> tuple[Recommendation, ...]:
    """Return the advice, what is likelier first: strays, or where they are many the driver."""
    if driver is None:
        return (frames,)
    return (driver, frames) if swapped else (frames, driver)


def _are_many(account: Account) -> bool:
    return account.bound == "at-most" and (account.share or 0) >= _MANY_SHARE


def _is_trickle(account: Account) -> bool:
    return (account.lost or 0) < _FEW and (account.share or 0) < _SHARE


def _driver(facts: Facts, name: str) -> Recommendation:
    why = "Shows whether the driver itself dropped: names with drop, discard, miss or no_buf."
    command = f"ethtool -S {quoted(name)} | grep -iE 'drop|discard|miss|no_buf|fail'"
    return look(facts, command, target=name, why=why)


def _meaning(account: Account, *, doubtful: bool) -> str:
    text = "No program of this host was waiting for them, and nothing was full."
    many = ""
    if _are_many(account):
        many = (
            " So many are seldom a switch's announcements, unless the device is idle or the backup"
            " port of a bond."
        )
    if doubtful:
        return (
            "This input adds two counters up: frames that nobody handles and frames that a card"
            f" missed. /sys/class/net/*/statistics tells them apart.{many}"
        )
    if account.bound == "at-most":
        own = "A driver's own drops are in the same counter: ethtool -S tells."
        return f"{own}{many}" if many else f"{text} {own}"
    return text


RULE = loss_rule(("l2-unhandled-proto",), check)
