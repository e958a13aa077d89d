"""What many judgements say together, and what they do not."""

from __future__ import annotations

import random
from collections.abc import Iterator

from netrx_tune.model.judgement import JudgedFinding, JudgedHost, Judgement
from netrx_tune.planning.fleet_report import NO_ROLE, fleet_report
from netrx_tune.planning.fleet_statistics import Split

SMALL, LARGE = 212_992, 8_388_608


def finding(share: float = 0.01, **other: object) -> JudgedFinding:
    first = JudgedFinding(
        rule="socket-buffer-full",
        stage="udp-rcvbuf-full",
        severity="critical",
        confidence="high",
        summary="datagrams met a full buffer",
        fingerprint="f",
        fails=True,
        lost=100,
        share=share,
    )
    return first._replace(**other)  # type: ignore[arg-type]  # fields by name


def host(number: int, *findings: JudgedFinding, rmem_max: int = LARGE, **more: object) -> Judgement:
    return Judgement(
        name=f"fetched/web/host{number}/snapshot.tar.gz",
        host=f"host{number}",
        outcome="failed" if findings else "passed",
        reason="r",
        findings=findings,
        about=JudgedHost(kernel="6.1.0", distribution="debian-12"),
        settings={"net.core.rmem_max": (rmem_max,), "net.core.netdev_budget": (300,)},
    )._replace(**more)  # type: ignore[arg-type]  # fields by name


def of(*hosts: Judgement) -> Iterator[tuple[Judgement, str]]:
    return ((one, NO_ROLE) for one in hosts)


def test_a_healthy_fleet_has_nothing_to_say() -> None:
    report = fleet_report(of(*(host(number) for number in range(50))))
    assert (report.judged, report.losing) == (50, 0)
    assert report.rules == report.outliers == report.differences == report.unreadable == ()


def test_a_setting_that_losing_hosts_share_is_named_with_its_counts() -> None:
    losing = [host(n, finding(), rmem_max=SMALL if n < 41 else LARGE) for n in range(44)]
    others = [host(n, rmem_max=SMALL if n < 112 else LARGE) for n in range(100, 1000)]
    report = fleet_report(of(*losing, *others))
    assert [(one.key, one.value, one.split) for one in report.differences] == [
        ("net.core.rmem_max", str(SMALL), Split(41, 44, 12, 900))
    ]
    assert report.differences[0].chance < 1e-30
    assert report.comparisons == 2


def test_chance_is_not_named() -> None:
    # Forty settings of two values each, drawn by lot: some differ, none of them beyond chance.
    drawn = random.Random(90210)  # noqa: S311 - a seed that can be played again
    for _ in range(20):
        hosts = [
            host(
                number,
                *([finding()] if number < 20 else []),
                settings={f"net.a.s{key}": (drawn.randrange(2),) for key in range(40)},
            )
            for number in range(200)
        ]
        assert fleet_report(of(*hosts)).differences == ()


def test_each_host_having_its_own_value_is_no_difference() -> None:
    hosts = [host(n, *([finding()] if n < 50 else []), rmem_max=n) for n in range(500)]
    report = fleet_report(of(*hosts))
    assert report.differences == ()
    assert report.many_valued == ("net.core.rmem_max",)


def test_a_host_far_above_the_others_is_an_outlier_and_a_group_is_not() -> None:
    quiet = [host(number) for number in range(97)]
    little = [host(97, finding(0.0005))]
    report = fleet_report(of(*quiet, *little, host(98, finding(0.2)), host(99, finding(0.1))))
    assert [one.host for one in report.outliers] == ["host98", "host99"]
    assert report.fence is not None
    assert report.fence.share == 0.001
    group = fleet_report(of(*quiet[:80], *(host(n, finding(0.2)) for n in range(80, 100))))
    assert (group.above_fence, group.outliers) == (20, ())


def test_few_hosts_have_no_outliers() -> None:
    report = fleet_report(of(host(1), host(2), host(3, finding(0.5))))
    assert (report.fence, report.outliers) == (None, ())


def test_rules_count_hosts_by_role_and_kernel_once_each() -> None:
    two = (finding(), finding(0.02))
    report = fleet_report(
        [
            (host(1, *two), "web"),
            (host(2), "web"),
            (host(3, finding(severity="warning")), "dns"),
            (host(4, finding(rule="capture-drops", severity="note")), "dns"),
        ]
    )
    first, second = report.rules
    assert (first.rule, first.severity, first.hosts, first.lost) == (
        ("socket-buffer-full", "critical", 2, 300)
    )
    assert first.roles == (("dns", 1, 2), ("web", 1, 2))
    assert first.kernels == (("6.1.0", 2, 4),)
    assert (second.rule, second.hosts) == ("capture-drops", 1)
    assert report.losing == 2  # a note is no loss that someone can act on


def test_past_and_accepted_loss_makes_no_losing_host() -> None:
    report = fleet_report(of(host(1, finding(present=False)), host(2, finding(accepted="known"))))
    assert report.losing == 0
    assert [(row.rule, row.hosts) for row in report.rules] == [("socket-buffer-full", 1)]


def test_what_could_not_be_read_is_named_and_in_no_figure() -> None:
    bad = host(2, outcome="unreadable", reason="not an archive", settings={})
    report = fleet_report(of(host(1), bad))
    assert (report.inputs, report.judged) == (2, 1)
    assert report.unreadable == ((bad.name, "not an archive"),)
