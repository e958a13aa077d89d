"""Support archives of every layout: what they tell, and what they only seem to tell."""

import io
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from netrx_tune.collectors import paths
from netrx_tune.collectors.assemble import assemble
from netrx_tune.host.archive import read_snapshot
from netrx_tune.host.kernel_tree import place
from netrx_tune.model.errors import InputError
from netrx_tune.model.sample import Gap, Nic, Sample
from netrx_tune.reporters.snapshot_files import BOOT_ID, CLOCK, Moment, SavedSnapshot

SNMP = "Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 900 1 100 100\n"
STATISTICS = "NIC statistics:\n     rx_missed: 401\n     rx_queue_0_drops: 7\n"
RINGS = "Ring parameters for eth0:\nPre-set maximums:\nRX:\t\t4096\nRX Mini:\tn/a\n"
RINGS += "Current hardware settings:\nRX:\t\t512\nRX Mini:\tn/a\n"
SYSCTLS = """kernel.osrelease = 4.18.0-553.el8.x86_64
kernel.random.boot_id = 0d6d3d8f-16e3-4c3e-a1a0-2f5d0ad3b9c4
net.core.rmem_max = 212992
sysctl: permission denied on key 'net.ipv4.tcp_fastopen_key'
net.ipv4.udp_mem = 187470\t249962\t374940
"""
REPORT = {
    "version.txt": "sosreport: 4.0\n",
    "proc/3255/net/snmp": SNMP,
    "proc/3255/net/stat/rt_cache": "entries\n00000000\n",
    "proc/sys/net/core/rmem_default": "212992\n",
    "proc/stat": "cpu0 1\ncpu1 1\n",
    "sos_commands/kernel/sysctl_-a": SYSCTLS,
    "sos_commands/kernel/uname_-a": "Linux web7 5.0.0-other #1 SMP x86_64 GNU/Linux\n",
    "sos_commands/host/uptime": " 18:02:14 up 3 days,  2:01,  1 user,  load average: 0.31\n",
    "sos_commands/date/date": "Sun Nov 22 19:30:27 UTC 2026\n",
    "sos_commands/networking/ethtool_-S_eth0": STATISTICS,
    "sos_commands/networking/ethtool_-g_eth0": RINGS,
    "sos_commands/networking/netstat_-s": "Udp:\n    900 packets received\n",
    "sos_commands/networking/ip_-o_addr": "1: lo inet 127.0.0.1/8\n",
    "var/log/messages": "noise\n",
}
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout \
inode ref pointer drops
 3167: 0100000A:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 \
77 2 00000000ff4f5017 2
"""
LINKS = {"proc/net": "self/net", "proc/self": "3255", "netstat": "sos_commands/networking/x"}


def pack(path: Path, members: Mapping[str, str], links: Mapping[str, str]) -> SavedSnapshot:
    """Read a report as sos packs it: below a folder, in xz, links before what they lead to."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, target in links.items():
            member = tarfile.TarInfo(f"sosreport-web7-2026/{name}")
            member.type, member.linkname, member.mtime = tarfile.SYMTYPE, target, 1.5
            archive.addfile(member)
        for name, text in members.items():
            member = tarfile.TarInfo(f"sosreport-web7-2026/{name}")
            member.size, member.mtime = len(text), 1.5
            archive.addfile(member, io.BytesIO(text.encode()))
    path.write_bytes(lzma.compress(plain.getvalue()))
    return read_snapshot(str(path))


def unpack(path: Path, members: Mapping[str, str], links: Mapping[str, str]) -> SavedSnapshot:
    """Read a report that was unpacked."""
    for name, text in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    for name, target in links.items():
        (path / name).symlink_to(target)
    return read_snapshot(str(path))


def sample_of(tmp_path: Path, **members: str) -> Sample:
    """Return the sample of the report with members replaced, by option_device or command."""
    named = {f"sos_commands/networking/{name}": text for name, text in members.items()}
    return pack(tmp_path / "report", {**REPORT, **named}, LINKS).samples[0]


