"""Connection tracking dropped packets, though its table was not full.

What it means: a tracker gave the verdict drop (a bad sequence adjustment, a clash of entries, a
helper that refused). Packets that are merely "invalid" go on unless a rule drops them.

How it is counted: `drop` of /proc/net/stat/nf_conntrack, less what a full table and failed inserts
explain.
Kernel: net/netfilter/nf_conntrack_core.c, nf_conntrack_in().

Remedy: let the kernel log why (net.netfilter.nf_conntrack_log_invalid), then judge.

When not to act: totals since boot may be from a time when the table was full; look at a window.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import set_sysctl, setting
from netrx_tune.rules.conntrack_advice import entries_held
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of

_MAX = "net.netfilter.nf_conntrack_max"
_LOG = "net.netfilter.nf_conntrack_log_invalid"
_EVERY_PROTOCOL = 255


def check(facts: Facts, account: Account) -> Finding:
    """Return the note when tracking dropped for a reason of its own."""
    limit = setting(facts, _MAX)
    entries = entries_held(facts)
    is_known = bool(limit) and entries is not None
    now = ""
    if limit and entries is not None:
        now = f" The table holds {count(entries)} of {count(limit)} entries now."
    table = ", whose table is not full" if is_known else ""
    earlier = " It may have been full at some time since boot." if not facts.delta.before else ""
    logging = setting(facts, _LOG) == _EVERY_PROTOCOL
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were dropped by connection tracking{table}",
        meaning=(
            f"A tracker's verdict, or a clash of two entries.{now}{earlier}"
            if is_known
            else "Most often its table was full; how full it is this input does not tell. Else a"
            " tracker's verdict, or a clash of two entries."
        ),
        severity="note",
        evidence=evidence(facts.delta, "nf_conntrack.invalid", "nf_conntrack.insert_failed"),
        recommendations=(
            None if is_known else _HOW_FULL,
            None
            if logging
            else set_sysctl(
                facts,
                _LOG,
                (_EVERY_PROTOCOL,),
                why="The kernel log then says which packets and why; set it back afterwards.",
                cost="a line in the log for each such packet",
            ),
        ),
    )


_HOW_FULL = Recommendation(
    kind="netfilter",
    target=_MAX,
    scope="netns",
    why="Shows entries and limit, and whether the kernel's log says that the table was full.",
    cost="none",
    command="sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max;"
    " dmesg | grep 'table full'",
)

RULE = loss_rule(("conntrack-invalid",), check, requires=("nf_conntrack.drop",))
