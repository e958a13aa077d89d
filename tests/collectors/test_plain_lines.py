"""Lines are read as they were printed, whatever a terminal, Markdown or an option made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.plain_lines import plain_lines

LINK = """\
2: eth0: <UP> mtu 1500 qdisc mq state UP
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    RX:  bytes packets errors dropped  missed   mcast
       9000      90       1       2       3       4
    TX:  bytes packets errors dropped carrier collsns
       9000      90       0       0       0       0
"""
READ = {
    "rx_packets": 90,
    "rx_errors": 1,
    "rx_dropped": 2,
    "rx_missed_errors": 3,
    "multicast": 4,
}


@pytest.mark.parametrize(
    "text",
    [
        LINK,
        LINK.replace("eth0: ", "\x1b[36meth0: \x1b[0m").replace("UP\n", "\x1b[32mUP\x1b[0m\n"),
        f"\x1b]0;root@web7: ~\x07\x1b[?2004h{LINK}\x1b(B",
        LINK.removesuffix("\n").replace("\n", "\\"),  # ip -o
        f"**ip -s link**\n`{LINK.removesuffix(chr(10))}`\n",
        "<pre>" + LINK.replace("<UP>", "&lt;UP&gt;").replace("eth0", "<b>eth0</b>") + "</pre>",
        LINK.replace(" 3 ", ' <span style="color:red">3</span> '),
        LINK.replace("       4\n", "       4  <-. keep\n"),
        LINK.replace("       4\n", "       4  # increasing\n"),
    ],
)
def test_a_device_is_read_from_lines_with_marks(text: str) -> None:
    sample = parse_pasted(text)
    assert sample is not None
    assert [(link.name, link.statistics) for link in sample.links or ()] == [("eth0", READ)]


@pytest.mark.parametrize(
    "lines",
    [
        "x0: <UP> mtu 9\nRX: bytes packets errors dropped missed mcast\n1 90 0 2 7 0\nTX: bytes\n1",
        "# ifconfig x0\nx0  Link encap:Ethernet\nRX packets:90 errors:0 dropped:9\nTX packets:1",
        "x0: flags=4163<UP>\nRX packets 90  bytes 1 (1.0 B)\nRX errors 0 dropped 9\nTX packets 1",
        "# ethtool -S x0\nNIC statistics:\n  rx_packets: 90\n  rx_missed_errors: 9\n  tx_x: 1 ...",
    ],
)
def test_a_page_that_lost_its_line_breaks_is_read(lines: str) -> None:
    for text in (lines, " ".join(lines.split("\n"))):
        sample = parse_pasted(text)
        assert sample is not None
        statistics = (sample.links or sample.nics or ())[0].statistics
        assert statistics["rx_packets"] == 90
        lost = [n for field, n in statistics.items() if "dropped" in field or "missed" in field]
        assert sum(lost) == 9


def test_head_puts_the_name_of_a_file_above_what_it_holds() -> None:
    text = (
        "==> /proc/sys/net/core/rmem_max <==\n212992\n\n"
        "==> /sys/class/net/eth0/statistics/rx_dropped <==\n12\n\n"
        "==> /proc/net/softnet_stat <==\n00000090 00000007 00000000\n"
    )
    sample = parse_pasted(text)
    assert sample is not None
    assert sample.files["/proc/sys/net/core/rmem_max"].strip() == "212992"
    assert sample.files["/sys/class/net/eth0/statistics/rx_dropped"].strip() == "12"
    assert sample.files["/proc/net/softnet_stat"].split()[:2] == ["00000090", "00000007"]


@pytest.mark.parametrize("between", [":", ": ", " ", "\t"])
def test_loops_print_a_file_and_its_value_in_many_ways(between: str) -> None:
    path = "/sys/class/net/eth0/statistics/rx_dropped"
    sample = parse_pasted(f"{path}{between}12\n")
    assert sample is not None
    assert sample.files[path].strip() == "12"


@pytest.mark.parametrize(
    "figures", ["1 2 3", "1 2 3 4 5 6 7", "1 2 3 4 5 a", "1 2 3 4 5 6 packets"]
)
def test_a_row_that_is_not_below_its_titles_is_left(figures: str) -> None:
    sample = parse_pasted(f"RX: bytes packets errors dropped missed mcast\n{figures}\n")
    assert sample is None or not sample.links


def test_titles_alone_are_enough() -> None:
    sample = parse_pasted("```\nRX: bytes packets errors dropped missed mcast\n 1 2 3 4 5 6\n```\n")
    assert sample is not None
    assert sample.links is not None
    assert sample.links[0].statistics["rx_missed_errors"] == 5


@pytest.mark.parametrize(
    "text",
    ["", "a `b` c\n", "```text\nx\n```\n", "- `rx_missed_errors`: 5\n", "1: no \\ link\n"],
)
def test_what_needs_no_change_is_left(text: str) -> None:
    assert plain_lines(text) == text


@given(st.text(st.sampled_from("`\\\x1b[]m;:<> 12eth0\n\x07")))
def test_any_text_goes_through(text: str) -> None:
    plain_lines(text)


def test_statistics_of_udp_in_one_line_are_as_many_counters() -> None:
    page = (
        "$ netstat -su Udp: 30 packets received 2 packets to unknown port received. 7 packet"
        " receive errors 5 packets sent RcvbufErrors: 6 This shows the number of packets"
    )
    sample = parse_pasted(page)
    assert sample is not None
    assert assemble(sample).counters == {
        "Udp.InDatagrams": 30,
        "Udp.NoPorts": 2,
        "Udp.InErrors": 7,
        "Udp.OutDatagrams": 5,
        "Udp.RcvbufErrors": 6,
    }


def test_one_counter_within_a_sentence_is_none() -> None:
    assert parse_pasted("Before a run I saw 9 packet receive errors in all.") is None


@pytest.mark.parametrize(
    "files",
    [
        "cat /proc/sys/net/netfilter/nf_conntrack_{count,max}",
        "cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max",
        "sysctl -n net.netfilter.nf_conntrack_count net.nf_conntrack_max",
    ],
)
def test_values_of_several_files_are_told_apart(files: str) -> None:
    sample = parse_pasted(f"# {files}\n65530\n65536\n$ uname -r\n5.15.0\n")
    assert sample is not None
    snapshot = assemble(sample)
    assert snapshot.levels["nf_conntrack.count"] == 65_530
    assert snapshot.settings["net.netfilter.nf_conntrack_max"] == (65_536,)


SHOWN = "conntrack v1.4.5 (conntrack-tools): {} flow entries have been shown.\n"


@pytest.mark.parametrize(
    "text",
    [
        "$ sudo conntrack -C\n65480\nnet.nf_conntrack_max = 65536\n",
        f"# conntrack -L | wc -l\n{SHOWN.format(65480)}65480\nnet.ipv4.ip_conntrack_max = 65536\n",
        "# cat /proc/sys/net/nf_conntrack_max\n65536\n# conntrack -C\n65480\n",
    ],
)
def test_tracking_is_known_by_its_other_names_and_by_what_conntrack_counts(text: str) -> None:
    sample = parse_pasted(text)
    assert sample is not None
    snapshot = assemble(sample)
    assert snapshot.levels["nf_conntrack.count"] == 65_480
    assert snapshot.settings["net.netfilter.nf_conntrack_max"] == (65_536,)


def test_a_list_of_some_flows_does_not_replace_the_count_of_all() -> None:
    sample = parse_pasted(f"net.netfilter.nf_conntrack_count = 65480\n{SHOWN.format(7)}")
    assert sample is not None
    assert assemble(sample).levels["nf_conntrack.count"] == 65_480
