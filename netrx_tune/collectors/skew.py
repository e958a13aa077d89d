"""How far SNMP's counters and the table of sockets lie apart in one sample.

A sample of ours reads SNMP before the sockets and again just after them, so that the difference
bounds what was counted while they were read. Files that someone copied may lie further apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netrx_tune.collectors.snmp import parse_snmp
from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.text import Reading
from netrx_tune.model.errors import ParseError

AGAIN = "/netrx/again"
_UDP = ("Udp", "UdpLite", "Udp6", "UdpLite6")
_COPIED = 100  # one error in so many may lie between two files of a copy
_FILES: Mapping[str, Callable[[str], Reading]] = {
    "/proc/net/snmp": parse_snmp,
    "/proc/net/snmp6": parse_snmp6,
}


def socket_skew(files: Mapping[str, str], counters: Mapping[str, int]) -> int:
    """Return what UDP's InErrors gained while a sample read the sockets, at most."""
    errors = _udp_errors(counters)
    again = 0
    for path, parse in _FILES.items():
        text = files.get(AGAIN + path)
        if text is None and path in files:
            return errors // _COPIED
        try:
            later = parse(_udp_lines(text or ""))
        except ParseError:
            return errors // _COPIED
        again += _udp_errors(later.counters)
    return max(0, again - errors)


def _udp_lines(text: str) -> str:
    """Return the text from the lines of UDP on, where there are any: they are its last."""
    return text[text.find("\nUdp") + 1 :]


def _udp_errors(counters: Mapping[str, int]) -> int:
    return sum([counters.get(f"{mib}.InErrors", 0) for mib in _UDP])
