"""`explain` finds a page by any usual name and says nothing that the data does not."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from netrx_tune.model.finding import Cause
from netrx_tune.planning.counters import COUNTER_NOTES
from netrx_tune.planning.messages import MESSAGES
from netrx_tune.planning.topics import TOPICS
from netrx_tune.planning.tunables import TUNABLES
from netrx_tune.reporters.pages import page, page_json, render_page_text, suggestions
from netrx_tune.rxpath.stages import STAGES

RULES = {
    "socket-buffer-full": (
        "Datagrams that met a full buffer.\n\n"
        "What it means: the reader was late.\nOr slow.\n\n"
        "No heading here.\n\n"
        "Remedy: read faster.\n"
    ),
    "udp-no-listener": "Datagrams for a port that no program listens on.\n",
}
RULE_STAGES = {"socket-buffer-full": ("udp-rcvbuf-full",), "udp-no-listener": ("udp-no-port",)}


@pytest.mark.parametrize(
    ("asked", "kind", "name"),
    [
        ("udp-rcvbuf-full", "stage", "udp-rcvbuf-full"),
        ("UDP_RCVBUF_FULL", "stage", "udp-rcvbuf-full"),
        ("RcvbufErrors", "counter", "Udp.RcvbufErrors"),
        ("UdpRcvbufErrors", "counter", "Udp.RcvbufErrors"),
        ("Udp.RcvbufErrors", "counter", "Udp.RcvbufErrors"),
        ("Udp6RcvbufErrors", "counter", "Udp.RcvbufErrors"),
        ("UdpLite6.RcvbufErrors", "counter", "Udp.RcvbufErrors"),
        ("packet receive errors", "counter", "Udp.InErrors"),
        ("receive buffer errors", "counter", "Udp.RcvbufErrors"),
        ("packets to unknown port received", "counter", "Udp.NoPorts"),
        ("InDatagrams", "counter", "Udp.InDatagrams"),
        ("IgnoredMulti", "counter", "Udp.IgnoredMulti"),
        ("MemErrors", "counter", "Udp.MemErrors"),
        ("InDelivers", "counter", "Ip.InDelivers"),
        ("Ip6InDiscards", "counter", "Ip.InDiscards"),
        ("squeezed", "counter", "softnet.time_squeeze"),
        ("time_squeeze", "counter", "softnet.time_squeeze"),
        ("drops", "counter", "udp_socket.drops"),
        ("drop", "counter", "/proc/net/dev drop"),
        ("dropped", "counter", "rx_dropped"),
        ("rx_missed_errors", "counter", "rx_missed_errors"),
        ("rx_out_of_buffer", "counter", "ethtool.rx_out_of_buffer"),
        ("rx_queue_3_drops: 512", "counter", "ethtool.rx_queue_3_drops"),
        ("no_buff_discards", "counter", "ethtool.no_buff_discards"),
        ("RX errors 0  dropped 48  overruns 0  frame 0", "counter", "rx_dropped"),
        ("RX packets:20 errors:0 dropped:0 overruns:7 frame:0", "counter", "rx_fifo_errors"),
        ("cpu=0 found=96 insert_failed=12 drop=0 error=0", "counter", "nf_conntrack.insert_failed"),
        ("rxq0: rx_drops_no_frags: 388", "counter", "ethtool.rxq0: rx_drops_no_frags"),
        ("eth0.ethtool.[0]: rx_discards", "counter", "ethtool.[0]: rx_discards"),
        ("Recv-Q", "counter", "Recv-Q"),
        ("XfrmInPolBlock", "counter", "xfrm.XfrmInPolBlock"),
        ("TcpExtListenOverflows", "counter", "TcpExt.ListenOverflows"),
        ("insert_failed", "counter", "nf_conntrack.insert_failed"),
        ("rmem_max", "tunable", "net.core.rmem_max"),
        ("net.core.rmem_max", "tunable", "net.core.rmem_max"),
        ("/proc/sys/net/core/rmem_max", "tunable", "net.core.rmem_max"),
        ("net.ipv4.conf.eth0.rp_filter", "tunable", "net.ipv4.conf.IF.rp_filter"),
        ("rps_cpus", "tunable", "/sys/class/net/DEV/queues/rx-N/rps_cpus"),
        ("conntrack_max", "tunable", "net.netfilter.nf_conntrack_max"),
        ("SO_RCVBUF", "tunable", "SO_RCVBUF"),
        ("SO_RCVBUFFORCE", "tunable", "SO_RCVBUFFORCE"),
        ("so-rcvbuf", "topic", "so-rcvbuf"),
        ("Early Demux", "topic", "early-demux"),
        ("firewall", "topic", "netfilter"),
        ("udp", "topic", "udp"),
        ("docker", "topic", "containers"),
        ("socket_buffer_full", "rule", "socket-buffer-full"),
        ("    23568 send buffer errors", "counter", "Udp.SndbufErrors"),
        (
            "667399 times the listen queue of a socket overflowed",
            "counter",
            "TcpExt.ListenOverflows",
        ),
        ("13447265 invalid SYN cookies received", "counter", "TcpExt.SyncookiesFailed"),
        ("TCPOFOQueue: 9000", "counter", "TcpExt.TCPOFOQueue"),
        ("TCPBacklogDrop: 12", "counter", "TcpExt.TCPBacklogDrop"),
        ("UdpRcvbufErrors   42123411   0.0", "counter", "Udp.RcvbufErrors"),
        ("node_netstat_Udp_RcvbufErrors", "counter", "Udp.RcvbufErrors"),
        ("net.core.rmem_max = 212992", "tunable", "net.core.rmem_max"),
    ],
)
def test_a_page_is_found_by_what_people_write(asked: str, kind: str, name: str) -> None:
    found = page(asked, RULES)
    assert found is not None
    assert (found.kind, found.name) == (kind, name)


EVERY_NAME = [
    *(one.name for one in STAGES),
    *(name for one in STAGES for name in (*one.counters, *one.also)),
    *(note.name for note in COUNTER_NOTES),
    *(one.name for one in TUNABLES),
    *(one.name for one in TOPICS),
    *(one.name for one in MESSAGES),
    *RULES,
]


@pytest.mark.parametrize("name", sorted(set(EVERY_NAME)))
def test_every_name_has_a_page_that_any_terminal_can_show(name: str) -> None:
    found = page(name, RULES, RULE_STAGES)
    assert found is not None
    text = render_page_text(found, 80)
    assert text.isascii()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert all(page(other, RULES) for other in found.see_also)
    assert json.loads(json.dumps(page_json(found)))["name"] == found.name


def test_an_ambiguous_word_names_its_other_meanings() -> None:
    for asked, other in (
        ("drop", "nf_conntrack.drop"),
        ("dropped", "softnet.dropped"),
        ("SO_RCVBUF", "so-rcvbuf"),
        ("InCsumErrors", "IpExt.InCsumErrors"),
    ):
        found = page(asked)
        assert found is not None
        assert other in found.see_also


def test_a_full_table_of_neighbours_is_said_to_lose_nothing_received() -> None:
    for asked in ("unresolved_discards", "arp_cache.table_fulls", "ndisc_cache.table_fulls"):
        found = page(asked)
        assert found is not None
        assert "Not loss of what is received" in render_page_text(found, 200)


def test_an_unknown_name_has_no_page_and_near_names_instead() -> None:
    assert page("rcvbuf errrors") is None
    assert suggestions("rcvbuf errrors")[0] == "Udp.RcvbufErrors"
    assert suggestions("rmem_mx")[0] == "net.core.rmem_max"
    assert "softnet.dropped" in suggestions("softnet")
    assert suggestions("socket-bufer-full", RULES)[0] == "socket-buffer-full"
    assert suggestions("qwertz") == []
    assert page("") is None


def test_a_counter_page_says_what_the_stages_say() -> None:
    found = page("RcvbufErrors", RULES, RULE_STAGES)
    assert found is not None
    sections = {section.heading: section.text for section in found.sections}
    assert sections["What moves it"].startswith("- udp-rcvbuf-full: ")
    assert "udp-mcast-clone-fail" in sections["Moved as well by"]
    assert "Udp.InErrors" in sections["Moves together with"]
    assert "udp_socket.drops" in sections["Moves together with"]
    assert "3.10 to 3.14" in sections["Kernels"]
    assert "Arrival is faster" in sections["When the usual remedy is wrong"]
    assert "/proc/net/snmp" in sections["Where to read it"]
    assert sections["Findings"] == "- socket-buffer-full: Datagrams that met a full buffer."


def test_a_counter_without_a_note_is_told_by_its_stage() -> None:
    found = page("IpExt.InTruncatedPkts")
    assert found is not None
    assert found.sections[0].text.startswith("What ip-truncated loses. ")


def test_a_tunable_page_says_whose_it_is_on_which_kernel() -> None:
    found = page("rmem_max")
    assert found is not None
    sections = {section.heading: section.text for section in found.sections}
    assert sections["Whose it is"] == (
        "The host's, not visible in child namespaces; "
        "from 6.12 the host's, read-only in child namespaces."
    )
    memory = page("udp_mem")
    assert memory is not None
    values = {section.heading: section.text for section in memory.sections}["Values"]
    assert values == "3 numbers; the first is the limit that a loss meets."
    typed = next(one.text for one in memory.sections if one.heading == "What to type")
    assert '`sysctl -w net.ipv4.udp_mem="VALUE VALUE VALUE"`' in typed


def test_a_topic_page_tells_then_and_now_and_the_finding() -> None:
    found = page("socket-queue", RULES, RULE_STAGES)
    assert found is not None
    headings = [section.heading for section in found.sections]
    assert headings[:3] == ["How it works", "On kernel 3.13", "Today"]
    assert headings[-1] == "Findings"


def test_a_rule_page_is_its_docstring_in_sections() -> None:
    found = page("socket-buffer-full", RULES, RULE_STAGES)
    assert found is not None
    assert found.title == "Datagrams that met a full buffer."
    assert [tuple(section) for section in found.sections] == [
        ("What it means", "The reader was late. Or slow."),
        ("", "No heading here."),
        ("Remedy", "Read faster."),
    ]
    assert found.see_also == ("udp-rcvbuf-full",)


@pytest.mark.parametrize("first", ["rx_dropped of it", "setsockopt() fails", "net.core.x, low"])
def test_a_name_at_the_start_of_a_section_keeps_its_spelling(first: str) -> None:
    found = page("a-rule", {"a-rule": f"Title.\n\nHow it is counted: {first}.\n"})
    assert found is not None
    assert found.sections[0].text == f"{first}."


@pytest.mark.parametrize("word", [*get_args(Cause), "at-most", "at-least", "exact", "since-boot"])
def test_every_word_of_a_report_is_explained(word: str) -> None:
    found = page(word, RULES, RULE_STAGES)
    assert found is not None
    assert found.name in {"books", "causes"}
    assert f"\n- {word}" in found.sections[0].text.replace("at ", "at-").replace("since ", "since-")


def test_a_rule_with_a_stages_name_is_joined_to_its_page() -> None:
    rules = {"softirq-squeeze": "Polling was cut short.\n\nRemedy: none."}
    found = page("softirq-squeeze", rules, {"softirq-squeeze": ("softirq-squeeze",)})
    assert found is not None
    assert found.kind == "stage"
    assert found.see_also == ("softirq",)
    assert [tuple(section) for section in found.sections[-2:]] == [
        ("The finding of this name", "Polling was cut short."),
        ("Remedy", "None."),
    ]


def test_a_page_wraps_to_its_width() -> None:
    found = page("udp-rcvbuf-full")
    assert found is not None
    assert max(len(line) for line in render_page_text(found, 50).splitlines()) <= 50
