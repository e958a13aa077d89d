"""Loss that somebody ordered: filters, firewalls, policies, programs on the device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from socket import AF_INET6
from typing import Literal

from tests.live import bpf
from tests.live.children import Place
from tests.live.faults.common import (
    PLAIN,
    PORT,
    ROOMY_BYTES,
    UDP4,
    UDP6,
    Kind,
    closed_books,
    roomy,
    to,
)
from tests.live.lab import Lab
from tests.live.sockets import REFUSE_ALL, Instruction, Socket, refuse_longer_than
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, at

OTHER_PORT = PORT + 1
SOME = Pace(count=500, per_second=2_000)


def _filtered(lab: Lab, *, program: tuple[Instruction, ...]) -> Play:
    """Two sizes of datagrams at one socket, so that a filter by length refuses one of them."""
    wire = lab.wire()
    socket = Socket(rcvbuf_bytes=ROOMY_BYTES, force=True, refuse=program)
    reader = lab.read(wire.rx.netns, socket)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=SOME))
    long = Datagrams(to=wire.rx.ipv4, port=PORT, pace=SOME, payload_bytes=600)
    sent += lab.send(wire.tx.netns, long)
    return (yield from closed_books(sent, reader, wire.rx.netns, "udp-sk-filter"))


def _cgroup(lab: Lab) -> Play:
    wire = lab.wire()
    group = lab.cgroup()
    bpf.attach_to_cgroup(group, bpf.refuse_longer_than(400))
    reader = lab.read(Place(wire.rx.netns, cgroup=group), roomy())
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=SOME))
    long = Datagrams(to=wire.rx.ipv4, port=PORT, pace=SOME, payload_bytes=600)
    sent += lab.send(wire.tx.netns, long)
    return (yield from closed_books(sent, reader, wire.rx.netns, "udp-sk-filter"))


def _two_ports(
    lab: Lab, prepare: Callable[[Lab, str, str], object], stage: str, kind: Kind
) -> Play:
    """Datagrams to two sockets; what was prepared takes away those for the second port."""
    wire = lab.wire(ipv6=kind.family == AF_INET6)
    prepare(lab, wire.rx.netns, wire.rx.device)
    reader = lab.read(wire.rx.netns, roomy(kind), roomy(kind, port=OTHER_PORT))
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, kind, pace=SOME))
    sent += lab.send(wire.tx.netns, to(wire, kind, pace=SOME, port=OTHER_PORT))
    return (yield from closed_books(sent, reader, wire.rx.netns, stage))


def load_rule(lab: Lab, netns: str, family: str, chain: str, rule: str) -> None:
    """Load a table with one chain with one rule."""
    ruleset = f"table {family} lab {{\nchain c {{\n{chain}\n{rule}\n}}\n}}\n"
    lab.run(netns, "nft", "-f", "-", text=ruleset)


def firewall(lab: Lab, netns: str, device: str, *, hook: str, verdict: str) -> None:
    """Load a ruleset with one rule, for the second port."""
    if hook == "ingress":
        table, chain = "netdev", f'type filter hook ingress device "{device}" priority 0;'
    else:
        table, chain = "inet", f"type filter hook {hook} priority 0;"
    load_rule(lab, netns, table, chain, f"udp dport {OTHER_PORT} {verdict}")


def _nft(hook: str, verdict: str, stage: str, *, kind: Kind = UDP4) -> tuple[Fault, ...]:
    word = f"{hook}-{verdict.partition(' ')[0]}" if verdict != "drop" else hook
    return tuple(
        Fault(
            name=f"nft-{word}-{kind.suffix}{suffix}",
            description=f"nft {verdict} at {hook}, {counted}",
            play=partial(
                _two_ports,
                prepare=partial(firewall, hook=hook, verdict=f"{statement}{verdict}"),
                stage=stage,
                kind=kind,
            ),
            expected=(at(stage, named=bool(statement)),),
        )
        for suffix, statement, counted in (
            ("", "", "a rule without a counter"),
            ("-counter", "counter ", "a rule with a counter"),
        )
    )


def _named_counter(lab: Lab, netns: str, _: str) -> None:
    rule = f"udp dport {OTHER_PORT} counter name lost drop"
    ruleset = (
        "table inet lab {\ncounter lost { }\nchain c {\n"
        f"type filter hook input priority 0;\n{rule}\n}}\n}}\n"
    )
    lab.run(netns, "nft", "-f", "-", text=ruleset)


_BY_SET = f"""table inet lab {{
set bad {{ type inet_service; counter; elements = {{ {OTHER_PORT} }} }}
chain c {{ type filter hook input priority 0; meta l4proto udp udp dport @bad drop; }}
}}"""
_BY_MAP = f"""table inet lab {{
map ports {{ type inet_service : verdict; counter
elements = {{ {OTHER_PORT} : drop, {PORT} : accept }} }}
chain c {{ type filter hook input priority 0; udp dport vmap @ports; }}
}}"""
_BY_MAPPED_CHAIN = f"""table inet lab {{
map ports {{ type inet_service : verdict; elements = {{ {OTHER_PORT} : jump bad }} }}
chain bad {{ counter drop; }}
chain c {{ type filter hook input priority 0; udp dport vmap @ports; }}
}}"""


def _load(lab: Lab, netns: str, _: str, *, ruleset: str) -> None:
    lab.run(netns, "nft", "-f", "-", text=ruleset)


def _by_elements(name: str, description: str, ruleset: str) -> Fault:
    prepare = partial(_load, ruleset=ruleset)
    play = partial(_two_ports, prepare=prepare, stage="nf-input-drop", kind=UDP4)
    return _fault(name, description, play, "nf-input-drop", named=True)


def _policy_drop(lab: Lab, netns: str, _: str) -> None:
    chain = "type filter hook input priority 0; policy drop;"
    load_rule(lab, netns, "ip", chain, f"udp dport {PORT} accept")


def _xfrm(lab: Lab, netns: str, _: str) -> None:
    selector = f"src 0.0.0.0/0 dst 0.0.0.0/0 proto udp dport {OTHER_PORT}".split()
    lab.run(netns, "ip", "xfrm", "policy", "add", *selector, "dir", "in", "action", "block")


def _xdp(lab: Lab, *, mode: Literal["generic", "native"]) -> Play:
    """A program on the device drops all that comes."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    device = wire.rx.device
    program = lab.start(
        wire.rx.netns, lambda channel: bpf.hold_xdp(channel, device, mode, bpf.XDP_DROP)
    )
    program.answer()
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, f"xdp-{mode}-drop"))


