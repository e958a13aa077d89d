"""Each place that a report names is a member of the input, and its line shows the figure."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from textwrap import indent

import pytest

from netrx_tune.host.checking import judge_input
from netrx_tune.host.nested import NESTED, split
from netrx_tune.host.save import write_snapshot
from netrx_tune.host.saved import SavedWindow, saved_window
from netrx_tune.model.judgement import Spot
from netrx_tune.planning.evidence_places import counter_spot, setting_spot
from netrx_tune.planning.policy import Policy
from netrx_tune.reporters.snapshot_files import saved_snapshot
from netrx_tune.rules.judge import value
from tests import saved as saved_hosts
from tests.host import test_sos_rules as sos_rules
from tests.host import test_sosreport as sos
from tests.host.packing import pack, unpack
from tests.scenario import load, samples

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
TODAY = date(2026, 12, 1)
SNMP = (
    "Ip: InReceives InDelivers\nIp: 900 900\n"
    "Udp: InDatagrams InErrors RcvbufErrors\nUdp: 500 90 90\n"
)
IP_LINK = """\
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default
    RX:  bytes packets errors dropped  missed   mcast
      90100100   99200      7      12       5       0
"""
REPORT = {
    **sos.REPORT,
    "proc/3255/net/snmp": SNMP,
    "sos_commands/networking/ip_-s_-d_link": IP_LINK,
    "sos_commands/networking/ss_-peaonmi": sos.BLUE["ss_-peaonmi"],
    "sos_commands/networking/ethtool_-l_eth0": "Channel parameters for eth0:\n",
    "sos_commands/firewall_tables/nft_list_ruleset": sos_rules.NFT,
    "sos_commands/firewall_tables/iptables_-t_mangle_-nvL": sos_rules.MANGLE,
    "sos_commands/firewall_tables/iptables_-vnxL": sos_rules.EXACT,
    "sos_commands/networking/tc_-s_qdisc_show": sos_rules.QDISCS,
}
NETSTAT = """\
Udp:
    500 packets received
    90 packet receive errors
    90 receive buffer errors
"""
LOOSE = {
    "snmp": SNMP,
    "dev": "Inter-|   Receive                      |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop"
    " fifo colls carrier compressed\n  eth0: 1 50 4 3 0 0 0 0 0 0 0 0 0 0 0 0\n",
}


@cache
def read_member(path: str, member: str) -> str:
    """Return a member's text, of whatever `path` is; an error if there is none of that name."""
    outer, inner = split(path)
    if Path(outer).is_dir():
        return (Path(outer) / member).read_text()
    content = Path(outer).read_bytes()
    for name in (*([inner] if inner else []), *member.split(NESTED)):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            file = archive.extractfile(name)
            assert file
            content = file.read()
    return content.decode()


def windows(path: str) -> Iterator[SavedWindow]:
    window = saved_window(path)
    yield window
    yield from (read() for read in window.namespaces.values())


def hold(path: str) -> set[str]:
    """Hold each counter, setting and finding of an input to the member it is said to be in."""
    named: set[str] = set()
    for window in windows(path):
        after, places = window.delta.after, window.places
        for counter in window.delta.increases:
            spot = counter_spot(counter, after, places)
            lines = read_member(path, spot.file).split("\n")
            figure = value(window.delta, counter)
            if spot.line and figure is not None:
                assert str(figure) in lines[spot.line - 1], (counter, spot)
            named.add(spot.file)
        for key, numbers in after.settings.items():
            spot = setting_spot(key, after, places)
            lines = read_member(path, spot.file).split("\n")
            line = lines[spot.line - 1] if spot.line else "\n".join(lines)
            assert all(str(number) in line for number in numbers), (key, spot)
            named.add(spot.file)
    for judgement in judge_input(path, Policy(), TODAY):
        for finding in judgement.findings:
            assert finding.spot.file in named | {""}
            assert finding.spot.file or not finding.evidence, finding
    return named


def in_namespace(folder: str) -> Mapping[str, str]:
    return REPORT | {f"sos_commands/networking/{folder}{n}": text for n, text in sos.BLUE.items()}


def _sos(members: Mapping[str, str]) -> Callable[[Path], str]:
    def write(path: Path) -> str:
        sos.pack(path / "sos.tar.xz", members, sos.LINKS)
        return f"{path}/sos.tar.xz"

    return write


def _sos_folder(path: Path) -> str:
    (path / "given/sosreport-web7").mkdir(parents=True)
    sos.unpack(path / "given/sosreport-web7", REPORT, sos.LINKS)
    return f"{path}/given"


def _two_reports(path: Path) -> str:
    both = {
        f"{n}/{name}": text for n in "01" for name, text in in_namespace("namespaces/b/").items()
    }
    return pack(path / "two.tar.gz", both)


