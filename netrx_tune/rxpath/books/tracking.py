"""The books of connection tracking: what it dropped, and for what of its reasons.

The statistics do not say why a packet was dropped. The table's size does, and the kernel's log.

Kernel: net/netfilter/nf_conntrack_core.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.log_text import TABLE_FULL
from netrx_tune.model.ledger import Account, Bound
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath import kernel_features as features
from netrx_tune.rxpath.books.entries import entry

FROM_LOG = "lines of the kernel's log, which leaves most of them out"  # so no share of anything


def tracking_accounts(delta: Delta) -> Iterator[Account]:
    """Divide what connection tracking dropped: no room, a failed insert, or a verdict.

    A clash moves insert_failed and drop; a chain that is too long moves insert_failed alone, as
    every failed insert does up to 4.4. From 4.9 on until clash_resolve came, insert_failed holds
    clashes that were resolved, too: of what was dropped it bounds the clashes, no more. So it does
    where the kernel's log tells of more refusals for want of room than insert_failed leaves.

    Kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc(), __nf_conntrack_confirm().
    """
    dropped = delta.increase("nf_conntrack.drop")
    if dropped is None:
        yield from _logged(delta)
        return
    kernel = delta.after.host.kernel
    failed = delta.increase("nf_conntrack.insert_failed") or 0
    inside = 0
    bound: Bound = "exact"
    if not features.clash_insert_failed_is_loss(kernel):
        failed = inside = 0 if _conntrack_is_full(delta) else min(failed, dropped)
        bound = "at-most"
    else:
        too_long = delta.increase("nf_conntrack.chaintoolong") or 0
        if features.clash_is_in_drop(kernel):
            inside = min(max(0, failed - too_long), dropped)
    rest = dropped - inside
    refused = min(_log_lines(delta), dropped) - rest
    if refused > 0:
        failed, rest, bound = max(0, failed - refused), rest + refused, "at-most"
    full = rest if _conntrack_is_full(delta) else 0
    by = "nf_conntrack.drop"
    told: tuple[Bound, str] = ("at-least", FROM_LOG) if refused > 0 else ("exact", "")
    yield Account("conntrack-table-full", full, told[0], entry(by, full), why=told[1])
    named = entry("nf_conntrack.insert_failed", failed)
    yield Account("conntrack-insert-fail", failed, bound if failed else "exact", named)
    yield Account(
        "conntrack-invalid",
        rest - full,
        "exact",
        entry(by, rest - full),
        why=_why_invalid(delta) if rest - full else "",
    )


def _logged(delta: Delta) -> Iterator[Account]:
    """Yield what the kernel's log tells of a full table."""
    if lines := _log_lines(delta):
        by = entry(TABLE_FULL, lines)
        yield Account("conntrack-table-full", lines, "at-least", by, why=FROM_LOG)


def _log_lines(delta: Delta) -> int:
    """Return the lines of one log; of two nobody knows the end."""
    return 0 if delta.before else delta.after.levels.get(TABLE_FULL, 0)


def _why_invalid(delta: Delta) -> str:
    if delta.after.settings.get("net.netfilter.nf_conntrack_max"):
        return "conntrack dropped, though its table was not full"
    return "conntrack dropped; whether its table was full is not known"


def _conntrack_is_full(delta: Delta) -> bool:
    """Tell whether the table stood near its limit at either end of the window.

    The limit is one number for the host; each namespace's own count is held against it.
    """
    limit = delta.after.settings.get("net.netfilter.nf_conntrack_max", ())
    counts = [s.levels.get("nf_conntrack.count", 0) for s in (delta.before, delta.after) if s]
    if delta.increase("nf_conntrack.early_drop") or delta.after.levels.get(TABLE_FULL):
        return True
    return bool(limit and limit[0]) and max(counts) >= 0.9 * limit[0]
