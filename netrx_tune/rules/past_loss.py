"""Loss that happened before the window and not in it.

What it means: counters never go back, so an hour of trouble last spring still shows in every total.
Nothing is lost now at these places.

How it is counted: the same books over the totals since boot, for stages that lost nothing in the
window. Kernel: counters are cleared with the namespace only.

Remedy: none now. To catch it in the act, save a snapshot when it happens again.

When not to act: always; this is history.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.judge import standing
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count
from netrx_tune.rxpath.stages import STAGES

# Strays and scans pile up on every host; their history tells nobody anything.
_TRIVIAL = frozenset({"udp-no-port", "udp-mcast-nolistener", "l2-unhandled-proto", "udp-short",
                      "ip-internal-discard", "route-no-route", "route-not-local",
                      "udp-csum-early", "ip-header-invalid", "udp-closed-unread",
                      "backlog-dev-down"})  # fmt: skip
_TOLD = {s.name for s in STAGES if s.kind in ("loss", "copy") and s.layer != "books"} - _TRIVIAL


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for each stage that lost before and not now."""
    if facts.delta.before is None:
        return
    for account in facts.ledger.accounts:
        if account.lost == 0 and account.stage in _TOLD:
            past = facts.ledger.since_boot.get(account.stage)
            if past and past.lost:
                yield _note(facts, past)


def _note(facts: Facts, account: Account) -> Finding:
    title = next(stage.title for stage in STAGES if stage.name == account.stage)
    return note(
        account.stage,
        f"{count(account.lost or 0)} lost since boot at {account.stage} ({title}),"
        " none in this window",
        present=False,
        meaning="History: counters are never cleared.",
        evidence=standing(facts.delta, *(entry.counter for entry in account.by)),
    )


RULE = Rule((), check)
