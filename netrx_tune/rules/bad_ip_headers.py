"""Packets with a broken IP header.

What it means: wrong version, length or header checksum, or options that cannot be read: a sender or
a card damages headers. A forwarding host counts packets whose TTL ran out here as well: few are
somebody's traceroute, many a loop of routes.

How it is counted: Ip.InHdrErrors and Ip6.InHdrErrors; a bad checksum is in IpExt.InCsumErrors too,
and is charged once.
Kernel: net/ipv4/ip_input.c, ip_rcv_core(); net/ipv6/ip6_input.c, ip6_rcv_core().

Remedy: find the sender, or the card whose receive checksum offload is at fault.

When not to act: a few since boot. No buffer has a part in it.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Severity
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look, setting
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of

_CHECKSUMS = "IpExt.InCsumErrors"
_FORWARDING = 1  # 2: this host does not
_EXTENDED = "ip6[6] == 0 or ip6[6] == 43 or ip6[6] == 60"


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for packets whose header does not read."""
    checksums = facts.delta.increase(_CHECKSUMS) or 0
    command, why = _look(facts, account, checksums)
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} {_what(facts, account, checksums)}",
        meaning=_checksum_words(facts, checksums)
        + (
            "This host forwards: packets whose TTL ran out here are among them, of a traceroute"
            " or, when there are many, of a loop of routes."
            if _forwards(facts)
            else "The sender, or a card on the way, damages headers."
        ),
        severity=_severity(facts, account, checksums),
        evidence=evidence(facts.delta, _CHECKSUMS),
        recommendations=(look(facts, command, kind="sender", target="sender", why=why),),
    )


def _what(facts: Facts, account: Account, checksums: int) -> str:
    if _ran_out(facts, account, checksums):
        return "had no time to live left for the way on, or a header that does not read"
    return "had an IP header that does not read"


def _checksum_words(facts: Facts, checksums: int) -> str:
    """Say how many were damaged, where the counter of that can be read."""
    if facts.delta.increase(_CHECKSUMS) is None:
        return ""
    return f"{count(checksums) if checksums else 'None'} of them had a wrong header checksum. "


def _look(facts: Facts, account: Account, checksums: int) -> tuple[str, str]:
    """Return what shows such packets, and why."""
    gains = {entry.counter: entry.increase for entry in account.by}
    six = gains.get("Ip6.InHdrErrors", 0) > gains.get("Ip.InHdrErrors", 0)
    if _ran_out(facts, account, checksums):
        why = (
            "Shows whom this host tells that a packet's time ran out: always the same two networks"
        )
        told = "icmp6 and ip6[40] == 3" if six else "icmp[0] == 11"
        return f"tcpdump -nn -c 50 -i any '{told}'", f"{why} mean a loop between them."
    if six:
        why = "Shows packets with options or a routing header, of which IPv6 refuses the unknown."
        return f"tcpdump -nnv -i any -c 100 '{_EXTENDED}'", why
    why = "Shows packets whose IP header checksum is wrong, and their sender."
    return "tcpdump -nnvv -i any -c 2000 ip | grep -A1 'bad cksum'", why


def _ran_out(facts: Facts, account: Account, checksums: int) -> bool:
    """Tell whether most of them may be packets whose TTL ran out here."""
    return _forwards(facts) and 2 * checksums < (account.lost or 0)


def _forwards(facts: Facts) -> bool:
    keys = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    forwarded = ("Ip.ForwDatagrams", "Ip6.OutForwDatagrams")
    return (
        any(setting(facts, key) for key in keys)
        or any(facts.delta.increase(name) for name in forwarded)
        or facts.delta.after.levels.get("Ip.Forwarding") == _FORWARDING
    )


def _severity(facts: Facts, account: Account, checksums: int) -> Severity:
    if _ran_out(facts, account, checksums):
        return "note"
    return stray_severity(facts, account)


RULE = loss_rule(("ip-header-invalid",), check, requires=("Ip.InHdrErrors|Ip6.InHdrErrors",))
