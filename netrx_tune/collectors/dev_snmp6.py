"""/proc/net/dev_snmp6/IF: the IPv6 counters of one device.

Kernel: net/ipv6/proc.c, snmp6_dev_seq_show(): ifIndex, then lines as in /proc/net/snmp6. UDP
is not counted by device.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.text import Reading, decimal, numbered
from netrx_tune.model.errors import ParseError

_INTERFACE = "ifIndex"


class DeviceSnmp6(NamedTuple):
    """One device's counters."""

    ifindex: int
    reading: Reading


def parse_dev_snmp6(text: str, path: str) -> DeviceSnmp6:
    """Return the device's number and its counters as "Ip6.InReceives".

    Raises:
        ParseError: the number is missing, or no counter reads.
    """
    for number, line in numbered(text):
        words = line.split()
        if words[0] != _INTERFACE or len(words) != 2:
            raise ParseError(f"{path}:{number}", "expected ifIndex and a number", line)
        ifindex = decimal(words[1], f"{path}:{number}", _INTERFACE)
        return DeviceSnmp6(ifindex, parse_snmp6(text.replace(line, "", 1), path))
    raise ParseError(path, "expected ifIndex and counters", text)
