"""The judge of the lab is itself judged: what it accepts and what it refuses."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.live.report import Finding, Report, parse_report
from tests.live.tracing import Drop, parse_trace, reasons_of
from tests.live.truth import Fault, Play, Truth, at
from tests.live.verdict import complaints, differences, missing_words, wrong_causes
from tests.live.witness import disagreements


def _never_played(_: object) -> Play:
    yield ""
    return TRUTH


FULL = Finding(
    rule="socket-buffer-full",
    stage="udp-rcvbuf-full",
    severity="critical",
    lost=90,
    cause="reader-stopped",
    present=True,
    drops=(90,),
)
FAULT = Fault(
    name="stopped",
    description="",
    play=_never_played,
    expected=(at("udp-rcvbuf-full"),),
    cause="reader-stopped",
)
TRUTH = Truth(sent=100, delivered=0, queued=10, lost={"udp-rcvbuf-full": 90}, losers=1)
REPORT = Report({"udp-rcvbuf-full": 90}, lost=90, delivered=0, queued=10, findings=(FULL,))
FILTERED = replace(FAULT, expected=(at("nf-input-drop"),), cause="")
FILTERED_TRUTH = Truth(sent=100, delivered=10, lost={"nf-input-drop": 90})


def _filtered(stage: str, severity: str = "note") -> Report:
    finding = Finding("firewall-drops", stage, severity, 90, None, True, ())
    return Report({stage: 90}, lost=90, delivered=10, queued=0, findings=(finding,))


def test_an_exact_report_is_right() -> None:
    assert complaints(FAULT, TRUTH, REPORT) == ()


def test_one_packet_too_many_is_wrong() -> None:
    report = REPORT._replace(stages={"udp-rcvbuf-full": 91}, lost=91)
    assert "lost udp-rcvbuf-full 90, reported udp-rcvbuf-full 91" in complaints(
        FAULT, TRUTH, report
    )


def test_loss_charged_twice_is_wrong() -> None:
    report = REPORT._replace(stages={"udp-rcvbuf-full": 90, "udp-unattributed": 90}, lost=180)
    assert (
        "lost udp-rcvbuf-full 90, reported udp-rcvbuf-full 90, udp-unattributed 90"
        in complaints(FAULT, TRUTH, report)
    )


def test_a_total_that_is_not_the_sum_is_wrong() -> None:
    assert complaints(FAULT, TRUTH, REPORT._replace(lost=80)) == (
        "stages add up to 90, the ledger says 80 lost",
    )


def test_what_was_read_and_what_waits_are_compared() -> None:
    assert complaints(FAULT, TRUTH, REPORT._replace(delivered=1, queued=9)) == (
        "delivered 0, reported 1",
        "queued 10, reported 9",
    )


def test_the_books_may_hold_what_no_rule_counts() -> None:
    assert complaints(FILTERED, FILTERED_TRUTH, _filtered("ip-unattributed")) == ()
    assert complaints(FILTERED, FILTERED_TRUTH, _filtered("nf-input-drop")) == ()
    assert complaints(FILTERED, FILTERED_TRUTH, _filtered("nf-prerouting-drop")) == (
        "lost nf-input-drop 90, reported nf-prerouting-drop 90",
    )


def test_a_rule_that_counts_has_to_be_named() -> None:
    counted = replace(FAULT, expected=(at("nf-input-drop", named=True),), cause="")
    assert complaints(counted, FILTERED_TRUTH, _filtered("nf-input-drop")) == ()
    assert complaints(counted, FILTERED_TRUTH, _filtered("ip-unattributed")) == (
        "lost nf-input-drop 90, reported ip-unattributed 90",
    )


def test_policy_is_a_note() -> None:
    assert complaints(FILTERED, FILTERED_TRUTH, _filtered("nf-input-drop", "critical")) == (
        "firewall-drops (critical, nf-input-drop, lost 90) should be note",
    )


def test_silence_is_right_only_where_no_counter_moves() -> None:
    silent = Report({}, lost=0, delivered=10, queued=0, findings=())
    ring = replace(FAULT, expected=(at("veth-ring-overflow"),), cause="")
    lost = Truth(sent=100, delivered=10, lost={"veth-ring-overflow": 90})
    assert complaints(ring, lost, silent) == ()
    assert complaints(FILTERED, FILTERED_TRUTH, silent) == (
        "lost nf-input-drop 90, reported nothing",
    )


def test_a_healthy_host_gets_no_warning() -> None:
    healthy = replace(FAULT, expected=(), cause="")
    warning = Finding("softirq-squeezed", "softirq-squeeze", "warning", 0, None, True, ())
    report = Report({}, lost=0, delivered=100, queued=0, findings=(warning,))
    assert complaints(healthy, Truth(sent=100, delivered=100), report) == (
        "softirq-squeezed (warning, softirq-squeeze, lost 0) is more than a note without loss",
    )


def test_loss_that_no_finding_names_is_wrong() -> None:
    assert complaints(FAULT, TRUTH, REPORT._replace(findings=())) == (
        "no finding names udp-rcvbuf-full",
    )


def test_the_sockets_of_a_full_buffer_are_judged() -> None:
    finding = FULL._replace(drops=(60, 20))
    assert complaints(FAULT, TRUTH, REPORT._replace(findings=(finding,))) == (
        "1 sockets lost, 2 are named",
        "sockets dropped 80 of 90",
    )


def test_the_cause_of_a_full_buffer_is_judged() -> None:
    burst = REPORT._replace(findings=(FULL._replace(cause="burst"),))
    assert wrong_causes(FAULT, REPORT) == ()
    assert wrong_causes(FAULT, burst) == ("the cause is reader-stopped, reported burst",)
    assert wrong_causes(replace(FAULT, cause=""), burst) == ()


def test_a_new_namespace_has_no_past() -> None:
    past = Finding("past-loss", "route-martian", "note", 0, None, False, ())
    assert complaints(FAULT, TRUTH, REPORT._replace(findings=(FULL, past))) == (
        "past-loss tells of earlier loss at route-martian, and there was none",
    )
    remembered = replace(TRUTH, earlier={"route-martian": 1})
    assert complaints(FAULT, remembered, REPORT._replace(findings=(FULL, past))) == ()


def test_a_snapshot_has_to_say_the_same() -> None:
    assert differences(REPORT, REPORT) == ()
    assert differences(REPORT, REPORT._replace(queued=None)) == (
        "from the snapshot, queued is None, live it was 10",
    )


def test_a_trace_that_knows_less_than_the_programs_is_a_fault_of_the_lab() -> None:
    known = frozenset({"SOCKET_RCVBUFF"})
    expected = FAULT.expected
    exact = Counter({Drop(2048, "udp_queue_rcv_one_skb", "SOCKET_RCVBUFF"): 90})
    assert disagreements(TRUTH, expected, exact, known) == ()
    assert disagreements(TRUTH, expected, exact + exact, known) == ()
    assert disagreements(TRUTH, expected, Counter(), known) == (
        "programs lost 90, the kernel says 0 for SOCKET_RCVBUFF",
    )
    assert disagreements(TRUTH, expected, Counter(), frozenset()) == ()


def test_the_kernel_names_its_own_reasons() -> None:
    form = 'reason: %s", __print_symbolic(REC->reason, { 2, "NOT_SPECIFIED" }, { 11, "UDP_CSUM" })'
    line = (
        "python3-7 [001] ..s2. 12.3: kfree_skb: skbaddr=0 rx_sk=0 protocol=2048 "
        "location=__udp4_lib_rcv+0x9a/0xb20 reason: UDP_CSUM\n"
    )
    assert reasons_of(form) == {"NOT_SPECIFIED", "UDP_CSUM"}
    assert parse_trace(line * 2) == {Drop(2048, "__udp4_lib_rcv", "UDP_CSUM"): 2}


def test_words_that_a_full_buffers_finding_lacks_are_missed() -> None:
    truth = replace(TRUTH, words=("pid 12)", "25 %"))
    said = REPORT._replace(findings=(FULL._replace(text="this one (pid 12) has 25 %"),))
    assert missing_words(truth, said) == ()
    (missed,) = missing_words(truth, REPORT._replace(findings=(FULL._replace(text="pid 12)"),)))
    assert "'25 %'" in missed
    elsewhere = FULL._replace(rule="other", text="this one (pid 12) has 25 %")
    assert len(missing_words(truth, REPORT._replace(findings=(elsewhere,)))) == 2


def test_the_findings_of_two_causes_are_the_account_together() -> None:
    parts = tuple(FULL._replace(lost=lost, drops=(lost,)) for lost in (60, 30))
    assert not [one for one in complaints(FAULT, TRUTH, REPORT._replace(findings=parts))
                if "differs" in one]  # fmt: skip
    short = complaints(FAULT, TRUTH, REPORT._replace(findings=parts[:1]))
    assert any("lost 60) differs from its stage's account" in one for one in short)


@pytest.mark.parametrize(
    ("offered", "came", "said"),
    [
        (10, 10, ()),
        (10, 7, ("rps-flow-limit lost 8 of 7",)),
        (11, 10, ("11 offered are not [2, 0, 8] delivered, queued and lost",)),
    ],
)
def test_figures_that_cannot_be_are_a_complaint(
    offered: int, came: int, said: tuple[str, ...]
) -> None:
    stage = {"stage": "rps-flow-limit", "lost": 8, "offered": came}
    ledger = {"offered": offered, "delivered": 2, "queued": 0, "lost": 8, "stages": [stage]}
    assert parse_report(json.dumps({"ledger": ledger, "findings": []})).impossible == said
