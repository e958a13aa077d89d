"""The ports on which UDP sockets take datagrams of anyone, so that one that went away is missed.

Not a kernel file but written like one: a port on each line. It is left out where there are more
sockets than a host with a handful of services has. Files of /proc say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

UDP_PORTS = "/netrx/udp-ports"
_PROC = ("/proc/net/udp", "/proc/net/udp6")


def render_udp_ports(ports: Iterable[int]) -> str:
    """Return the text, the inverse of what udp_ports() reads."""
    return "".join(f"{port}\n" for port in sorted(set(ports)))


def udp_ports(files: Mapping[str, str]) -> frozenset[int] | None:
    """Return the ports of a sample, None where it does not say."""
    if UDP_PORTS in files:
        words = files[UDP_PORTS].split()
        return frozenset(int(word) for word in words if word.isdecimal() and len(word) < 6)
    texts = [files[path] for path in _PROC if path in files]
    if not texts:
        return None
    return frozenset(port for text in texts for port in _unconnected(text))


def _unconnected(text: str) -> Iterable[int]:
    """Yield the local ports of /proc/net/udp whose sockets have no peer."""
    for row in text.split("\n")[1:]:
        words = row.split(None, 3)
        if len(words) > 2 and words[2].endswith(":0000"):
            port = words[1].rpartition(":")[2]
            try:
                yield int(port, 16)
            except ValueError:
                continue