def _second_alone(path: Path) -> str:
    return unpack({f"1/proc/net/{name}": text for name, text in LOOSE.items()}, path / "second")


def _collected(path: Path) -> str:
    inner = Path(_sos(in_namespace("namespaces/blue/"))(path)).read_bytes()
    return pack(path / "all.tar.gz", {"x/sosreport-web7.tar.xz": inner})


def _collected_two(path: Path) -> str:
    inner = Path(_sos(REPORT)(path)).read_bytes()
    two = {"x/web7.tar.xz": inner, "x/web8.tar.xz": inner}
    return f"{pack(path / 'all.tar.gz', two)}{NESTED}x/web8.tar.xz"


KINDS: dict[str, Callable[[Path], str]] = {
    "a real sosreport": lambda _: str(SNAPSHOTS / "sos-4.0-debian-12.tar.xz"),
    "our first version's": lambda _: str(SNAPSHOTS / "v1.tar.gz"),
    "two samples, packed": lambda path: saved_hosts.archive(path / "two.tar.gz", 200),
    "two samples in a folder": lambda path: saved_hosts.folder(path / "two", 200),
    "the second sample alone": _second_alone,
    "files of /proc/net, loose": lambda path: pack(path / "x.tar.gz", LOOSE),
    "the same below a folder": lambda path: unpack(
        {f"web7/net/{name}": text for name, text in LOOSE.items()}, path / "x"
    ),
    "sosreport": _sos(REPORT),
    "sosreport with namespaces": _sos(in_namespace("namespaces/blue/ip_netns_exec_blue_")),
    "sosreport with namespaces, before 4.1": _sos(in_namespace("ip_netns_exec_blue_")),
    "sosreport in a folder": _sos_folder,
    "two sosreports": _two_reports,
    "sosreport in an archive": _collected,
    "one of two sosreports in an archive": _collected_two,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_an_input_stands_in_the_member_that_is_named(
    kind: str, tmp_path: Path
) -> None:
    assert hold(KINDS[kind](tmp_path))


def test_a_report_has_each_kind_of_evidence_in_another_member(tmp_path: Path) -> None:
    assert hold(_sos(in_namespace("namespaces/blue/"))(tmp_path)) >= {
        f"sosreport-web7-2026/{name}"
        for name in (
            "proc/3255/net/snmp",
            "proc/sys/net/core/rmem_default",
            "sos_commands/firewall_tables/iptables_-t_mangle_-nvL",
            "sos_commands/firewall_tables/iptables_-vnxL",
            "sos_commands/firewall_tables/nft_list_ruleset",
            "sos_commands/kernel/sysctl_-a",
            "sos_commands/networking/ethtool_-S_eth0",
            "sos_commands/networking/ip_-s_-d_link",
            "sos_commands/networking/tc_-s_qdisc_show",
            "sos_commands/networking/namespaces/blue/ethtool_-S_veth0",
            "sos_commands/networking/namespaces/blue/nstat_-zas",
            "sos_commands/networking/namespaces/blue/sysctl_-a",
        )
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SNMP, 4),
        (f"Hello,\n\n> $ cat /proc/net/snmp\n{indent(SNMP, '> ')}> ok\r\n", 7),
        (f"{NETSTAT}\n10 s later:\n{NETSTAT}", 10),
        ("$ nstat -az\nUdpInDatagrams 500 0.0\nUdpInErrors 90 0.0\nUdpRcvbufErrors 90 0.0\n", 4),
        ("UdpInDatagrams 500\nUdpInErrors 90\nnode_netstat_Udp_RcvbufErrors 90\n", None),
    ],
)
def test_a_text_has_no_members_and_where_it_can_a_line(
    tmp_path: Path, text: str, line: int | None
) -> None:
    ticket = tmp_path / "ticket.txt"
    ticket.write_text(text)
    (judgement,) = judge_input(str(ticket), Policy(), TODAY)
    assert {finding.spot for finding in judgement.findings} == {Spot("", line)}


def test_every_finding_of_every_scenario_names_a_member_of_a_saved_snapshot(
    tmp_path: Path,
) -> None:
    seen = 0
    for number, (name, case) in enumerate(load()):
        path = f"{tmp_path}/{number}.tar.gz"
        write_snapshot(path, saved_snapshot(samples(case)), "0.1.0")
        with tarfile.open(path) as archive:
            members = set(archive.getnames())
        for judgement in judge_input(path, Policy(), TODAY):
            for finding in judgement.findings:
                assert finding.spot.file in members | {""}, (name, finding)
                assert finding.spot.file or not finding.evidence, (name, finding)
                seen += bool(finding.spot.file)
    assert seen > 100