@pytest.mark.parametrize("form", [pack, unpack])
def test_a_report_is_one_sample_of_its_host(tmp_path: Path, form: object) -> None:
    saved = (pack if form is pack else unpack)(tmp_path / "report", REPORT, LINKS)
    (sample,) = saved.samples
    assert (saved.kind, saved.kernel, saved.seconds) == (
        "sosreport",
        "4.18.0-553.el8.x86_64",
        None,
    )
    assert saved.times == (Moment("2026-11-22T19:30:27Z", 3 * 86400 + 2 * 3600 + 60),)
    assert sample.files == {
        "/proc/net/snmp": SNMP,
        "/proc/net/stat/rt_cache": "entries\n00000000\n",
        "/proc/sys/net/core/rmem_default": "212992\n",
        "/proc/stat": "cpu0 1\ncpu1 1\n",
        "/proc/uptime": "266460.00 0.00\n",
        "/proc/sys/kernel/osrelease": "4.18.0-553.el8.x86_64\n",
        BOOT_ID: "0d6d3d8f-16e3-4c3e-a1a0-2f5d0ad3b9c4\n",
        paths.SYSCTL_A: SYSCTLS,
        paths.NETSTAT_S: "Udp:\n    900 packets received\n",
        "/etc/hostname": "web7\n",
        CLOCK: "realtime 1795375827.000\n",
    }
    assert sample.nics == (
        Nic(
            device="eth0",
            driver="",
            statistics={"rx_missed": 401, "rx_queue_0_drops": 7},
            ring_rx=512,
            ring_rx_max=4096,
            channels_rx=None,
            channels_rx_max=None,
            coalesce_rx_usecs=None,
            coalesce_adaptive_rx=None,
        ),
    )
    assert sample.gaps == (
        Gap("/proc/sys/net/ipv4/tcp_fastopen_key", "denied", "sysctl: permission denied"),
    )


@pytest.mark.parametrize("links", [LINKS, {}])
def test_lost_links_lead_to_the_only_process_there(
    tmp_path: Path, links: Mapping[str, str]
) -> None:
    assert pack(tmp_path / "x", REPORT, links).samples[0].files["/proc/net/snmp"] == SNMP


def test_an_empty_answer_of_ethtool_is_not_zero_errors(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, **{"ethtool_-S_eth0": "", "ethtool_-g_eth0": ""})
    assert sample.nics is None
    assert sample.gaps[1:] == (
        Gap(
            "sos_commands/networking/ethtool_-S_eth0",
            "absent",
            "the file is empty: the command failed",
        ),
        Gap(
            "sos_commands/networking/ethtool_-g_eth0",
            "absent",
            "the file is empty: the command failed",
        ),
    )


def test_a_complaint_of_ethtool_is_no_data(tmp_path: Path) -> None:
    sample = sample_of(
        tmp_path,
        **{
            "ethtool_-S_eth0": "no stats available\n",
            "ethtool_-g_eth0": "netlink error: Operation not supported\n",
            "ethtool_-S_lo": "no stats available\n",
            "ethtool_-S_bond0.100": STATISTICS,
        },
    )
    assert [nic.device for nic in sample.nics or ()] == ["bond0.100"]
    assert sample.gaps[1:] == (
        Gap("sos_commands/networking/ethtool_-S_eth0", "absent", "no stats available"),
    )


def test_one_foreign_text_of_ethtool_costs_that_text(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, **{"ethtool_-g_eth0": "Segmentation fault\n"})
    assert sample.nics is not None
    assert (sample.nics[0].statistics["rx_missed"], sample.nics[0].ring_rx) == (401, None)
    assert [gap.why for gap in sample.gaps] == ["denied", "unparsed"]


BLUE = {
    "netstat_-s": "Udp:\n    7 packets received\n    3 packet receive errors\n",
    "nstat_-zas": "#kernel\nUdpInDatagrams 7 0.0\nUdpInErrors 3 0.0\nUdpRcvbufErrors 3 0.0\n",
    "ss_-peaonmi": (
        "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        'udp UNCONN 5 0 10.0.0.1:53 0.0.0.0:* users:(("named",pid=9,fd=3)) ino:77 sk:1\n'
        "\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d3)\n"
    ),
    "sysctl_-a": "net.ipv4.ip_forward = 1\n",
    "ethtool_-S_veth0": "NIC statistics:\n     rx_drops: 4\n",
    "ip_address_show": "1: lo\n",
}


