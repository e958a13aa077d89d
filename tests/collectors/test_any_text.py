"""No text may make a parser raise anything but ParseError, nor assemble raise at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.dev import parse_dev
from netrx_tune.collectors.host import parse_cpuinfo, parse_cpus
from netrx_tune.collectors.interrupts import parse_interrupts
from netrx_tune.collectors.meminfo import parse_memory_bytes
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


def problem(parse: Callable[[str, str], object], text: str) -> str:
    """Return what the parser says of a text, its path if there is nothing to say."""
    try:
        parse(text, "/proc/file")
    except ParseError as error:
        return str(error)
    return "/proc/file"


PARSERS: dict[str, Callable[[str, str], object]] = {
    "cpuinfo": parse_cpuinfo,
    "dev": parse_dev,
    "driver": parse_driver,
    "interrupts": parse_interrupts,
    "meminfo": parse_memory_bytes,
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
WORDS_TEXT = """
Udp: Ip: TcpExt: InErrors RcvbufErrors UDP: inuse mem entries drop some total= kB -1 CPU0 CPU1
Udp6InErrors Icmp6InType135 MemTotal: ID= cpu0 | face |bytes packets eth0: lo: 28: max ifIndex
0 7 00000000 ffffffff 00000000:00000001 0100007F:0035 18446744073709551615 1_0 = 0,00000003 12.5
sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref
pointer drops sk RefCnt Type Proto Iface R Rmem User Inode protocol size sockets memory press
"""
WORDS = [*WORDS_TEXT.split(), "\x00", "\x1c", "\x85", "\u0663", "²", "\r", "\udc80", "9" * 30]
NEAR = st.lists(st.sampled_from([*WORDS, "\n", "\n", "\r\n"]), max_size=60).map(" ".join)
TEXTS = st.one_of(st.text(), NEAR)

# First lines that let a text through to the rows.
HEADERS = {
    "dev": " |\n face |bytes|bytes\n",
    "interrupts": "CPU0 CPU1\n",
    "nf_conntrack": "entries drop\n",
    "packet": "sk RefCnt Type Proto Iface R Rmem User Inode\n",
    "udp": (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
        "  timeout inode ref pointer drops\n"
    ),
}
HEADERS["udp6"] = HEADERS["udp"]
ROWS = st.lists(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)).map("\n".join)


@pytest.mark.parametrize("name", PARSERS)
@given(text=TEXTS)
@settings(max_examples=150)
def test_any_text_parses_or_is_a_parse_error(name: str, text: str) -> None:
    assert problem(PARSERS[name], text).startswith("/proc/file")


@pytest.mark.parametrize("name", HEADERS)
@given(rows=ROWS)
@settings(max_examples=150)
def test_any_rows_below_a_header_parse_or_are_a_parse_error(name: str, rows: str) -> None:
    assert problem(PARSERS[name], HEADERS[name] + rows).startswith("/proc/file")


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
        st.one_of(TEXTS, ROWS.map(lambda rows: HEADERS["udp"] + rows)),
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
