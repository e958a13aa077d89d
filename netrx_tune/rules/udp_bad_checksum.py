"""UDP datagrams with a wrong checksum.

What it means: bits changed on the way, or a sender or tunnel computes it wrongly (IPv6 forbids a
checksum of zero unless the socket allows it). Short ones (UDP length up to 76) are refused on
arrival. Longer ones lie in the socket's buffer and are found out when the program reads, so they
take room from good ones, and nothing is counted until then.

How it is counted: InCsumErrors and InErrors of Udp, Udp6 and UDP-Lite; the socket's drops as well
when it is found at the read. Kernel: net/ipv4/udp.c, udp4_csum_init(), udp_recvmsg().

Remedy: find the sender or the link: one sender means its host or tunnel, all senders of one device
mean the card or its driver.

When not to act: a few in many millions are cosmic weather; no buffer is involved.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for one of the places where bad checksums are found."""
    late = account.stage == "udp-csum-late"
    where = "when programs read them" if late else "on arrival"
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} had a wrong UDP checksum, found {where}",
        severity=stray_severity(facts, account),
        meaning="They were damaged on the way or sent wrong."
        + (" Until they were read they took up room in the socket's buffer." if late else ""),
        recommendations=(
            look(
                facts,
                "tcpdump -ni any -vv -c 200 udp | grep -B1 'bad udp cksum'",
                kind="sender",
                target="senders of bad checksums",
                why="Shows who sends them; packets that this host sends itself show as bad there"
                " without being so.",
            ),
        ),
    )


RULE = loss_rule(
    ("udp-csum-early", "udp-csum-late"),
    check,
    requires=("Udp.InCsumErrors|Udp6.InCsumErrors",),
)
