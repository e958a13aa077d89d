"""What the small files say of a host."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.host import byte_order, host_facts, parse_cpuinfo, parse_cpus
from netrx_tune.collectors.meminfo import parse_memory_bytes
from netrx_tune.collectors.os_release import parse_os_release
from netrx_tune.collectors.uptime import parse_uptime
from netrx_tune.model.errors import ParseError
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.sample import Gap
from netrx_tune.model.snapshot import HostFacts, SoftnetCpu

OS_RELEASE = """\
# where this came from
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
ID=debian
"""
VERSION = "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP\n"
ROW = SoftnetCpu(None, 0, 0, 0, 0, None, None)
UNKNOWN = HostFacts(None, None, None, None, None, 4096, None, None, None, None)


def facts(
    files: dict[str, str],
    softnet: tuple[SoftnetCpu, ...] | None = None,
) -> tuple[HostFacts, list[Gap]]:
    gaps: list[Gap] = []
    return host_facts(files, softnet, gaps), gaps


def test_everything_that_the_files_say_is_there() -> None:
    got = facts(
        {
            "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
            "/proc/version": VERSION,
            "/proc/meminfo": "MemTotal:       25276504 kB\nHugePages_Total:       0\n",
            "/proc/uptime": "1694.05 3000.00\n",
            "/etc/os-release": OS_RELEASE,
            "/proc/sys/kernel/random/boot_id": "11111111-2222-4333-8444-555555555555\n",
            "/proc/sys/net/core/somaxconn": "4096\n",
            "/proc/sys/net/core/netdev_max_backlog": "1000\n",
        },
        (ROW, ROW),
    )
    assert got == (
        HostFacts(
            release="6.1.0-18-amd64",
            kernel=KernelVersion(6, 1, 0),
            distribution="debian-12",
            cpus=2,
            memory_bytes=25883140096,
            page_bytes=4096,
            boot_id="11111111-2222-4333-8444-555555555555",
            uptime_seconds=1694.05,
            netns=None,
            initial_netns=True,
            sandbox=None,
        ),
        [],
    )


def test_what_no_file_says_is_unknown() -> None:
    assert facts({}) == (UNKNOWN, [])


def test_the_release_is_in_the_version_too() -> None:
    got, gaps = facts({"/proc/version": VERSION})
    assert (got.release, got.kernel, gaps) == ("6.1.0-18-amd64", KernelVersion(6, 1, 0), [])


@pytest.mark.parametrize(
    ("files", "initial"),
    [
        ({"/proc/sys/net/core/netdev_max_backlog": "1000"}, True),
        ({"/proc/sys/net/core/somaxconn": "4096"}, False),
        ({"/proc/sys/net/ipv4/udp_rmem_min": "4096"}, None),
    ],
)
def test_a_namespace_is_known_by_the_sysctls_that_it_lacks(
    files: dict[str, str],
    initial: bool | None,
) -> None:
    assert facts(files)[0].initial_netns is initial


@pytest.mark.parametrize(
    ("path", "text", "sandbox"),
    [
        ("/proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n", "gvisor"),
        (
            "/proc/version",
            "Linux version 4.19.0-gvisor #1 SMP Sun Jan 10 15:06:54 PST 2016\n",
            "gvisor",
        ),
        ("/proc/sys/kernel/osrelease", "4.19.0-gvisor\n", "gvisor"),
        ("/proc/version", "Linux version 4.4.0 (me@here) #1 SMP Mon Jan 11 2016\n", None),
        ("/proc/sys/kernel/osrelease", "4.4.0\n", None),
    ],
)
def test_a_kernel_that_is_imitated_is_known_by_its_name_or_date(
    path: str,
    text: str,
    sandbox: str | None,
) -> None:
    assert facts({path: text})[0].sandbox == sandbox


@pytest.mark.parametrize(
    ("files", "softnet", "cpus"),
    [
        ({"/proc/stat": "cpu 1 2\ncpu0 1 2\ncpu3 1 2\nintr 9\ncpufreq 1\n"}, None, 2),
        ({"/proc/cpuinfo": "processor\t: 0\nprocessor\t: 1\nProcessor\t: ARMv7\n"}, None, 2),
        ({"/proc/cpuinfo": "# processors    : 1\nprocessor 0: version = FF\n"}, None, 1),
        ({"/proc/stat": "cpu0 1\n"}, (ROW, ROW, ROW), 3),
        ({}, None, None),
    ],
)
def test_cpus_are_counted_where_they_are_listed(
    files: dict[str, str],
    softnet: tuple[SoftnetCpu, ...] | None,
    cpus: int | None,
) -> None:
    got, gaps = facts(files, softnet)
    assert (got.cpus, gaps) == (cpus, [])


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("/proc/sys/kernel/osrelease", "", "expected one word, got ''"),
        ("/proc/version", "FreeBSD 14", "expected Linux version, got 'FreeBSD 14'"),
        ("/proc/version", "Linux version ", "expected Linux version, got 'Linux version '"),
        ("/proc/meminfo", "MemFree: 1 kB\n", "expected a line MemTotal: N kB"),
        ("/proc/uptime", "", "expected seconds, got ''"),
        ("/etc/os-release", "NAME=x\n", "expected a line ID=, got 'NAME=x\\n'"),
        ("/proc/sys/kernel/random/boot_id", "a b", "expected one word, got 'a b'"),
        ("/proc/stat", "cpu 1\n", "expected lines cpu0, cpu1 ..., got 'cpu 1\\n'"),
        ("/proc/cpuinfo", "model: x\n", "expected lines processor : 0, processor : 1 ..."),
    ],
)
def test_a_file_that_does_not_read_is_a_gap(path: str, text: str, said: str) -> None:
    got, gaps = facts({path: text})
    assert got == UNKNOWN
    assert [(gap.path, gap.why) for gap in gaps] == [(path, "unparsed")]
    assert gaps[0].detail.startswith(f"{path}: {said}")


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
def test_memory_is_in_bytes(end: str) -> None:
    assert parse_memory_bytes(f"MemFree: 4 kB{end}MemTotal:  8 kB{end}SwapTotal: 2 kB{end}") == 8192
    with pytest.raises(ParseError, match="/proc/meminfo: expected a line MemTotal: N kB"):
        parse_memory_bytes(f"MemTotal: x kB{end}SwapTotal: 2 kB{end}")


@pytest.mark.parametrize(("text", "seconds"), [("12.05 3.00\n", 12.05), ("7\n", 7.0)])
def test_uptime_is_seconds(text: str, seconds: float) -> None:
    assert parse_uptime(text) == seconds


@pytest.mark.parametrize("text", ["x", "1.", "-1.0", "1e5", "nan", "1.5.5"])
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/uptime: seconds: expected a decimal"):
        parse_uptime(text)


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        (OS_RELEASE, "debian-12"),
        ("ID='arch'\nBUILD_ID=rolling\n", "arch"),
        ('ID="rhel"\r\nVERSION_ID="9.4"\r\n', "rhel-9.4"),
    ],
)
def test_a_distribution_is_its_id_and_version(text: str, distribution: str) -> None:
    assert parse_os_release(text) == distribution


@pytest.mark.parametrize(
    ("release", "order"),
    [
        ("5.14.0-427.el9.s390x", "big"),
        ("3.10.0-1160.el7.ppc64", "big"),
        ("5.14.0-427.el9.ppc64le", "little"),
        ("6.1.0-18-amd64", "little"),
        (None, "little"),
    ],
)
def test_only_two_architectures_print_addresses_the_other_way(
    release: str | None,
    order: str,
) -> None:
    assert byte_order(release) == order


def test_parsers_of_cpus_name_their_file() -> None:
    with pytest.raises(ParseError, match=r"^/proc/stat: expected lines cpu0"):
        parse_cpus("")
    with pytest.raises(ParseError, match=r"^/proc/cpuinfo: expected lines processor"):
        parse_cpuinfo("")
