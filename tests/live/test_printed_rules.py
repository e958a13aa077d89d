"""What iptables, nft and tc print of real drops, against what the kernel is asked for directly."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.model.sample import RuleCounter
from tests.live import bpf
from tests.live.children import MissingError
from tests.live.lab import Lab, beside, obstacle

RULESET = """
table inet fw {
  counter named { }
  set bad { type ipv4_addr; counter; elements = { 127.0.0.9 }; }
  chain deep { counter drop; }
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport 9000 counter drop
    udp dport 9001 counter log prefix "a } drop" reject
    udp dport 9002 counter name named drop
    udp dport 9003 jump deep
    ip saddr @bad drop
    udp dport 9004 drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    udp dport 9005 counter drop
  }
}
"""
PRINTED = ("nft -a list ruleset", "iptables-legacy -vnxL", "iptables-legacy-save -c", "tc -s qdisc")
# Runs in the namespace: makes rules, has them drop, then asks everyone at one moment.
SCRIPT = """
import json, socket, subprocess, sys
from netrx_tune.host.netlink import read_rules
ruleset, shot, commands = json.loads(sys.argv[1])
subprocess.run(["nft", "-f", "-"], input=ruleset, text=True, check=True)
for line in ("iptables-legacy -A INPUT -p udp --dport 9006 -j DROP",
             "iptables-legacy -A INPUT -p udp --dport 9007 -j REJECT",
             "tc qdisc add dev lo clsact"):
    subprocess.run(line.split(), check=True)
for port in range(9000, 9008):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(port - 8997):
        try:
            sender.sendto(b"x", ("127.0.0.1", port))
        except OSError:
            pass
attach = ["tc", "filter", "add", "dev", "lo", "ingress", "bpf", "da", "bytecode", shot]
subprocess.run(attach, check=True)
for _ in range(17):
    sender.sendto(b"x", ("127.0.0.1", 9999))
said = [(c, subprocess.run(c.split(), capture_output=True, text=True).stdout) for c in commands]
print(json.dumps([[list(rule) for rule in read_rules()[0]], said]))
"""


def counts(rules: tuple[RuleCounter, ...], *starts: str) -> list[tuple[str, str, str, int]]:
    """Return the counters of some programs, without the marks of iptables' rules."""
    return sorted(
        (rule.place.partition(" #")[0], rule.hook, rule.verdict, rule.packets)
        for rule in rules
        if rule.place.startswith(starts)
    )


@pytest.mark.live
def test_printed_rules_are_those_of_the_kernel() -> None:
    why = obstacle()
    tools = [tool for tool in ("nft", "iptables-legacy", "tc") if not shutil.which(tool)]
    if why or tools:
        pytest.skip(why or f"needs {tools[0]}")
    try:
        with beside(), Lab(shared=True) as lab:
            asked = json.dumps([RULESET, bpf.TC_SHOT, PRINTED])
            command = ["ip", "netns", "exec", lab.namespace(), sys.executable, "-c", SCRIPT, asked]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
    except MissingError as error:
        pytest.skip(f"needs {error}")
    rows, said = json.loads(done.stdout)
    truth = tuple(RuleCounter(*row) for row in rows)
    assert len(counts(truth, "inet")) == 7
    printed = dict(said)
    for command, starts in (
        ("nft -a list ruleset", "inet"),
        ("iptables-legacy -vnxL", "iptables-legacy"),
        ("iptables-legacy-save -c", "iptables-legacy"),
    ):
        sample = parse_pasted(f"# {command}\n{printed[command]}")
        assert sample is not None
        assert counts(sample.rules or (), starts) == counts(truth, starts), command
        assert any(packets for *_, packets in counts(truth, starts))
    sample = parse_pasted(f"# tc -s qdisc\n{printed['tc -s qdisc']}")
    assert sample is not None
    (qdisc,) = sample.rules or ()
    assert (qdisc.place, qdisc.packets) == ("qdisc clsact ffff: dev lo", 17)
    assert qdisc.hook == "other"  # a list of qdiscs does not tell of the other direction
    assert counts(truth, "qdisc") == [("qdisc clsact ffff: dev lo", "ingress", "drop", 17)]
