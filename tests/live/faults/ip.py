"""Packets that IP itself refuses: damaged, misaddressed, unroutable, filtered by their source."""

from __future__ import annotations

import struct
from collections.abc import Callable
from socket import AF_INET6

from tests.live.faults.common import (
    PLAIN,
    PORT,
    UDP4,
    UDP6,
    Kind,
    closed_books,
    flow,
    refused,
    roomy,
    to,
)
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.packets import (
    ETH_P_8021Q,
    ETH_P_IPV6,
    Flow,
    ethernet,
    frame,
    ipv4,
    ipv6,
    udp,
)
from tests.live.truth import Fault, Play, at

COUNT = 400
# RFC 3692: for experiments, so no kernel has a handler.
NO_SUCH_PROTOCOL = 253
# RFC 5737 and RFC 2544: addresses that no route of the lab leads to.
ELSEWHERE, FOREIGN_MAC = "192.0.2.9", "02:77:00:00:00:99"

Frames = Callable[[Wire], list[bytes]]


def _crafted(make: Frames, stage: str, *, kind: Kind = UDP4) -> Callable[[Lab], Play]:
    def play(lab: Lab) -> Play:
        wire = lab.wire(ipv6=kind.family == AF_INET6)
        return (yield from refused(lab, wire, make(wire) * COUNT, stage))

    return play


def _header(**wrong: int) -> Frames:
    """Return a maker of one IPv4 packet with something wrong in its header."""

    def make(wire: Wire) -> list[bytes]:
        path = flow(wire)
        return [ethernet(wire, ipv4(path, udp(path, b"." * 100), **wrong))]  # type: ignore[arg-type]

    return make


def _bad_version_ipv6(wire: Wire) -> list[bytes]:
    path = flow(wire, UDP6)
    return [ethernet(wire, ipv6(path, udp(path, b"." * 100), version=5), ethertype=ETH_P_IPV6)]


def _unknown_ipv6(wire: Wire) -> list[bytes]:
    path = flow(wire, UDP6)
    body = ipv6(path, b"." * 100, next_header=NO_SUCH_PROTOCOL)
    return [ethernet(wire, body, ethertype=ETH_P_IPV6)]


def _addressed(*, source: str = "", destination: str = "") -> Frames:
    """Return a maker of one good datagram from or to an address that is not the wire's."""

    def make(wire: Wire) -> list[bytes]:
        ends = Flow(source or wire.tx.ipv4, destination or wire.rx.ipv4, 40_000, PORT)
        return [frame(wire, ends, udp(ends, b"." * 100))]

    return make


def _not_local_ipv6(wire: Wire) -> list[bytes]:
    ends = Flow(wire.tx.ipv6, "fd77:0::99", 40_000, PORT)
    return [frame(wire, ends, udp(ends, b"." * 100))]


def _source_routed(wire: Wire) -> list[bytes]:
    """A loose source route through another host; accept_source_route is off by default."""
    path = flow(wire)
    option = bytes([131, 7, 4, 192, 0, 2, 9, 0])
    return [ethernet(wire, ipv4(path, udp(path, b"." * 100), options=option))]


def _foreign_mac(wire: Wire) -> list[bytes]:
    path = flow(wire)
    return [ethernet(wire, ipv4(path, udp(path, b"." * 100)), to=FOREIGN_MAC)]


def _foreign_vlan(wire: Wire) -> list[bytes]:
    path = flow(wire)
    tag = struct.pack("!HH", 77, 0x0800)
    return [ethernet(wire, tag + ipv4(path, udp(path, b"." * 100)), ethertype=ETH_P_8021Q)]


def _unknown_ethertype(wire: Wire) -> list[bytes]:
    local_experimental = 0x88B5  # IEEE 802
    return [ethernet(wire, b"." * 100, ethertype=local_experimental)]


def _own_source(wire: Wire) -> list[bytes]:
    return _addressed(source=wire.rx.ipv4)(wire)


def _reverse_path(lab: Lab) -> Play:
    wire = lab.wire()
    lab.set(wire.rx.netns, {"net.ipv4.conf.all.rp_filter": 1})
    frames = _addressed(source=ELSEWHERE)(wire) * COUNT
    return (yield from refused(lab, wire, frames, "route-rpfilter"))


def _no_route(lab: Lab) -> Play:
    wire = lab.wire()
    lab.set(wire.rx.netns, {"net.ipv4.ip_forward": 1})
    frames = _addressed(destination=ELSEWHERE)(wire) * COUNT
    return (yield from refused(lab, wire, frames, "route-no-route"))


