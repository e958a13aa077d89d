"""Whether a change cured, moved or worsened the loss, by two ledgers."""

from __future__ import annotations

import pytest

from netrx_tune.model.ledger import Account, Ledger
from netrx_tune.planning.changes import Change
from netrx_tune.planning.verification import judge_change

FULL, BACKLOG = "udp-rcvbuf-full", "cpu-backlog-overflow"


def ledger(offered: int | None, rcvbuf: int = 0, backlog: int = 0) -> Ledger:
    accounts = (
        Account(BACKLOG, backlog, "exact", (), offered),
        Account(FULL, rcvbuf, "exact", (), offered),
    )
    lost = rcvbuf + backlog
    return Ledger(accounts, offered, (offered or lost) - lost, 0, lost, 0)


def change(key: str, effect: str = "now") -> tuple[Change, ...]:
    return (Change(key, (1,), (2,), "host", "", "", exactly=False, takes_effect=effect),)  # type: ignore[arg-type]  # a literal


QUEUE = change("net.core.netdev_max_backlog")
RMEM = change("net.core.rmem_max", "restart")
DEFAULT = change("net.core.rmem_default", "new-sockets")


@pytest.mark.parametrize(
    ("before", "after", "changes", "outcome", "keep"),
    [
        (ledger(10000, backlog=500), ledger(9000), QUEUE, "cured", True),
        (ledger(10000, backlog=500), ledger(10000, backlog=50), QUEUE, "cured", True),
        (ledger(10000, rcvbuf=6000), ledger(10000, rcvbuf=398), RMEM, "better", True),  # critical
        (ledger(10000, backlog=500), ledger(10000, backlog=200), QUEUE, "better", True),
        (ledger(10000, backlog=500), ledger(10000, rcvbuf=480), QUEUE, "moved", False),
        (ledger(10000, backlog=500), ledger(10000, 480, 500), QUEUE, "worse", False),
        (ledger(10000, backlog=500), ledger(10000, backlog=450), QUEUE, "no-effect", False),
        (ledger(10000, backlog=500), ledger(10000, backlog=900), QUEUE, "worse", False),
        (ledger(10000, rcvbuf=500), ledger(10000, rcvbuf=500), RMEM, "later", True),
        (ledger(10000, rcvbuf=500), ledger(10000, rcvbuf=500), DEFAULT, "later", True),
        (ledger(10000, rcvbuf=500), ledger(2000), RMEM, "cured", True),
        (ledger(99), ledger(5), RMEM, "nothing-lost", True),
        (ledger(10000, rcvbuf=500), ledger(100), RMEM, "silent", False),
        (ledger(10000), ledger(10000), RMEM, "nothing-lost", True),
        (ledger(10000), ledger(10000, rcvbuf=9), RMEM, "nothing-lost", True),
        (ledger(1000), ledger(1000, rcvbuf=9), RMEM, "nothing-lost", True),
        (ledger(10000), ledger(10000, rcvbuf=500), RMEM, "worse", False),
        (ledger(0), ledger(0), RMEM, "nothing-lost", True),
        (ledger(None), ledger(10000), RMEM, "blind", True),
    ],
)
def test_what_the_counters_say_of_a_change(
    before: Ledger, after: Ledger, changes: tuple[Change, ...], outcome: str, *, keep: bool
) -> None:
    got = judge_change(before, after, changes)
    assert (got.outcome, got.keep) == (outcome, keep), got.summary


def test_a_move_names_both_stages_with_their_figures() -> None:
    got = judge_change(ledger(10000, backlog=500), ledger(10000, rcvbuf=480), QUEUE)
    assert got.summary == (
        "the loss moved from cpu-backlog-overflow 500 before (5.00%), 0 after (0.00%) to"
        " udp-rcvbuf-full 0 before (0.00%), 480 after (4.80%)"
    )
