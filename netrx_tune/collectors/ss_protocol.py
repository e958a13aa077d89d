"""Whose sockets a list of ss holds that names no protocol: of UDP, of TCP, or nobody can tell.

    $ ss -unmp
    Recv-Q Send-Q Local Address:Port Peer Address:Port Process
    211968 0          127.0.0.1:9000    127.0.0.1:9001
             skmem:(r211968,rb212992,t0,tb212992,f1024,w0,o0,bl0,d1408)

ss leaves the column of protocols out where it was asked for one, and that of states where it was
asked for one. Then the command tells it, or another row, or what only one protocol has.

Source: iproute2 6.1, misc/ss.c, main(): columns[COL_NETID].disabled, columns[COL_STATE].disabled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from netrx_tune.collectors.command_start import COMMAND_START
from netrx_tune.collectors.text import MOST_DIGITS

Protocol = Literal["udp", "tcp"]
RowProtocol = Literal["udp", "tcp", "udplite"]

_PROTOCOLS: Mapping[str, RowProtocol] = {
    "udp": "udp",
    "tcp": "tcp",
    "udplite": "udplite",
}
_COMMAND = re.compile(COMMAND_START + r"ss(?P<options>\s.*)")
_LETTERS = re.compile(r"(?:^|\s)-(?P<letters>[A-Za-z0-9]+)")
_WORDS = re.compile(r"(?:[\s,=]|--)(?P<word>udp|tcp)\b")
_OF_UDP = re.compile(r"^UNCONN\s", re.MULTILINE)
# States, a timer or a congestion control, which UDP has not.
_OF_TCP = re.compile(
    r"^(?:LISTEN|SYN-\w+|FIN-\w+|TIME-WAIT|CLOSE-WAIT|LAST-ACK|CLOSING)\s"
    r"|\btimer:\(|\b(?:cubic|bbr|reno|dctcp)\s|\b(?:wscale|rto|cwnd):\d",
    re.MULTILINE,
)
# That of UDP stays as it was made; TCP's follows its window, and begins with other values.
_UDP_SNDBUF = re.compile(r"skmem:\([^()]*\btb212992\b")


def protocol_of_list(text: str) -> Protocol | None:
    """Return the protocol of rows that show none; the text may begin with its command."""
    asked = _asked(text.partition("\n")[0])
    if asked or _OF_UDP.search(text):
        return asked or "udp"
    if _OF_TCP.search(text):
        return "tcp"
    return "udp" if _UDP_SNDBUF.search(text) else None


def _asked(line: str) -> Protocol | None:
    """Return the one protocol that a command asked for."""
    command = _COMMAND.search(line)
    if not command:
        return None
    options = f" {command['options']} "
    letters = "".join(_LETTERS.findall(options))
    words = set(_WORDS.findall(options))
    is_udp, is_tcp = "u" in letters or "udp" in words, "t" in letters or "tcp" in words
    if is_udp == is_tcp:
        return None
    return "udp" if is_udp else "tcp"


def protocol_of_row(row: re.Match[str], of_list: Protocol | None) -> RowProtocol | None:
    """Return the protocol: said, or told by a state that only one has, or that of the list."""
    if row["netid"]:
        return _PROTOCOLS.get(row["netid"].lower())
    if row["state"] is None:  # ss leaves it out where only one was asked for
        return protocol_of_state(row) or of_list
    if row["state"] == "UNCONN":
        return "udp"
    return of_list if row["state"] == "ESTAB" else "tcp"  # which both may have


def protocol_of_state(row: re.Match[str]) -> Protocol | None:
    """Return the protocol of a socket without a peer: of two, only a listener has a length."""
    if not row["remote"].endswith(":*"):
        return None
    return "tcp" if int(row["limit"][:MOST_DIGITS]) else "udp"
