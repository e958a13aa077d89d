"""/proc/net/netstat: the extended counters of TCP, IPv4 and MPTCP.

Kernel: net/ipv4/proc.c, netstat_seq_show(); net/mptcp/mib.c, mptcp_seq_show().
"""

from __future__ import annotations

from netrx_tune.collectors.snmp import parse_pairs
from netrx_tune.collectors.text import Reading


def parse_netstat(text: str, path: str = "/proc/net/netstat") -> Reading:
    """Return counters as "TcpExt.ListenOverflows" and "IpExt.InNoRoutes".

    Raises:
        ParseError: there is no protocol that reads.
    """
    return parse_pairs(text, path)