def _no_route_ipv6(lab: Lab) -> Play:
    wire = lab.wire(ipv6=True)
    lab.set(wire.rx.netns, {"net.ipv6.conf.all.forwarding": 1})
    ends = Flow(wire.tx.ipv6, "2001:db8::9", 40_000, PORT)
    frames = [frame(wire, ends, udp(ends, b"." * 100))] * COUNT
    return (yield from refused(lab, wire, frames, "route-no-route"))


def _truncated_ipv6(wire: Wire) -> list[bytes]:
    path = flow(wire, UDP6)
    body = ipv6(path, udp(path, b"." * 100), extra_length=200)
    return [ethernet(wire, body, ethertype=ETH_P_IPV6)]


def _conntrack_full(lab: Lab) -> Play:
    """Established TCP connections fill the table: only what is assured may not be evicted."""
    wire = lab.wire()
    chain = "type filter hook prerouting priority 0;"
    ruleset = f"table ip lab {{\nchain c {{\n{chain}\nct state new accept\n}}\n}}\n"
    lab.run(wire.rx.netns, "nft", "-f", "-", text=ruleset)
    reader = lab.read(wire.rx.netns, roomy())
    connections = 16
    lab.connect(wire, connections)
    lab.host({"net.netfilter.nf_conntrack_max": connections})
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, "conntrack-table-full"))


# The kernel counts these for all namespaces together: martians, and the connections it may keep.
_HOST_WIDE = ("route-martian", "conntrack-table-full")


def _fault(name: str, description: str, play: Callable[[Lab], Play], stage: str) -> Fault:
    return Fault(
        name=name,
        description=description,
        play=play,
        expected=(at(stage),),
        host_wide=stage in _HOST_WIDE,
    )


def _frames(name: str, description: str, make: Frames, stage: str, kind: Kind = UDP4) -> Fault:
    return _fault(name, description, _crafted(make, stage, kind=kind), stage)


FAULTS = (
    _frames(
        "ip-checksum",
        "wrong IPv4 header checksum",
        _header(checksum_error=0x5555),
        "ip-header-invalid",
    ),
    _frames("ip-version", "version 5 in an IPv4 header", _header(version=5), "ip-header-invalid"),
    Fault(
        name="ipv6-version",
        description="version 5 in an IPv6 header",
        play=_crafted(_bad_version_ipv6, "ip-header-invalid", kind=UDP6),
        expected=(at("ip-header-invalid", reasons="UNHANDLED_PROTO"),),
    ),
    _frames(
        "ip-truncated",
        "IPv4 length field beyond the frame",
        _header(extra_length=200),
        "ip-truncated",
    ),
    _frames(
        "ipv6-truncated",
        "IPv6 length field beyond the frame",
        _truncated_ipv6,
        "ip-truncated",
        UDP6,
    ),
    _fault(
        "no-route-ipv6",
        "forwarding on, no route to the destination",
        _no_route_ipv6,
        "route-no-route",
    ),
    _frames(
        "unknown-protocol", "IP protocol 253", _header(protocol=NO_SUCH_PROTOCOL), "proto-unknown"
    ),
    _frames("unknown-protocol-ipv6", "next header 253", _unknown_ipv6, "proto-unknown", UDP6),
    _frames(
        "source-routed", "a source route option, refused by default", _source_routed, "ip-options"
    ),
    _fault(
        "reverse-path",
        "strict rp_filter, a source without a route",
        _reverse_path,
        "route-rpfilter",
    ),
    _frames(
        "martian-loopback",
        "source 127.0.0.1 from the wire",
        _addressed(source="127.0.0.1"),
        "route-martian",
    ),
    _frames("martian-own", "the host's own address as source", _own_source, "route-martian"),
    _frames(
        "martian-destination",
        "destination 127.0.0.1 from the wire",
        _addressed(destination="127.0.0.1"),
        "route-martian",
    ),
    _frames(
        "not-local",
        "another host's address, forwarding off",
        _addressed(destination="10.77.0.99"),
        "route-not-local",
    ),
    _frames(
        "not-local-ipv6",
        "another host's address, forwarding off",
        _not_local_ipv6,
        "route-not-local",
        UDP6,
    ),
    _fault("no-route", "forwarding on, no route to the destination", _no_route, "route-no-route"),
    _fault(
        "conntrack-full",
        "the connection table is full of established connections",
        _conntrack_full,
        "conntrack-table-full",
    ),
    _frames(
        "unknown-ethertype",
        "frames of an EtherType nobody handles",
        _unknown_ethertype,
        "l2-unhandled-proto",
    ),
    _frames("foreign-mac", "frames for another MAC address", _foreign_mac, "ip-otherhost"),
    _frames("foreign-vlan", "frames of a VLAN without a device", _foreign_vlan, "ip-otherhost"),
)