def _tc(lab: Lab) -> Play:
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    device = wire.rx.device
    lab.run(wire.rx.netns, "tc", "qdisc", "add", "dev", device, "clsact")
    program = ("bpf", "da", "bytecode", bpf.TC_SHOT)
    lab.run(wire.rx.netns, "tc", "filter", "add", "dev", device, "ingress", *program)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, "tc-ingress-drop"))


def _fault(
    name: str, description: str, play: Callable[[Lab], Play], stage: str, *, named: bool = False
) -> Fault:
    return Fault(name=name, description=description, play=play, expected=(at(stage, named=named),))


FAULTS = (
    _fault(
        "filter-all",
        "a socket filter that refuses everything",
        partial(_filtered, program=REFUSE_ALL),
        "udp-sk-filter",
    ),
    _fault(
        "filter-part",
        "a socket filter that refuses long datagrams",
        partial(_filtered, program=refuse_longer_than(400)),
        "udp-sk-filter",
    ),
    _fault(
        "cgroup-filter", "a cgroup BPF program refuses long datagrams", _cgroup, "udp-sk-filter"
    ),
    *_nft("ingress", "drop", "nf-ingress-drop"),
    *_nft("prerouting", "drop", "nf-prerouting-drop"),
    *_nft("input", "drop", "nf-input-drop"),
    *_nft("input", "drop", "nf-input-drop", kind=UDP6),
    *_nft("input", "reject", "nf-input-drop"),
    _fault(
        "nft-named-counter",
        "nft drop at input, a rule with a named counter",
        partial(_two_ports, prepare=_named_counter, stage="nf-input-drop", kind=UDP4),
        "nf-input-drop",
        named=True,
    ),
    _by_elements("nft-set-counter", "nft drop by a set whose elements count", _BY_SET),
    _by_elements("nft-verdict-map", "nft drop by a verdict map whose elements count", _BY_MAP),
    _by_elements("nft-mapped-chain", "nft drop in a chain of a verdict map", _BY_MAPPED_CHAIN),
    _fault(
        "nft-policy-drop",
        "a chain whose policy is drop",
        partial(_two_ports, prepare=_policy_drop, stage="nf-input-drop", kind=UDP4),
        "nf-input-drop",
    ),
    _fault(
        "xfrm-block",
        "an IPsec policy that blocks one port",
        partial(_two_ports, prepare=_xfrm, stage="udp-xfrm-policy", kind=UDP4),
        "udp-xfrm-policy",
    ),
    _fault(
        "xdp-generic",
        "a generic XDP program drops all",
        partial(_xdp, mode="generic"),
        "xdp-generic-drop",
    ),
    _fault(
        "xdp-native",
        "a native XDP program drops all",
        partial(_xdp, mode="native"),
        "xdp-native-drop",
    ),
    _fault("tc-ingress", "a tc filter drops all", _tc, "tc-ingress-drop"),
)
