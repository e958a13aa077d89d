"""IPsec refused packets.

What it means: a policy blocks them or asks for protection that they did not have, or an ESP packet
had no matching state, a replayed number or a bad checksum.

How it is counted: the XfrmIn* lines of /proc/net/xfrm_stat; for UDP the same packet is in InErrors
and in the socket's drops, and is charged once.
Kernel: net/xfrm/xfrm_policy.c, __xfrm_policy_check(); net/xfrm/xfrm_input.c, xfrm_input().

Remedy: compare the policies and states of both ends.

When not to act: unprotected packets that a policy is meant to keep out.

References: Documentation/networking/xfrm_proc.rst.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of

_MEANINGS = {
    "XfrmInPolBlock": "a policy says block",
    "XfrmInNoPols": "no policy allows them",
    "XfrmInTmplMismatch": "they lacked the protection that a policy asks for",
    "XfrmInNoStates": "no security association matches their number",
    "XfrmInStateSeqError": "their sequence number was outside the replay window",
    "XfrmInStateProtoError": "decryption or authentication failed",
    "XfrmInStateExpired": "their security association has expired",
    "XfrmInBufferError": "memory was short",
}
_OF_POLICY = re.compile("Pol|Tmpl")


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for what IPsec refused, before UDP or at UDP sockets."""
    names = tuple(n for n in facts.delta.increases if n.startswith("xfrm.XfrmIn"))
    moved = evidence(facts.delta, *names)
    unit = "datagrams" if account.stage.startswith("udp") else "packets"
    seen = tuple(item for item in moved if all(item.counter != e.counter for e in account.by))
    causes = ", ".join(
        f"{item.counter.removeprefix('xfrm.')} {count(item.increase or 0)}" for item in moved
    )
    return found(
        facts,
        account,
        f"{lost_of(facts, account, unit)} were refused by IPsec ({causes})",
        meaning=_meaning([item.counter.removeprefix("xfrm.") for item in moved]),
        severity="note",
        evidence=seen,
        recommendations=_looks(facts, [item.counter for item in moved]),
    )


def _looks(facts: Facts, names: Sequence[str]) -> tuple[Recommendation, ...]:
    """Return where to look, the associations first where none of the policies refused."""
    policy = look(
        facts,
        "ip -s xfrm policy",
        kind="route",
        target="ip xfrm policy",
        why="Shows the policies with their counters; compare them with the peer's.",
    )
    state = look(
        facts,
        "ip -s xfrm state",
        kind="route",
        target="ip xfrm state",
        why="Shows the security associations, their errors and replay windows. Numbers (spi) and"
        " keys have to be the peer's: one end that was started or got keys by itself sends what"
        " the other cannot read until both negotiate anew.",
    )
    return (policy, state) if any(map(_OF_POLICY.search, names)) else (state, policy)


def _meaning(names: list[str]) -> str:
    known = [f"{name}: {_MEANINGS[name]}" for name in names if name in _MEANINGS]
    return (". ".join(known) or "See ip xfrm policy and ip xfrm state for the reason") + "."


RULE = loss_rule(("xfrm-policy", "udp-xfrm-policy"), check)
