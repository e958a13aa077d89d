"""What programs print with -j is read as what they print without.

Each pair in printed/ was taken at one moment: iproute2 6.1, nftables 1.0.6, on a 6.18 kernel in
namespaces of their own, the drops real.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.json_text import problem_of_json, without_json
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.refused import why_unread
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Nic
from tests.collectors.texts import sample_of as read

PRINTED = Path(__file__).parent / "printed"


def nic_of(row: dict[str, object]) -> Nic:
    (nic,) = read(json.dumps([row], indent=4)).nics or ()
    return nic


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("ruleset", "nft list ruleset"),
        ("links", "ip link"),
        ("qdiscs", "tc -s qdisc"),
        ("nstat", ""),
    ],
)
def test_json_says_what_the_words_say(name: str, command: str) -> None:
    written, plain = (
        read(f"$ {command}\n{(PRINTED / f'{name}{end}').read_text()}") for end in (".json", ".txt")
    )
    assert (written.links, written.rules) == (plain.links, plain.rules)
    assert {*written.gaps} == {*plain.gaps}
    assert bool(written.links or written.rules or written.files)


def test_the_error_counters_of_many_links_are_no_backlogs() -> None:
    sample = read((PRINTED / "links.json").read_text())
    assert [link.name for link in sample.links or ()] == ["lo", "v1", "v0", "br0", "v2"]
    assert "/proc/net/softnet_stat" not in sample.files


def test_nstat_may_be_pretty() -> None:
    written, plain = (
        assemble(read((PRINTED / f"nstat{end}").read_text())) for end in (".json", ".txt")
    )
    assert written.counters == plain.counters
    assert written.counters["Udp.NoPorts"] == 1


def test_what_a_qdisc_dropped_on_the_way_in_is_read() -> None:
    row = {"kind": "ingress", "handle": "ffff:", "dev": "eth0", "bytes": 9, "drops": 31}
    (rule,) = read(json.dumps([row])).rules or ()
    assert (rule.place, rule.hook, rule.packets) == ("qdisc ingress ffff: dev eth0", "ingress", 31)


def test_settings_of_a_device_are_no_statistics() -> None:
    channels = {"ifname": "eth0", "combined-max": 16, "combined": 8, "other-max": 1, "other": 1}
    assert (nic_of(channels).channels_rx, nic_of(channels).channels_rx_max) == (8, 16)
    coalesce = {"ifname": "eth0", "adaptive-rx": False, "rx-usecs": 3, "rx-frames": 0}
    assert (nic_of(coalesce).coalesce_rx_usecs, nic_of(coalesce).coalesce_adaptive_rx) == (3, False)
    assert nic_of(channels).statistics == nic_of(coalesce).statistics == {}
    assert parse_pasted('[ {"ifname": "eth0", "speed": 1000, "phyad": 1} ]') is None


@pytest.mark.parametrize(
    "document",
    [
        {"nftables": 5},
        {"nftables": [7]},
        {"nftables": [{"chain": 3}]},
        {"nftables": [{"rule": {"family": "ip", "table": "a", "chain": "b", "expr": {}}}]},
        {"nftables": [{"counter": {"family": "ip", "table": "a", "name": "b", "packets": "9"}}]},
        {"nftables": [{"counter": {"family": "ip", "table": "a", "name": "b", "packets": 2**80}}]},
        {"nftables": [{"table": {"family": "ip", "name": "x } table ip y {"}}]},
        {"nftables": [{"table": {"family": "ip", "name": "x\n}"}}]},
    ],
)
def test_rules_of_another_shape_are_an_error(document: object) -> None:
    with pytest.raises(ParseError, match="nft -j"):
        parse_pasted(json.dumps(document))


def _nested(depth: int) -> str:
    inner = '{"set":{"op":"add","set":"@a","stmt":[' * depth
    rule = f'{{"rule":{{"family":"ip","table":"a","chain":"b","handle":1,"expr":[{inner}'
    return f'{{"nftables":[{rule}{"]}}" * depth}]}}}}]}}'


def test_rules_nested_without_end_are_an_error() -> None:
    """How deep json reads differs between versions of Python: one of these it reads, nearly."""
    places = []
    for text in map(_nested, (240, 370, 1000)):
        with suppress(RecursionError):
            json.loads(text)
            places += _refused_at(text)
    assert {*places} == {"braces too deep"}


def _refused_at(text: str) -> list[str]:
    try:
        parse_pasted(text)
    except ParseError as error:
        return [error.place]
    return []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"ifname":"eth0","stats64":{"rx":{"packets":9', "JSON, line 1"),
        ('[ {\n"ifname": "eth0",\n"rx_missed_errors": 5,\n', "JSON, line 3"),
        ('{"answer": 42}', "JSON that is not what ip -j"),
        ('[{"ifname":"eth0","rx_packets":' + "9" * 5000 + "}]", "numbers too long"),
        ('{"a":' * 100_000, "too deep"),
    ],
)
def test_json_that_cannot_be_read_is_named(text: str, why: str) -> None:
    assert parse_pasted(text) is None
    assert why in (why_unread(text) or "")


def test_prose_is_no_json() -> None:
    assert problem_of_json("[12:03] <bob> it drops packets\n") is None
    assert problem_of_json("") is None
    assert without_json("[{ not json\n") == "[{ not json\n"


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (
            "12:00:01 IFACE rxerr/s txerr/s coll/s rxdrop/s\n12:00:02 eth0 0.00 0.00",
            "ip -s -s link",
        ),
        ("12:00:01 idgm/s odgm/s noport/s idgmerr/s\n12:00:02 2110.00 0", "nstat -az"),
        ("12:00:01 CPU total/s dropd/s squeezd/s rx_rps/s", "cat /proc/net/softnet_stat"),
        ("     rx_nodesc_drop_cnt:    451.3k/s\n", "ethtool -S DEVICE"),
    ],
)
def test_rates_are_refused_with_what_to_give_instead(text: str, instead: str) -> None:
    assert parse_pasted(text) is None
    assert f"{instead} > 1" in (why_unread(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "net,host=srv1,interface=eth0 bytes_recv=6123i,drop_in=1234i 1600000000000000000\n",
        "nstat,host=srv1,name=snmp UdpInErrors=120i,UdpRcvbufErrors=120i\n",
    ],
)
def test_the_line_protocol_of_influxdb_is_refused_with_what_to_give_instead(text: str) -> None:
    assert parse_pasted(text) is None
    assert "nstat -az" in (why_unread(text) or "")
    assert why_unread("the level, level=5i of it\nfoo bar=baz\nexport BAR=5\n") is None


FILTER = (
    '{"protocol":"ip","pref":10,"kind":"u32","chain":0},'
    '{%s"protocol":"ip","pref":10,"kind":"u32","chain":0,"options":{"fh":"800::800","actions":['
    '{"order":1,"kind":"gact","control_action":{"type":"drop"},"index":1,"ref":2,"bind":2,'
    '"stats":{"bytes":3968,"packets":31,"drops":31}}]}}'
)


@pytest.mark.parametrize(
    ("command", "rows", "drops"),
    [
        ("tc -j -s filter show dev eth0 ingress", FILTER % "", 31),
        ("tc -j -s filter show", FILTER % '"dev":"eth0","ingress":true,', 31),
        ("tc -j -s filter show dev eth0", FILTER % '"parent":"ffff:",', 31),
        ("tc -j -s filter show dev eth0", FILTER % '"egress":true,', 0),
        # One action that two filters share counts once.
        ("tc -j -s filter show dev eth0 ingress", f"{FILTER},{FILTER}" % ("", ""), 31),
    ],
)
def test_filters_of_tc_are_read_as_their_words_are(command: str, rows: str, drops: int) -> None:
    sample = parse_pasted(f"$ {command}\n[{rows}]\n")
    assert sample is not None
    assert sum(rule.packets for rule in sample.rules or () if rule.hook == "ingress") == drops


def test_a_program_that_may_drop_uncounted_is_known() -> None:
    program = '{"pref":1,"kind":"bpf","ingress":true,"options":{"direct-action":true}}'
    assert "bpf chain 0 direct-action" in without_json(f"[{program}]\n")
    assert without_json('[{"kind":"u32","pref":1,"options":{"actions":[7,{"stats":{}}]}}]\n')
