"""Firewall rules and qdiscs: what they count, what may be more, and what nobody could read."""

from __future__ import annotations

import pytest

from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Gap, RuleCounter
from netrx_tune.model.snapshot import Delta, Snapshot
from netrx_tune.planning.diagnosis import conclude
from netrx_tune.rxpath.books.rules import knows_netfilter
from netrx_tune.rxpath.delta import between, since_boot
from netrx_tune.rxpath.ledger import settle
from tests.rxpath import snapshots

INPUT, TC = "nf-input-drop", "tc-ingress-drop"
CLSACT = RuleCounter("tc", "qdisc clsact ffff: dev eth0", "ingress", "drop", 40)
UNREAD = Gap("tc:qdisc", "denied", "the kernel answers EPERM")


def snapshot(rules: tuple[RuleCounter, ...] | None, *gaps: Gap, uptime: float = 100.0) -> Snapshot:
    return snapshots.snapshot(uptime=uptime)._replace(rules=rules, gaps=gaps)


def rule(packets: int, at_most: int | None = None) -> RuleCounter:
    return RuleCounter("nft", "iptables filter INPUT rule 1", "input", "drop", packets, at_most)


def booked(stage: str, delta: Delta) -> Account:
    account = settle(delta).account(stage)
    assert account is not None
    return account


def test_a_rounded_count_is_a_least() -> None:
    rules = (
        rule(234_500, 235_499),
        RuleCounter("nft", "ip filter INPUT policy", "input", "drop", 9),
    )
    account = booked(INPUT, since_boot(snapshot(rules)))
    assert (account.lost, account.bound) == (234_509, "at-least")
    assert "-x" in account.why


@pytest.mark.parametrize(
    ("then", "now", "lost"), [(99_999, 100_000, None), (100_000, 112_500, 12_001)]
)
def test_between_rounded_counts_lies_no_less_than_their_ends_allow(
    then: int, now: int, lost: int | None
) -> None:
    before = snapshot((rule(then, then + 499),))
    after = snapshot((rule(now, now + 999),), uptime=110.0)
    assert booked(INPUT, between(before, after, live=False)).lost == lost


def test_a_clsact_that_filters_what_leaves_bounds_what_was_dropped_on_arrival() -> None:
    exact = booked(TC, since_boot(snapshot((CLSACT,))))
    shared = booked(TC, since_boot(snapshot((CLSACT._replace(hook="other"),))))
    assert (exact.lost, exact.bound) == (40, "exact")
    assert (shared.lost, shared.bound) == (40, "at-most")


def test_qdiscs_that_could_not_be_read_are_no_qdiscs_without_drops() -> None:
    assert booked(TC, since_boot(snapshot(()))).lost == 0
    assert booked(TC, since_boot(snapshot((), UNREAD))).lost is None


def test_rules_that_could_not_be_read_are_no_absence_of_rules() -> None:
    denied = Gap("nftables:rules", "denied", "the kernel answers EPERM")
    assert knows_netfilter(snapshot(()))
    assert not knows_netfilter(snapshot(None))
    assert not knows_netfilter(snapshot((), denied))


def test_what_is_forwarded_is_said_and_not_charged_to_this_host() -> None:
    rules = tuple(
        RuleCounter("nft", f"ip filter FORWARD rule {at}", "forward", "drop", 10 * at)
        for at in range(1, 5)
    )
    diagnosis = conclude(since_boot(snapshot(rules)))
    assert diagnosis.ledger.lost == 0
    (note,) = [note for note in diagnosis.notes if "forwarded" in note]
    assert note.startswith(
        "100 forwarded packets were dropped by firewall rules: ip filter FORWARD"
    )
    assert "rule 4 (40)" in note
    assert "and 1 more" in note
    unseen = conclude(since_boot(snapshot((rules[0]._replace(verdict="other"),))))
    assert not [note for note in unseen.notes if "forwarded" in note]


@pytest.mark.parametrize(("release", "left"), [("6.1.0", 20), ("6.18.2", 50), ("", 50)])
def test_refused_forwards_are_no_packets_that_went_missing(release: str, left: int) -> None:
    counters = {"Ip.InReceives": 150, "Ip.InDelivers": 100, "Ip.ForwDatagrams": 0}
    rules = (
        RuleCounter("nft", "iptables filter FORWARD policy", "forward", "drop", 30),
        RuleCounter("nft", "ip6 filter FORWARD policy", "forward", "drop", 15),
    )
    snap = snapshots.snapshot(counters, release=release)._replace(rules=rules)
    assert booked("ip-unattributed", since_boot(snap)).lost == left