@pytest.mark.parametrize(
    "folder", ["namespaces/blue/ip_netns_exec_blue_", "ip_netns_exec_blue_", "namespaces/blue/"]
)
def test_a_namespace_of_a_report_is_judged_when_it_is_named(tmp_path: Path, folder: str) -> None:
    members = {f"sos_commands/networking/{folder}{name}": text for name, text in BLUE.items()}
    members["proc/sys/net/ipv4/ipfrag_high_thresh"] = "4194304\n"
    pack(tmp_path / "x", {**REPORT, **members}, LINKS)
    whole = read_snapshot(str(tmp_path / "x"))
    assert whole.samples[0].gaps[-1] == Gap(
        "netns blue",
        "absent",
        "not judged here: sos ran commands in it; judge it with --netns blue",
    )
    assert assemble(whole.samples[0]).counters["Udp.InDatagrams"] == 900
    blue = read_snapshot(str(tmp_path / "x"), "blue")
    assert (blue.netns, blue.kind, blue.kernel) == ("blue", "sosreport", "4.18.0-553.el8.x86_64")
    snapshot = assemble(blue.samples[0])
    assert snapshot.counters == {
        "Udp.InDatagrams": 7,
        "Udp.InErrors": 3,
        "Udp.RcvbufErrors": 3,
    }
    assert snapshot.sockets is not None
    assert [(sock.local, sock.drops) for sock in snapshot.sockets.sockets] == [("10.0.0.1:53", 3)]
    assert snapshot.processes[77].name == "named"
    # Of the host's own settings those that each namespace has for itself say nothing of it.
    assert snapshot.settings == {
        "net.core.rmem_default": (212992,),
        "net.core.rmem_max": (212992,),
        "net.ipv4.ip_forward": (1,),
        "net.ipv4.udp_mem": (187470, 249962, 374940),
    }
    assert (snapshot.host.cpus, snapshot.host.uptime_seconds) == (2, 266460)
    assert list(snapshot.devices) == ["veth0"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "it has the host's own alone"),
        ({"ip_netns_exec_blue_ss_-peaonmi": "x\n"}, "it has blue"),
    ],
)
def test_a_namespace_that_the_report_lacks_is_refused(
    tmp_path: Path, members: Mapping[str, str], words: str
) -> None:
    named = {f"sos_commands/networking/{name}": text for name, text in members.items()}
    pack(tmp_path / "x", {**REPORT, **named}, LINKS)
    with pytest.raises(InputError, match=words):
        read_snapshot(str(tmp_path / "x"), "red")


def test_another_input_is_of_its_own_namespace_only(tmp_path: Path) -> None:
    (tmp_path / "snmp").write_text(SNMP)
    with pytest.raises(InputError, match="is of the host's own namespace, not of"):
        read_snapshot(str(tmp_path), "blue")


def test_commands_speak_where_there_are_no_files(tmp_path: Path) -> None:
    members = {name: text for name, text in REPORT.items() if "/net/" not in name}
    members["sos_commands/networking/nstat_-zas"] = BLUE["nstat_-zas"]
    members["sos_commands/networking/netstat_-s"] = "bash: netstat: command not found\n"
    (sample,) = pack(tmp_path / "x", members, {}).samples
    assert assemble(sample).counters["Udp.RcvbufErrors"] == 3
    assert sample.gaps[-1] == Gap(
        "sos_commands/networking/netstat_-s", "absent", "bash: netstat: command not found"
    )


def test_ip_tells_what_proc_net_dev_adds_up_and_which_device_repeats_another(
    tmp_path: Path,
) -> None:
    links = "".join(
        f"{number}: {name}: <UP{flag}> mtu 1500\n"
        "    RX:  bytes packets errors dropped  missed   mcast\n     123 990 0 2 10 0\n"
        for number, name, flag in ((1, "eth0", ""), (2, "bond0", ",MASTER"))
    )
    members = {
        **REPORT,
        "sos_commands/networking/ip_-s_-d_link": links,
        "sos_commands/conntrack/conntrack_-S": "cpu=0 found=1 insert_failed=2 drop=3\n",
    }
    snapshot = assemble(pack(tmp_path / "x", members, LINKS).samples[0])
    assert snapshot.devices["eth0"].statistics["rx_dropped"] == 2
    assert snapshot.devices["eth0"].statistics["rx_missed_errors"] == 10
    assert snapshot.devices["bond0"].kind == "bond"
    assert snapshot.per_cpu["nf_conntrack.drop"] == (3,)


