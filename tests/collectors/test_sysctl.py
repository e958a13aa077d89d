"""Reading files below /proc/sys and the text of `sysctl -a`."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.sysctl import (
    name_of,
    parse_sysctl,
    parse_sysctl_a,
    parse_sysctls,
    path_of,
)
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/proc/sys/net/core/rmem_max", "net.core.rmem_max"),
        ("/proc/sys/net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
    ],
)
def test_a_name_is_a_path_with_dots_and_slashes_exchanged(path: str, name: str) -> None:
    assert name_of(path) == name
    assert path_of(name) == path


def test_settings_are_numbers_by_dotted_name() -> None:
    settings, gaps = parse_sysctls(
        {
            "/proc/sys/net/core/rmem_max": "212992\n",
            "/proc/sys/net/ipv4/udp_mem": "41262\t55018\t82524\n",
            "/proc/sys/net/ipv4/conf/all/rp_filter": "2\r\n",
            "/proc/sys/net/netfilter/nf_conntrack_frag6_timeout": "-1",
            "/proc/sys/net/core/flow_limit_cpu_bitmap": "1,00000003\n",
            "/proc/sys/net/core/rps_default_mask": "ff\n",
            "/proc/sys/net/core/default_qdisc": "fq_codel\n",
            "/proc/sys/kernel/osrelease": "6.1.0\n",
            "/proc/net/snmp": "Udp: InErrors\nUdp: 1\n",
        },
    )
    assert settings == {
        "net.core.rmem_max": (212992,),
        "net.ipv4.udp_mem": (41262, 55018, 82524),
        "net.ipv4.conf.all.rp_filter": (2,),
        "net.netfilter.nf_conntrack_frag6_timeout": (-1,),
        "net.core.flow_limit_cpu_bitmap": (0x100000003,),
        "net.core.rps_default_mask": (255,),
    }
    assert gaps == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("net/core/rmem_max", "", "net.core.rmem_max: expected a value, got ''"),
        ("net/core/rmem_max", "8M\n", "net.core.rmem_max: expected a decimal, got '8M'"),
        (
            "net/core/flow_limit_cpu_bitmap",
            "0,000000003\n",
            "net.core.flow_limit_cpu_bitmap: expected a hexadecimal, got '000000003'",
        ),
        (
            "net/core/rps_default_mask",
            "\n",
            "net.core.rps_default_mask: expected a hexadecimal, got ''",
        ),
    ],
)
def test_what_is_no_number_is_a_gap(path: str, text: str, said: str) -> None:
    path = f"/proc/sys/{path}"
    settings, gaps = parse_sysctls({path: text, "/proc/sys/net/core/rmem_default": "1\n"})
    assert settings == {"net.core.rmem_default": (1,)}
    assert gaps == [Gap(path, "unparsed", f"{path}: {said}")]


def test_a_bitmap_wider_than_any_kernel_is_an_error() -> None:
    with pytest.raises(ParseError, match="expected a bitmap"):
        parse_sysctl("0," * 5000 + "0", "/proc/sys/net/core/flow_limit_cpu_bitmap")


def test_a_listing_gives_the_numbers_and_leaves_out_words_and_complaints() -> None:
    got = parse_sysctl_a(
        'sysctl: reading key "net.ipv6.conf.all.stable_secret"\n'
        "net.core.default_qdisc = pfifo_fast\n"
        "net.core.rmem_max = 212992\n"
        "net.ipv4.conf.eth0/100.rp_filter = 1\n"
        "net.ipv4.udp_mem = 187470\t249962\t374940\n"
        "net.ipv4.tcp_available_congestion_control = reno cubic\n"
        "kernel.core_pattern = core\n",
        "sysctl-a",
    )
    assert got == {
        "net.core.rmem_max": (212992,),
        "net.ipv4.conf.eth0/100.rp_filter": (1,),
        "net.ipv4.udp_mem": (187470, 249962, 374940),
    }


def test_a_listing_of_another_system_is_an_error() -> None:
    with pytest.raises(ParseError, match="expected lines of name = value"):
        parse_sysctl_a("kern.ostype: FreeBSD\nkern.maxproc: 7\n", "sysctl-a")


def test_a_setting_of_a_megabyte_is_no_setting() -> None:
    settings, (gap,) = parse_sysctls({"/proc/sys/net/core/rmem_max": "1 " * 500_000})
    assert not settings
    assert gap.why == "unparsed"
