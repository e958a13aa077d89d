"""The proofs of apply and rollback, each in namespaces of its own; they print what they proved."""

from __future__ import annotations

import re

import pytest

from tests.host.inside import lacks, output_of


@pytest.mark.skipif(bool(lacks("strace")), reason=lacks("strace") or "runs")
def test_killed_at_every_write_the_host_is_old_or_new_and_comes_back() -> None:
    printed = output_of("tests.host.killing")
    found = re.findall(r"(.+): (\d+) calls, .+; the host came back", printed)
    assert [name for name, _ in found] == [
        "apply killed",
        "second apply killed",
        "confirmed apply killed",
        "rollback killed",
        "apply killed with its guardian",
        "rollback killed with its guardian",
        "disk full at one call",
        "permission lost for good",
        "input/output error in rollback",
    ]
    assert min(int(calls) for _, calls in found) >= 10


@pytest.mark.skipif(bool(lacks("sysctl")), reason=lacks("sysctl") or "runs")
def test_the_value_after_boot_is_the_one_that_both_loaders_give() -> None:
    found = re.findall(r": (\d+) of (\d+) values", output_of("tests.host.booting"))
    assert found
    assert all(right == every for right, every in found)


@pytest.mark.skipif(bool(lacks("ip")), reason=lacks("ip") or "runs")
@pytest.mark.live
def test_what_the_counters_or_the_host_speak_against_is_undone() -> None:
    assert output_of("tests.host.verifying").splitlines() == [
        "a change that loses all fragments: undone",
        "a change that gives the room back: cured",
        "rollback: only in the namespace that was changed",
        "a namespace of a guest: no file",
        "two at once: the second refused, the first applied",
        "read-only /etc: refused, everything as it was",
        "full /etc: refused, everything as it was",
        "full /var: refused, everything as it was",
    ]
