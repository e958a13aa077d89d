"""Namespaces and the wires between them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.live.children import LabError, is_left_behind, own_name
from tests.live.sysctls import set_in_netns

# IPv6 announces each address of its own accord, up to seconds after it was set.
_NO_LISTENER_REPORTS = """
table ip6 quiet {
  chain output {
    type filter hook output priority 0;
    icmpv6 type { mld-listener-report, mld2-listener-report } drop
  }
}
"""


class End(NamedTuple):
    """One end of a wire."""

    netns: str
    device: str
    mac: str
    ipv4: str
    ipv6: str


class Wire(NamedTuple):
    """A veth pair between two namespaces; traffic goes from tx to rx."""

    tx: End
    rx: End


def run(command: Sequence[str], *, text: str | None = None) -> str:
    """Return a command's output, or raise with what it said on standard error."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def in_netns(netns: str, command: Sequence[str], *, text: str | None = None) -> str:
    """Return the output of a command that runs in a namespace, with that namespace's /sys."""
    return run(["ip", "netns", "exec", netns, *command], text=text)


@contextmanager
def namespace(role: str) -> Iterator[str]:
    """Make a namespace with loopback up, and delete it."""
    name = own_name(role)
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-netns", name, "link", "set", "lo", "up"])
        yield name
    finally:
        run(["ip", "netns", "delete", name])


def sweep() -> None:
    """Delete what a killed run left behind; the caller holds the lab's lock."""
    for entry in Path("/run/netns").glob("*"):
        if is_left_behind(entry.name):
            run(["ip", "netns", "delete", entry.name])


def wire(tx: str, rx: str, *, number: int = 0, ipv6: bool = False) -> Wire:
    """Connect two namespaces; they know each other's addresses, so neither asks for them.

    The receiver gets not one packet but those that a fault sends.
    """
    ends = [
        End(netns, f"{role}{number}", f"02:77:00:00:0{number}:0{host}", *_addresses(number, host))
        for host, (netns, role) in enumerate(((tx, "tx"), (rx, "rx")), start=1)
    ]
    for end in ends:
        set_in_netns(end.netns, _quiet(ipv6))
    near, far = ends
    if ipv6:
        in_netns(near.netns, ["nft", "-f", "-"], text=_NO_LISTENER_REPORTS)
    peer = f"peer name {far.device} address {far.mac} netns {far.netns}"
    pair = f"link add {near.device} address {near.mac} type veth {peer}"
    run(["ip", "-netns", near.netns, *pair.split()])
    for end, other in ((near, far), (far, near)):
        run(["ip", "-netns", end.netns, "-batch", "-"], text=_configure(end, other, ipv6=ipv6))
    return Wire(near, far)


def _addresses(number: int, host: int) -> tuple[str, str]:
    return f"10.77.{number}.{host}", f"fd77:{number}::{host}"


def _quiet(ipv6: bool) -> dict[str, int | str]:
    settings: dict[str, int | str] = {"net.ipv6.conf.all.disable_ipv6": int(not ipv6)}
    for scope in ("all", "default"):
        settings |= {
            f"net.ipv4.conf.{scope}.rp_filter": 0,
            f"net.ipv6.conf.{scope}.accept_ra": 0,
        }
    return settings


def _configure(end: End, other: End, *, ipv6: bool) -> str:
    lines = [f"link set {end.device} addrgenmode none"] if ipv6 else []
    lines += [
        f"addr add {end.ipv4}/24 dev {end.device}",
        f"link set {end.device} up",
        f"neigh add {other.ipv4} lladdr {other.mac} dev {end.device} nud permanent",
    ]
    if ipv6:
        lines += [
            f"addr add {end.ipv6}/64 dev {end.device} nodad",
            f"neigh add {other.ipv6} lladdr {other.mac} dev {end.device} nud permanent",
        ]
    return "\n".join(lines) + "\n"
