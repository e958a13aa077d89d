"""A firewall rule dropped packets.

What it means: a rule, or the policy of a chain, said drop or reject. It did what it was told, so it
is policy; it matters only when wanted traffic is missing.

How it is counted: by the rule's own counter, or by those of the elements of the set or verdict map
that it drops by. The kernel counts no firewall drop by itself, so rules without a counter show up
in the books as packets that IP received and nobody got. `iptables -vnL` rounds above 99,999: then
it is at least so many, and -x or iptables-save -c tell all. What is forwarded is a remark. Of a
chain that input and another hook use, as many as IP's books lack.
Kernel: net/netfilter/core.c, nf_hook_slow(); net/netfilter/nf_tables_core.c, nft_do_chain().

Remedy: none, if the traffic is unwanted. Else look at the named rule.

When not to act: always, unless wanted traffic is missing. Nothing was full.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look, quoted
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of

_WHERE = {
    "nf-ingress-drop": "at ingress",
    "nf-prerouting-drop": "before routing",
    "nf-input-drop": "on the way in",
}
_MOST = 3
_IPTABLES = tuple(
    f"{program}{kind}" for program in ("iptables", "ip6tables") for kind in ("", "-legacy")
)


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for a hook whose rules dropped packets."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were dropped by firewall rules"
        f" {_WHERE[account.stage]}: {_rules(account)}",
        meaning="The rules did what they were told: this is policy, and nothing was full."
        + _since(facts),
        severity="note",
        recommendations=_advice(facts, account),
    )


def _places(account: Account) -> list[tuple[str, int]]:
    hits = [(entry.counter.removeprefix("nft "), entry.increase) for entry in account.by]
    return sorted(hits, key=lambda hit: -hit[1])


def _rules(account: Account) -> str:
    hits = _places(account)
    parts = [f"{place} ({count(packets)})" for place, packets in hits[:_MOST]]
    return ", ".join(parts) + (f" and {len(hits) - _MOST} more" if len(hits) > _MOST else "")


def _since(facts: Facts) -> str:
    if facts.delta.before is not None:
        return ""
    return " A rule counts from when it was loaded, which may be after boot."


def _advice(facts: Facts, account: Account) -> Iterator[Recommendation]:
    """Yield the command that shows each chain, set or map, once."""
    listed = dict.fromkeys(_listed(place) for place, _ in _places(account)[:_MOST])
    for place in listed:
        why = "Shows what counted; change it only if this traffic is wanted."
        command = _show(place.split())
        yield look(facts, command, kind="netfilter", target=place or "ruleset", why=why)


def _show(words: list[str]) -> str:
    """Return the command that lists a chain or set; what iptables shows, it is asked for."""
    if not words:
        return "nft -a list ruleset"
    if words[0] in _IPTABLES:
        return f"{words[0]} -t {quoted(words[1])} -vnL {quoted(words[2])} --line-numbers"
    family, table, name, *of_set = words
    kind = name if of_set else "chain"
    return f"nft -a list {kind} {' '.join(map(quoted, (family, table, *(of_set or (name,)))))}"


def _listed(place: str) -> str:
    """Return what lists a place: "inet filter input" of "inet filter input handle 7".

    A set is listed by its name: "inet filter set bad" of "inet filter set @bad".
    """
    words = place.split()
    if len(words) == 4 and words[3].startswith("@"):
        return " ".join((*words[:3], words[3][1:]))
    return " ".join(words[:3]) if len(words) >= 3 else ""


RULE = loss_rule(tuple(_WHERE), check)
