"""Policies and baselines on disk, and what the command line adds to them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from netrx_tune.host.policies import Wanted, load
from netrx_tune.model.errors import InputError, ProfileError

TODAY = date(2026, 12, 1)
PROFILE = """\
schema: 1
name: ours
summary: ours
extends: syslog-collector
settings: {net.core.somaxconn: {at_least: 4096, why: many}}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def test_without_a_policy_warnings_fail() -> None:
    found = load(Wanted(), TODAY)
    assert (found.fail_on, found.bar("martians")) == ("warning", "warning")
    assert found.digest


def test_fail_on_replaces_the_default_and_never_all(policy: Path) -> None:
    policy.write_text("fail-on: {default: critical, martians: note}\n")
    assert load(Wanted(str(policy)), TODAY).fail_on == "critical"
    stricter = load(Wanted(str(policy), fail_on="warning"), TODAY)
    assert (stricter.fail_on, stricter.bar("martians")) == ("warning", "note")
    assert load(Wanted(str(policy), fail_on="never"), TODAY).bar("martians") == "never"


def test_a_profile_beside_the_policy_brings_its_bases(policy: Path) -> None:
    (policy.parent / "ours.yaml").write_text(PROFILE)
    policy.write_text("profile: ours.yaml\n")
    names = [one.name for one in load(Wanted(str(policy)), TODAY).profile]
    assert names[:2] == ["ours", "syslog-collector"]


def test_a_profile_that_is_not_there_is_told_with_the_policy_s_line(policy: Path) -> None:
    policy.write_text("schema: 1\nprofile: no-such\n")
    with pytest.raises(InputError) as caught:
        load(Wanted(str(policy)), TODAY)
    assert str(caught.value).startswith(f"{policy}:2: profile: no profile is named 'no-such'")


def test_what_is_no_text_is_told_with_its_line(policy: Path) -> None:
    policy.write_bytes(b"schema: 1\nfail-on: \xff\n")
    with pytest.raises(ProfileError, match="2: expected UTF-8"):
        load(Wanted(str(policy)), TODAY)


def test_a_bomb_is_refused(policy: Path) -> None:
    policy.write_text("loss: {" + ", ".join(f"k{n}: 1%" for n in range(100_000)) + "}")
    with pytest.raises(ProfileError):
        load(Wanted(str(policy)), TODAY)
    policy.write_text("a: " + "[" * 2000)
    with pytest.raises(ProfileError):
        load(Wanted(str(policy)), TODAY)


def test_a_baseline_may_lack_only_where_it_is_to_be_written(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="No such file"):
        load(Wanted(baseline=missing), TODAY)
    assert load(Wanted(baseline=missing, new_baseline=True), TODAY).baseline == {}
