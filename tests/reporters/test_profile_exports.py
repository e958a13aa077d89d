"""Exports: the same values in every format, never lower than the host's, and no way out."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.sysctl_d import parse_sysctl_conf
from netrx_tune.model.profile import Profile, ProfileSetting, SettingMode
from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_amounts import key_complaint
from netrx_tune.planning.profile_bounds import as_kept, bounds_of
from netrx_tune.planning.profile_written import parse_profile
from netrx_tune.planning.tunables import TUNABLES
from netrx_tune.planning.tunables.tunable import Tunable
from netrx_tune.reporters.exports import FORMATS, export, joined
from netrx_tune.reporters.profile_yaml import render_yaml

# Formats that another tool reads; json is the profile itself.
CONSUMED = sorted(set(FORMATS) - {"json"})
MAX, RMEM = "net.core.rmem_max", "net.ipv4.tcp_rmem"
SYSCTLS = [one for one in TUNABLES if key_complaint(one.name) is None]
HOSTILE = "a\nkernel.core_pattern=|/x ${f:exec:id} {{ 1 }} $(id) `id` '' \" */ # ; \u2028 \x1b[2J"


def profile(*settings: ProfileSetting, application: tuple[str, ...] = ()) -> Profile:
    return Profile("p", "s", "", None, settings, application, (), None, {})


def floor(key: str, *values: int, why: str = "why") -> ProfileSetting:
    return ProfileSetting(key, "at_least", values, why, "source")


def text_of(kind: str, made: Profile, now: Mapping[str, tuple[int, ...]]) -> str:
    return joined(export(made, now, kind))


@st.composite
def settings(draw: st.DrawFn) -> tuple[ProfileSetting, ...]:
    chosen: list[Tunable] = draw(st.lists(st.sampled_from(SYSCTLS), unique=True, max_size=6))
    return tuple(_drawn(draw, one) for one in chosen)


def _drawn(draw: st.DrawFn, one: Tunable) -> ProfileSetting:
    least, most = bounds_of(one)
    if one.name == "net.core.flow_limit_table_len":
        values = [1 << draw(st.integers(0, 20))]
    else:
        numbers = st.integers(least, min(most, 1 << 40))
        values = sorted(draw(st.lists(numbers, min_size=one.values, max_size=one.values)))
    words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200)
    modes: list[SettingMode] = ["at_least", "exactly"]
    mode = draw(st.sampled_from(modes))
    kept = as_kept(one.name, tuple(values), Memory(None).page_bytes)
    return ProfileSetting(one.name, mode, kept, draw(words), draw(words))


@given(settings())
def test_a_sysctl_file_reads_back_as_the_same_values(found: tuple[ProfileSetting, ...]) -> None:
    text = text_of("sysctl", profile(*found), {})
    read = {
        one.key: tuple(map(int, one.value.split())) for one in parse_sysctl_conf(text, "90-x.conf")
    }
    assert read == {one.key: one.values for one in found}


@given(settings())
def test_a_profile_reads_back_as_itself(found: tuple[ProfileSetting, ...]) -> None:
    made = profile(*found)
    assert resolve(parse_profile(render_yaml(made), ""), lambda _: None, Memory(None)) == made


@given(settings())
def test_a_profile_as_json_reads_back_as_itself(found: tuple[ProfileSetting, ...]) -> None:
    made = profile(*found, application=("restart",))._replace(memory_share=0.125)
    text = text_of("json", made, {one.key: (1 << 30,) for one in found})
    assert json.loads(text)["name"] == made.name
    assert resolve(parse_profile(text, ""), lambda _: None, Memory(None)) == made


@given(settings(), st.sampled_from(CONSUMED), st.integers(0, 1 << 31))
def test_no_format_writes_less_than_the_host_has(
    found: tuple[ProfileSetting, ...], kind: str, level: int
) -> None:
    floors = tuple(one._replace(mode="at_least") for one in found)
    now = {one.key: (level,) * len(one.values) for one in floors}
    text = text_of(kind, profile(*floors), now)
    for one in floors:
        more = " ".join(str(max(value, level)) for value in one.values)
        plain = " ".join(map(str, one.values))
        guarded = {
            "tuned": f"{one.key}=>{plain}",
            "nto": f"{one.key}=>{plain}",
            "shell": f"at_least {one.key} {plain}",
        }.get(kind)
        if guarded is None or (kind != "shell" and len(one.values) > 1):
            assert re.search(rf'\b{re.escape(one.key)}[": =\n]+(value: )?"?{more}"?', text)
        else:
            assert guarded in text


def test_hostile_text_stays_within_a_string_of_json() -> None:
    made = profile(floor(MAX, 8 << 20, why=HOSTILE), application=(HOSTILE,))
    text = text_of("json", made._replace(summary=HOSTILE, generated={"from": HOSTILE}), {})
    assert all(line.isprintable() for line in text.splitlines())
    assert list(json.loads(text)["settings"]) == [MAX]


@pytest.mark.parametrize("kind", CONSUMED)
def test_free_text_stays_in_comments(kind: str) -> None:
    made = profile(floor(MAX, 8 << 20, why=HOSTILE), application=(HOSTILE,))
    made = made._replace(summary=HOSTILE, generated={"from": HOSTILE})
    for line in text_of(kind, made, {}).splitlines():
        assert line.isprintable()
        if "core_pattern" in line or "exec" in line or "$(id)" in line:
            assert line.lstrip().startswith("# "), line


@pytest.mark.parametrize("kind", CONSUMED)
def test_nothing_to_set_is_a_valid_file_that_says_so(kind: str) -> None:
    text = text_of(kind, profile(), {})
    assert "Nothing to set" in text or kind == "nix"


def test_tuned_has_floors_for_single_numbers_only() -> None:
    made = profile(floor(MAX, 8 << 20), floor(RMEM, 4096, 131072, 16 << 20))
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read_string(text_of("tuned", made, {RMEM: (4096, 131072, 32 << 20)}))
    assert dict(parser["sysctl"]) == {MAX: ">8388608", RMEM: "4096 131072 33554432"}


def test_nto_is_a_resource_around_the_same_profile() -> None:
    made = profile(floor(MAX, 8 << 20))
    document = yaml.safe_load(text_of("nto", made, {}))
    assert document["kind"] == "Tuned"
    assert f"{MAX}=>8388608" in document["spec"]["profile"][0]["data"]
    assert document["spec"]["recommend"][0]["match"] == [{"label": "netrx-tune", "value": "p"}]


def test_ansible_quotes_values_and_names_its_file() -> None:
    tasks = yaml.safe_load(text_of("ansible", profile(floor(RMEM, 4096, 131072, 16 << 20)), {}))
    assert tasks == [
        {
            "name": f"Set {RMEM}",
            "ansible.posix.sysctl": {
                "name": RMEM,
                "value": "4096 131072 16777216",
                "sysctl_file": "/etc/sysctl.d/90-netrx-tune.conf",
                "sysctl_set": True,
                "state": "present",
                "reload": False,
            },
            "become": True,
        }
    ]


def test_a_key_of_a_module_brings_the_module_along() -> None:
    made = profile(floor("net.netfilter.nf_conntrack_max", 1 << 20))
    for kind in ("systemd", "networkd"):
        files = {one.path: one.text for one in export(made, {}, kind)}
        assert files["/etc/modules-load.d/netrx-tune.conf"].splitlines()[-1] == "nf_conntrack"
    assert 'boot.kernelModules = [ "nf_conntrack" ];' in text_of("nix", made, {})
    assert "dest: /etc/modules-load.d/netrx-tune.conf" in text_of("ansible", made, {})
    assert "echo nf_conntrack > /etc/modules-load.d" in text_of("sysctl", made, {})


def test_commands_for_devices_become_links_and_a_unit_and_others_do_not() -> None:
    rps = "/sys/class/net/eth0/queues/rx-0/rps_cpus"
    made = profile(
        application=(
            "ethtool -G eth0 rx 4096: bursts",
            f"echo 23 > {rps}: one CPU takes all",
            "echo f > /sys/class/net/../../../etc/x: no",
            "ethtool -G eth0;reboot rx 4096: no",
            "ethtool -G eth0 rx 4096; reboot",
        )
    )
    link = export(made, {}, "networkd")[-1]
    assert link.path == "/etc/systemd/network/60-netrx-tune-eth0.link"
    assert "RxBufferSize=4096\n" in link.text
    assert "ReceivePacketSteeringCPUMask=0 1 5\n" in link.text
    unit = export(made, {}, "systemd")[-1].text
    assert [line for line in unit.splitlines() if line.startswith("ExecStart")] == [
        "ExecStart=/usr/sbin/ethtool -G eth0 rx 4096",
        f"ExecStart=/bin/sh -c 'echo 23 > {rps}'",
    ]


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ({}, "A floor (bytes): keep the host's own value where it is higher than 8388608."),
        ({MAX: (16 << 20,)}, "The floor is 8388608 (bytes); this host has 16777216, which stays."),
        ({MAX: (8 << 20,)}, "A floor (bytes), which the host that wrote this has already."),
        ({MAX: (212992,)}, "#   sysctl -w net.core.rmem_max=212992"),
    ],
)
def test_a_file_without_floors_says_what_was_compared(
    now: dict[str, tuple[int, ...]], says: str
) -> None:
    assert says in text_of("sysctl", profile(floor(MAX, 8 << 20)), now)
