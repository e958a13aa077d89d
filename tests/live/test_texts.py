"""What netstat, nstat and ss print of a real loss, against the kernel's own files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.snmp import parse_pairs
from netrx_tune.collectors.snmp6 import parse_snmp6
from tests.live.children import MissingError
from tests.live.lab import Lab, beside, obstacle

COMMANDS = {
    "netstat -s": ["netstat", "-s"],
    "netstat -s -6": ["netstat", "-s", "-6"],
    "nstat -az": ["nstat", "-azs"],
    "nstat -a": ["nstat", "-as"],
    "nstat -j": ["nstat", "-azsj"],
    "ss": ["ss", "-uanmpe"],
}
# Runs in the namespace: loses datagrams of both families, then asks everyone at one moment.
SCRIPT = """
import json, socket, subprocess, sys
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(("127.0.0.1", 9000))
b = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); b.bind(("::1", 9001))
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for _ in range(2000):
    c.sendto(bytes(1000), a.getsockname()); d.sendto(bytes(1000), b.getsockname()[:2])
for _ in range(20):
    a.recv(2000)
files = {p: open(p).read() for p in ("/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6")}
said = {n: subprocess.run(x, capture_output=True, text=True).stdout
        for n, x in json.loads(sys.argv[1]).items()}
print(json.dumps({"files": files, "said": said}))
"""


@pytest.mark.live
def test_printed_counters_are_those_of_the_kernel(tmp_path: Path) -> None:
    why = obstacle()
    tools = [tool for tool in ("netstat", "nstat", "ss") if not shutil.which(tool)]
    if why or tools:
        pytest.skip(why or f"needs {tools[0]}")
    try:
        with beside(), Lab(shared=True) as lab:
            command = [sys.executable, "-c", SCRIPT, json.dumps(COMMANDS)]
            inside = ["ip", "netns", "exec", lab.namespace(), *command]
            done = subprocess.run(inside, capture_output=True, text=True, check=True)
    except MissingError as error:
        pytest.skip(f"needs {error}")
    found = json.loads(done.stdout)
    truth: dict[str, int] = {}
    for path, text in found["files"].items():
        truth |= (parse_snmp6 if path.endswith("6") else parse_pairs)(text, path).counters
    assert truth["Udp.RcvbufErrors"] > 1000
    for name, least in (("netstat -s", 10), ("netstat -s -6", 10), ("nstat -az", 200)):
        agrees(found["said"][name], truth, least)
    agrees(found["said"]["nstat -a"], truth, 10)
    agrees(found["said"]["nstat -j"], truth, 200)
    sample = parse_pasted(found["said"]["ss"])
    assert sample is not None
    assert sample.sockets is not None
    drops = {sock.local: sock.drops for sock in sample.sockets.sockets if sock.drops}
    assert drops == {
        "127.0.0.1:9000": truth["Udp.RcvbufErrors"],
        "[::1]:9001": truth["Udp6.RcvbufErrors"],
    }
    assert {process.name for process in sample.processes} == {Path(sys.executable).name}
    everything = tmp_path / "ticket.txt"
    everything.write_text("\n".join(found["said"].values()))
    diagnosed(everything, truth)


def agrees(text: str, truth: dict[str, int], least: int) -> None:
    """Hold each counter that a text gives against the kernel's."""
    sample = parse_pasted(text)
    assert sample is not None
    counters = assemble(sample).counters
    assert len(counters) >= least
    assert {name: (value, truth.get(name)) for name, value in counters.items()} == {
        name: (truth.get(name), truth.get(name)) for name in counters
    }


def diagnosed(path: Path, truth: dict[str, int]) -> None:
    """Have all texts judged together, named and on standard input."""
    command = [sys.executable, "-m", "netrx_tune", "diagnose", "--format", "json", "--from"]
    for source in (str(path), "-"):
        done = subprocess.run(
            [*command, source], input=path.read_text(), capture_output=True, text=True, check=True
        )
        said = json.loads(done.stdout)
        assert said["window"]["mode"] == "since-boot"
        first = said["findings"][0]
        assert first["stage"] == "udp-rcvbuf-full"
        assert first["lost"] == truth["Udp.RcvbufErrors"] + truth["Udp6.RcvbufErrors"]
        assert (first["present"], first["severity"]) == (None, "warning")
        assert {sock["local"] for sock in first["sockets"]} == {"127.0.0.1:9000", "[::1]:9001"}
