"""What a policy makes of what an input shows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from netrx_tune.host.checking import judge_input
from netrx_tune.host.policies import Wanted, load
from netrx_tune.model.judgement import Judgement, Spot
from netrx_tune.planning.policy import Policy, parse_policy
from tests.host.packing import pack
from tests.saved import archive, members

TODAY = date(2026, 12, 1)


def judged(path: str, text: str = "schema: 1") -> Judgement:
    return judge_input(path, parse_policy(text, "p.yaml"), TODAY)[0]


@pytest.fixture
def losing(tmp_path: Path) -> str:
    """5 % of the datagrams met a full buffer."""
    return archive(tmp_path / "web7.tar.gz", lost=500)


@pytest.fixture
def mild(tmp_path: Path) -> str:
    """0.05 % did."""
    return archive(tmp_path / "web8.tar.gz", lost=5)


def test_loss_fails_and_says_where_it_stands(losing: str) -> None:
    got = judged(losing)
    assert (got.outcome, got.host, got.name) == ("failed", "web7", losing)
    finding = got.findings[0]
    assert (finding.rule, finding.severity, finding.lost) == ("socket-buffer-full", "critical", 500)
    assert finding.share == 0.05
    assert finding.spot == Spot("1/proc/net/snmp", 4)
    assert got.about.kernel == "6.1.0-13-amd64"
    assert got.totals is not None
    assert (got.totals.offered, got.totals.lost) == (10_000, 500)
    assert [(one.stage, one.lost) for one in got.ledger if one.lost] == [("udp-rcvbuf-full", 500)]
    assert got.settings["net.core.rmem_max"] == (212992,)


def test_a_healthy_input_passes(tmp_path: Path) -> None:
    got = judged(archive(tmp_path / "ok.tar.gz"))
    assert (got.outcome, got.findings) == ("passed", ())


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        ("schema: 1", "failed"),
        ("fail-on: note", "failed"),
        ("fail-on: critical", "passed"),
        ("fail-on: never", "passed"),
        ("fail-on: {default: never, socket-buffer-full: warning}", "failed"),
        ("fail-on: {socket-buffer-full: critical}", "passed"),
        ("rules: {disable: [socket-buffer-full]}", "passed"),
        ("rules: {enable: [udp-unexplained]}", "passed"),
        ("loss: {udp-rcvbuf-full: 0.05%}", "passed"),
        ("loss: {udp-rcvbuf-full: 0.049%}", "failed"),
        ("{fail-on: critical, loss: {udp-rcvbuf-full: 0.049%}}", "failed"),
        ("{fail-on: critical, loss: {all: 0}}", "failed"),
        ("{fail-on: never, loss: {all: 0}}", "passed"),
        ("{fail-on: critical, loss: {all: 0.05%}}", "passed"),
    ],
)
def test_the_policy_decides_what_fails(mild: str, policy: str, outcome: str) -> None:
    assert judged(mild, policy).outcome == outcome


def test_loss_within_what_is_allowed_says_so(mild: str) -> None:
    finding = judged(mild, "loss: {udp-rcvbuf-full: 0.1%}").findings[0]
    assert finding.accepted == "p.yaml:1 allows a loss of 0.1 % at this stage"


def test_what_a_stage_may_lose_is_no_word_on_what_it_lost_before(tmp_path: Path) -> None:
    files = members(lost=500)
    files["0/proc/net/snmp"] = files["1/proc/net/snmp"]
    path = pack(tmp_path / "web9.tar.gz", files)
    finding = judged(path, "loss: {udp-rcvbuf-full: 0.1%}").findings[0]
    assert (finding.rule, finding.accepted, finding.fails) == ("past-loss", None, False)


def test_a_setting_that_is_too_low_fails_with_its_place_and_command(tmp_path: Path) -> None:
    path = archive(tmp_path / "ok.tar.gz")
    got = judged(path, "require: {net.core.rmem_max: {at_least: 8MiB}}")
    finding = got.findings[0]
    assert (got.outcome, finding.rule) == ("failed", "policy-setting")
    assert finding.summary == (
        "net.core.rmem_max is 212,992 bytes, and p.yaml:1 wants at least 8,388,608"
    )
    assert finding.spot == Spot("1/proc/sys/net/core/rmem_max", 1)
    assert finding.advice is not None
    assert finding.advice.command == "sysctl -w net.core.rmem_max=8388608"
    assert judged(path, "require: {net.core.rmem_max: {at_least: 208KiB}}").outcome == "passed"


def test_a_setting_that_the_input_lacks_is_not_judged(tmp_path: Path) -> None:
    got = judged(archive(tmp_path / "ok.tar.gz"), "require: {net.core.somaxconn: {at_least: 4096}}")
    assert got.outcome == "not-judged"
    assert "net.core.somaxconn" in got.reason
    assert got.skipped[-1].rule == "policy-setting"


def test_what_fails_is_told_before_what_cannot_be_judged(losing: str) -> None:
    assert judged(losing, "require: {net.core.somaxconn: {at_least: 1}}").outcome == "failed"


def test_a_stage_that_nothing_counts_is_not_judged(tmp_path: Path) -> None:
    got = judged(archive(tmp_path / "ok.tar.gz"), "loss: {packet-tap-drop: 0}")
    assert (got.outcome, got.skipped[-1].rule) == ("not-judged", "policy-loss")


def test_rules_that_cannot_judge_are_not_passed(tmp_path: Path) -> None:
    got = judged(archive(tmp_path / "ok.tar.gz"), "rules: {enable: [nic-ring-overflow]}")
    assert got.outcome == "not-judged"


def test_a_sandbox_proves_nothing(tmp_path: Path) -> None:
    files = members()
    for sample in ("0", "1"):
        version = "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n"
        files[f"{sample}/proc/version"] = version
        files[f"{sample}/proc/sys/kernel/osrelease"] = "4.4.0\n"
    got = judged(pack(tmp_path / "gvisor.tar.gz", files))
    assert (got.outcome, "sandbox" in got.reason) == ("not-judged", True)


def test_a_profile_must_be_satisfied(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("profile: syslog-collector\n")
    wanted = load(Wanted(str(policy)), TODAY)
    low = judge_input(archive(tmp_path / "low.tar.gz"), wanted, TODAY)[0]
    assert (low.outcome, low.findings[0].rule) == ("failed", "policy-profile")
    high = judge_input(archive(tmp_path / "high.tar.gz", rmem_max=64 << 20), wanted, TODAY)[0]
    assert high.outcome == "passed"


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ("rule: socket-buffer-full, until: 2026-12-01", "passed"),
        ("rule: socket-buffer-full, until: 2026-11-30", "failed"),
        ("stage: udp-rcvbuf-full, host: 'web*', until: 2027-01-01", "passed"),
        ("stage: udp-rcvbuf-full, host: 'db*', until: 2027-01-01", "failed"),
        ("rule: socket-buffer-full, cause: burst, until: 2027-01-01", "failed"),
        ("rule: socket-buffer-full, cause: unknown, until: 2027-01-01", "passed"),
    ],
)
def test_an_acceptance_holds_for_what_it_names_until_its_day(
    losing: str, entry: str, outcome: str
) -> None:
    got = judged(losing, f"accept: [{{{entry}, reason: 'known'}}]")
    assert got.outcome == outcome
    if outcome == "passed":
        assert got.findings[0].accepted == f"known (until {entry.rpartition(' ')[2]})"


def test_an_acceptance_that_is_over_is_told(losing: str) -> None:
    got = judged(losing, "accept: [{rule: socket-buffer-full, reason: r, until: 2026-11-30}]")
    assert got.findings[0].expired == "until 2026-11-30 (p.yaml:1), which is over: r"


def test_a_fingerprint_outlives_other_counts_and_not_another_host(tmp_path: Path) -> None:
    first = judged(archive(tmp_path / "web7.tar.gz", lost=500)).findings[0]
    later = judged(archive(tmp_path / "later" / "web7.tar.gz", lost=731)).findings[0]
    other = judged(archive(tmp_path / "web8.tar.gz", lost=500)).findings[0]
    assert first.fingerprint == later.fingerprint
    assert first.fingerprint != other.fingerprint


@pytest.mark.parametrize("name", ["nothing.tar.gz", "a\0b", "text"])
def test_what_is_no_input_is_a_judgement(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("hello")
    got = judge_input(str(tmp_path / name), Policy(), TODAY)[0]
    assert got.outcome == "unreadable"
    assert got.reason
    assert "\n" not in got.reason
