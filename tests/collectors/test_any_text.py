"""No text may make a parser raise anything but ParseError, nor assemble raise at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.dev import parse_dev
from netrx_tune.collectors.host import parse_cpus
from netrx_tune.collectors.meminfo import parse_meminfo
from netrx_tune.collectors.net_class import parse_driver, parse_number
from netrx_tune.collectors.netstat import parse_netstat
from netrx_tune.collectors.nf_conntrack import parse_nf_conntrack
from netrx_tune.collectors.os_release import parse_os_release
from netrx_tune.collectors.packet import parse_packet
from netrx_tune.collectors.paths import CORE_FILES, FULL_FILES, SOCKET_FILES, SYSCTL_A
from netrx_tune.collectors.pressure import parse_pressure_cpu
from netrx_tune.collectors.rt_cache import parse_rt_cache
from netrx_tune.collectors.snmp import parse_snmp
from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.sockstat import parse_sockstat, parse_sockstat6
from netrx_tune.collectors.softnet_stat import parse_softnet_stat
from netrx_tune.collectors.sysctl import parse_sysctl, parse_sysctl_a
from netrx_tune.collectors.udp import scan, sockets
from netrx_tune.collectors.uptime import parse_uptime
from netrx_tune.collectors.xfrm_stat import parse_xfrm_stat
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Sample


def udp(text: str, path: str) -> object:
    return list(sockets([scan(text, path, "udp", "inet")]))


def udp6(text: str, path: str) -> object:
    return list(sockets([scan(text, path, "udp", "inet6")]))


PARSERS: dict[str, Callable[[str, str], object]] = {
    "dev": parse_dev,
    "driver": parse_driver,
    "meminfo": parse_meminfo,
    "netstat": parse_netstat,
    "nf_conntrack": parse_nf_conntrack,
    "number": parse_number,
    "os_release": parse_os_release,
    "packet": parse_packet,
    "pressure": parse_pressure_cpu,
    "rt_cache": parse_rt_cache,
    "snmp": parse_snmp,
    "snmp6": parse_snmp6,
    "sockstat": parse_sockstat,
    "sockstat6": parse_sockstat6,
    "softnet_stat": parse_softnet_stat,
    "stat": parse_cpus,
    "sysctl": parse_sysctl,
    "sysctl_a": parse_sysctl_a,
    "udp": udp,
    "udp6": udp6,
    "uptime": parse_uptime,
    "xfrm_stat": parse_xfrm_stat,
}

# Words that the files are made of, so that many texts come near to being one.
WORDS = [
    *"Udp: Ip: TcpExt: InErrors RcvbufErrors UDP: inuse mem entries drop some total= kB -1".split(),
    *"Udp6InErrors Icmp6InType135 MemTotal: ID= cpu0 | face |bytes packets eth0: lo:".split(),
    *"0 7 00000000 ffffffff 00000000:00000001 0100007F:0035 18446744073709551615 1_0".split(),
    *"sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid".split(),
    *"timeout inode ref pointer drops sk RefCnt Type Proto Iface R Rmem User Inode".split(),
    *"= 0,00000003 12.5 \x00 \x1c \x85 \u0663 ² \r \udc80".split(" "),
    "9" * 30,
]
NEAR = st.lists(st.sampled_from([*WORDS, "\n", "\n", "\r\n"]), max_size=60).map(" ".join)
TEXTS = st.one_of(st.text(), NEAR)

HEADER = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    "  timeout inode ref pointer drops\n"
)
ROWS = st.lists(st.lists(st.sampled_from(WORDS), min_size=13, max_size=14).map(" ".join))
WITH_HEADER = ROWS.map(lambda rows: HEADER + "\n".join(rows))


@pytest.mark.parametrize("name", PARSERS)
@given(text=TEXTS)
@settings(max_examples=150)
def test_any_text_parses_or_is_a_parse_error(name: str, text: str) -> None:
    try:
        PARSERS[name](text, "/proc/file")
    except ParseError as error:
        assert str(error).startswith("/proc/file")


@pytest.mark.parametrize("name", ["udp", "udp6"])
@given(text=WITH_HEADER)
def test_any_row_of_a_socket_table_parses_or_is_a_parse_error(name: str, text: str) -> None:
    try:
        PARSERS[name](text, "/proc/net/udp")
    except ParseError as error:
        assert str(error).startswith("/proc/net/udp:")


PATHS = [
    *CORE_FILES,
    *SOCKET_FILES,
    *(path for path in FULL_FILES if "*" not in path),
    SYSCTL_A,
    "/sys/class/net/eth0/operstate",
    "/sys/class/net/eth0/speed",
    "/sys/class/net/eth0/flags",
    "/sys/class/net/eth0/threaded",
    "/sys/class/net/eth0/statistics/rx_dropped",
    "/sys/class/net/eth0/queues/rx-0/rps_cpus",
    "/sys/class/net/eth0/queues/rx-x/rps_cpus",
]


@given(
    files=st.dictionaries(
        st.one_of(st.sampled_from(PATHS), st.text()),
        st.one_of(TEXTS, WITH_HEADER),
        max_size=12,
    ),
)
@settings(max_examples=300)
def test_assemble_never_raises_and_names_each_bad_file(files: dict[str, str]) -> None:
    snapshot = assemble(Sample(files))
    for gap in snapshot.gaps:
        assert gap.why == "unparsed"
        assert gap.path in files
        assert gap.detail.startswith(gap.path)
