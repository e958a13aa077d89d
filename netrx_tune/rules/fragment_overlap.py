"""Fragments that overlapped.

What it means: two fragments of one datagram cover the same bytes, so the whole datagram was
discarded: a broken sender, a hostile one, or one that reuses IP identifications too fast.

How it is counted: IpExt.ReasmOverlaps (from 4.14); from 5.4 the same datagram is in ReasmFails too,
and is charged once. IPv6 shows no such counter.
Kernel: net/ipv4/inet_fragment.c, inet_frag_queue_insert(); net/ipv4/ip_fragment.c, ip_frag_queue().

Remedy: find the sender; let it send datagrams that fit the MTU.

When not to act: a few are attempts to slip past a firewall. No limit has a part in it.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, when


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for datagrams whose fragments overlap."""
    why = "Shows the fragments, their identification and sender."
    command = "tcpdump -nnv -i any -c 100 'ip[6:2] & 0x3fff != 0'"
    fragments = f" ({count(account.offered)} fragments came)" if account.offered else ""
    return found(
        facts,
        account,
        f"{count(account.lost or 0)} datagrams{when(facts)} had fragments that overlap{fragments}",
        meaning="A broken or hostile sender, or one so fast that it uses an identification again"
        " while the last datagram of that number still waits.",
        severity=stray_severity(facts, account),
        recommendations=(look(facts, command, kind="sender", target="sender", why=why),),
    )


RULE = loss_rule(("defrag-overlap",), check, requires=("IpExt.ReasmOverlaps",))
