"""What a policy's file may say, and what each mistake in it is told as."""

from __future__ import annotations

from datetime import date

import pytest

from netrx_tune.model.errors import ProfileError
from netrx_tune.planning.policy import Policy, digest_of, parse_policy

FULL = """\
schema: 1
fail-on: {default: critical, nic-ring-overflow: note, capture-drops: never}
rules: {disable: [udp-no-listener, martians]}
require:
  net.core.rmem_max: {at_least: 8MiB}
  net.ipv4.ipfrag_time: {exactly: 3, why: "a late fragment is no fragment"}
loss: {udp-rcvbuf-full: 0.1%, all: 0.02}
profile: syslog-collector
accept:
  - {rule: capture-drops, host: "probe*", reason: "tcpdump runs there", until: 2027-03-31}
"""


def test_a_policy_says_what_fails_and_what_is_wanted() -> None:
    policy = parse_policy(FULL, "p.yaml")
    assert (policy.fail_on, policy.bar("nic-ring-overflow")) == ("critical", "note")
    assert (policy.bar("capture-drops"), policy.bar("martians")) == ("never", "critical")
    assert not policy.judges("martians")
    assert policy.judges("socket-buffer-full")
    assert [(one.key, one.amounts[0].number) for one in policy.require] == [
        ("net.core.rmem_max", 8 << 20),
        ("net.ipv4.ipfrag_time", 3),
    ]
    assert {name: one.share for name, one in policy.loss.items()} == {
        "udp-rcvbuf-full": 0.001,
        "all": 0.02,
    }
    assert policy.profile_name == "syslog-collector"
    accepted = policy.accepted[0]
    assert (accepted.place, accepted.until) == ("p.yaml:10", date(2027, 3, 31))


def test_only_what_is_enabled_is_judged() -> None:
    policy = parse_policy("rules: {enable: [socket-buffer-full]}\n", "p.yaml")
    assert policy.judges("socket-buffer-full")
    assert not policy.judges("martians")


def test_a_policy_that_asks_for_nothing_is_the_default_one() -> None:
    assert parse_policy("schema: 1\n", "p.yaml")._replace(path="") == Policy()


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("fail-on: warnings\n", "p.yaml:1: fail-on:", "'warnings'"),
        ("fail-on: {no-such-rule: note}\n", "p.yaml:1: fail-on:", "unknown key"),
        ("fail-on: {captur-drops: note}\n", "p.yaml:1: fail-on:", "near it: capture-drops,"),
        ("rules: {disable: [udp-no-listner]}\n", "p.yaml:1:", "near it: udp-no-listener,"),
        ("loss: {udp-rcvbuf-ful: 1%}\n", "p.yaml:1: loss:", "near it: udp-rcvbuf-full,"),
        ("a: 1\n", "p.yaml:1:", "unknown key, expected one of schema,"),
        ("fail-on: note\nfail-on: note\n", "p.yaml:2:", "line 1 already, got 'fail-on'"),
        ("rules:\n  enable:\n    - martian\n", "p.yaml:3: rules.enable:", "no rule has that name"),
        ("rules: {enabled: [martians]}\n", "p.yaml:1: rules:", "unknown key"),
        (
            "require:\n  net.core.rmem_max: {at_least: 8MB}\n",
            "p.yaml:2: require.net.core.rmem_max.at_least:",
            "'8MB'",
        ),
        (
            "require:\n  net.ipv4.udp_mem: {at_least: 8MiB}\n",
            "p.yaml:2: require.net.ipv4.udp_mem.at_least:",
            "pages",
        ),
        ("require: {net.core.rmemmax: {at_least: 1}}\n", "p.yaml:1: require:", "no sysctl"),
        ("require: {net.core.rmem_mx: {at_least: 1}}\n", "p.yaml:1:", "near it: net.core.rmem_max"),
        (
            "require: {net.core.rmem_max: {at_most: 1}}\n",
            "p.yaml:1: require.net.core.rmem_max:",
            "unknown key",
        ),
        ("loss: {udp-rcvbuf: 1%}\n", "p.yaml:1: loss:", "no stage has that name"),
        ("loss:\n  all: 1 ‰\n", "p.yaml:2: loss.all:", "expected a share"),
        ("loss: {all: 100.5%}\n", "p.yaml:1: loss.all:", "from 0 to 1"),
        ("loss: {all: 5}\n", "p.yaml:1: loss.all:", "from 0 to 1"),
        ("accept:\n  - {rule: martians, reason: x}\n", "p.yaml:2: accept:", "expected a key until"),
        ("accept:\n  - {rule: martians, until: 2027-01-01}\n", "p.yaml:2: accept:", "reason"),
        ("accept: [{reason: x, until: 2027-01-01}]\n", "p.yaml:1: accept:", "expected a rule"),
        (
            "accept: [{rule: martians, reason: x, until: 01.02.2027}]\n",
            "p.yaml:1: accept.until:",
            "expected a day",
        ),
        (
            "accept: [{rule: martians, reason: x, until: 2027-02-30}]\n",
            "p.yaml:1: accept.until:",
            "expected a day",
        ),
        (
            "accept: [{rule: martians, cause: bursts, reason: x, until: 2027-02-01}]\n",
            "p.yaml:1: accept.cause:",
            "sustained-overload",
        ),
        ("schema: 2\n", "p.yaml:1: schema:", "expected 1"),
        ("", "p.yaml:1:", "expected a policy, such as `fail-on: warning`"),
        ("# fail-on: warning\n", "p.yaml:1:", "got 'an empty file'"),
        ("- a\n", "p.yaml:1:", "expected a mapping"),
        ("a: &x 1\nb: *x\n", "p.yaml:1:", "anchor"),
        ("a: \x1b[2J\n", "p.yaml:1:", "cannot be seen"),
        ("schema: 1\r\n", "p.yaml:1:", "save the file with those of Unix"),
        ("\ufeffschema: 1\n", "p.yaml:1:", "save the file as UTF-8 without one"),
        (f"schema: 1\n# {'x' * 3000}\n", "p.yaml:2:", "a line of more than 2000 characters"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text: str, place: str, what: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_policy(text, "p.yaml")
    assert str(caught.value).startswith(place)
    assert what in str(caught.value)


def test_the_digest_changes_with_what_a_judgement_depends_on() -> None:
    policy = parse_policy(FULL, "p.yaml")
    before, after = date(2027, 3, 31), date(2027, 4, 1)
    assert digest_of(policy, [FULL], before) == digest_of(policy, [FULL], date(2026, 1, 1))
    assert digest_of(policy, [FULL], before) != digest_of(policy, [FULL], after)
    assert digest_of(policy, [FULL], before) != digest_of(policy, [FULL + "#"], before)
    other = policy._replace(fail_on="note")
    assert digest_of(policy, [FULL], before) != digest_of(other, [FULL], before)