def test_files_beat_commands_that_ran_at_another_moment(tmp_path: Path) -> None:
    named = {f"sos_commands/networking/{name}": text for name, text in BLUE.items()}
    named["proc/3255/net/udp"] = UDP
    sample = pack(tmp_path / "x", {**REPORT, **named}, LINKS).samples[0]
    snapshot = assemble(sample)
    assert snapshot.counters["Udp.RcvbufErrors"] == 100
    # Only ss shows the buffer and the reader, and no socket stands there twice.
    assert snapshot.sockets is not None
    assert [sock.rcvbuf_bytes for sock in snapshot.sockets.sockets] == [212992]


def test_a_report_without_networking_says_so(tmp_path: Path) -> None:
    members = {name: text for name, text in REPORT.items() if "/net/" not in name}
    saved = pack(tmp_path / "x", members, {})
    assert saved.samples[0].gaps[0].path == "/proc/net"
    assert "networking plugin did not run" in saved.samples[0].gaps[0].detail


def test_failed_copies_are_gaps(tmp_path: Path) -> None:
    members = {
        **REPORT,
        "proc/3255/net/netstat": "",
        "sos_commands/kernel/sysctl_-a": "",
        "proc/sys/net/ipv4/route/flush": "",
    }
    sample = pack(tmp_path / "x", members, LINKS).samples[0]
    assert [gap.path for gap in sample.gaps] == [
        "/proc/net/netstat",
        "sos_commands/kernel/sysctl_-a",
    ]
    assert sample.files["/proc/sys/kernel/osrelease"] == "5.0.0-other\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (" 19:30:27 up 45 min,  0 user,  load average: 0.31, 0.30, 0.18", 2700),
        (" 19:30:27 up  2:01,  3 users,  load average: 0.31", 7260),
        (" 19:30:27 up 1 day,  3 min,  1 user", 86580),
        (" 19:30:27 up 10 days, 23:59,  1 user", 10 * 86400 + 86340),
        (" 19:30:27 up 0 min,  1 user", 0),
        ("uptime: command not found", None),
        ("", None),
    ],
)
def test_uptime_is_read_as_people_read_it(tmp_path: Path, text: str, seconds: float | None) -> None:
    members = {**REPORT, "sos_commands/host/uptime": text}
    assert pack(tmp_path / "x", members, LINKS).times[0].uptime_seconds == seconds


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Sun Nov  2 07:30:27 PM UTC 2026\n", "2026-11-02T19:30:27Z"),
        ("Sun Nov 22 12:30:27 AM UTC 2026\n", "2026-11-22T00:30:27Z"),
        ("Sun Nov 22 19:30:27 CET 2026\n", None),
        ("So 22. Nov 19:30:27 UTC 2026\n", None),
        ("", None),
    ],
)
def test_a_date_is_believed_in_utc_only(tmp_path: Path, text: str, utc: str | None) -> None:
    members = {**REPORT, "sos_commands/date/date": text}
    assert pack(tmp_path / "x", members, LINKS).times[0].utc == utc


def test_two_reports_of_one_host_are_an_interval(tmp_path: Path) -> None:
    later = {**REPORT, "sos_commands/host/uptime": " 18:02:14 up 3 days,  2:11,  1 user\n"}
    members = {f"{number}/{name}": text for number, report in enumerate([REPORT, later])
               for name, text in report.items()}  # fmt: skip
    saved = unpack(tmp_path / "x", members, {})
    assert (len(saved.samples), saved.seconds) == (2, 600)


@pytest.mark.parametrize(
    "pattern",
    [
        *paths.CORE_FILES,
        *paths.DEVICE_FILES,
        *paths.SOCKET_FILES,
        *paths.FULL_FILES,
        *paths.NET_CLASS_FILES,
        *paths.NET_CLASS_FULL_FILES,
    ],
)
def test_every_file_that_a_parser_reads_is_taken_from_a_tree(pattern: str) -> None:
    name = (
        pattern.replace("statistics/rx_*", "statistics/rx_dropped")
        .replace("rx-*", "rx-0")
        .replace("*", "eth0.100")
        .lstrip("/")
    )
    assert place(name) == ("", name)
