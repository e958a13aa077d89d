"""What to say of a text that holds nothing to judge: whose it may be, and what to give instead."""

from __future__ import annotations

import re

from netrx_tune.collectors.json_text import problem_of_json
from netrx_tune.collectors.user_space import CAPTURE, CAPTURE_MEANS

__all__ = ["why_unread"]

# What sar shows per second, and the command that has the counters themselves.
_RATES = (
    (r"\bidgm/s\b.*\bidgmerr/s\b", "sar -n UDP", "nstat -az"),
    (r"\b(?:irec6?|ihdrerr6?|iseg|asmf6?)/s\b", "sar -n", "nstat -az"),
    (r"\brxerr/s\b.*\brxdrop/s\b", "sar -n EDEV", "ip -s -s link"),
    (r"\brxpck/s\b", "sar -n DEV", "ip -s -s link"),
    (r"\bdropd/s\b.*\bsqueezd/s\b", "sar -n SOFT", "cat /proc/net/softnet_stat"),
    (r"(?m)^\s*[\w.-]+:?\s+[\d.]+[kKMG]?/s\s*$", "a tool that subtracts", "ethtool -S DEVICE"),
)
# What others count than the kernel, and what it is.
_OTHERS = (
    (
        r"\brx_good_(?:packets|bytes)\b|rx_mbuf_alloc|RX-nombuf:|RX-total:|NIC extended stat",
        (
            "DPDK's statistics: a port that DPDK drives passes the kernel by, so nothing of it is"
            " counted or set there. rx_missed_errors: the polling cores came too late for the"
            " port's descriptors; rx_mbuf_allocation_errors: its pool of mbufs was empty"
        ),
    ),
    (
        r"(?i:lookups: hit:\d+ missed:\d+ lost:)|OFPST_PORT |\bstatistics +: \{|\bovs_[rt]x_",
        (
            "Open vSwitch's statistics: of its ports, and of packets that ovs-vswitchd came too"
            " late for (lost). What the kernel counts of its ports: ip -s -s link"
        ),
    ),
    (CAPTURE, CAPTURE_MEANS),
    (
        r"\bcontainer_network_receive_",
        (
            "cAdvisor's metrics: each of one pod's network namespace, and none of why. Give those"
            " of the node (node_network_receive_), or ask in the pod's: netrx-tune diagnose --pid N"
        ),
    ),
    (
        r"\bif(?:HC)?In(?:Discards|Errors)\b",
        (
            "SNMP's counters of interfaces, whose discards are of several stages; if they are of a"
            " Linux host, give what it shows: ip -s -s link; ethtool -S DEVICE"
        ),
    ),
    (
        r"\bawk\b.*print *\$\d",
        "columns that awk took out of a table: what they are is left behind. Give the whole table",
    ),
)
# measurement,tag=value field=number time; Telegraf and VictoriaMetrics write so.
_INFLUX = re.compile(
    r"^[\w.-]{1,64}(?:,[\w.-]{1,64}=[^\s,=]{1,128}){1,64} [\w.-]{1,64}=[\d.]{1,24}[iu]?(?:,\S*)?"
    r"(?: \d{10,19})?$",
    re.MULTILINE,
)


def why_unread(text: str) -> str | None:
    """Return why nothing was read of a text, None where nothing more can be said."""
    for look, whose, command in _RATES:
        if re.search(look, text):
            return (
                f"rates of {whose}: they round, and leave out how many packets there were; give"
                f" the counters of {command}, best twice: {command} > 1; sleep 10;"
                f" {command} > 2; netrx-tune diagnose --from 1 --from 2"
            )
    for look, what in _OTHERS:
        if re.search(look, text):
            return what
    if _INFLUX.search(text):
        return (
            "InfluxDB's line protocol, in which measurements of many hosts and moments may stand;"
            " give what the host itself shows: nstat -az; ip -s -s link; cat /proc/net/softnet_stat"
        )
    return problem_of_json(text)
