"""/proc/net/dev: a device's statistics, some of them sums of others.

Kernel: net/core/net-procfs.c, dev_seq_printf_stats(): drop = rx_dropped + rx_missed_errors;
frame = rx_length_errors + rx_over_errors + rx_crc_errors + rx_frame_errors; carrier = the four
transmit errors of a cable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netrx_tune.collectors.text import MOST_GAPS, decimal, numbered, unparsed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

SUMMED_DROPS = "rx_dropped_or_missed"
# Names of rtnl_link_stats64 where a column is one field, and our own where it is a sum.
_RECEIVE = {
    "errs": "rx_errors",
    "drop": SUMMED_DROPS,
    "fifo": "rx_fifo_errors",
    "frame": "rx_frame_sum",
    "multicast": "multicast",
}
_TRANSMIT = {
    "errs": "tx_errors",
    "drop": "tx_dropped",
    "fifo": "tx_fifo_errors",
    "colls": "collisions",
    "carrier": "tx_carrier_sum",
}
_HEADERS = 2


def parse_dev(
    text: str,
    path: str = "/proc/net/dev",
) -> tuple[dict[str, Mapping[str, int]], tuple[Gap, ...]]:
    """Return statistics by device, and gaps for the devices whose line does not read.

    Raises:
        ParseError: the header is not that of /proc/net/dev.
    """
    columns: Sequence[str] = ()
    devices: dict[str, Mapping[str, int]] = {}
    gaps: list[Gap] = []
    for number, line in numbered(text):
        place = f"{path}:{number}"
        if number <= _HEADERS:
            columns = _columns(line, place) if "|bytes" in line else columns
            continue
        try:
            name, statistics = _device(line, columns, place)
            devices[name] = statistics
        except ParseError as error:
            gaps.append(unparsed(path, error))
    if not columns:
        raise ParseError(f"{path}:{_HEADERS}", "expected a header with |bytes", text)
    return devices, tuple(gaps[:MOST_GAPS])


def _columns(header: str, place: str) -> tuple[str, ...]:
    """Return the name of each number, from " face |bytes packets ...|bytes packets ..."."""
    parts = header.split("|")
    if len(parts) != 3:
        raise ParseError(place, "expected receive and transmit columns", header)
    receive = [_RECEIVE.get(word, f"rx_{word}") for word in parts[1].split()]
    transmit = [_TRANSMIT.get(word, f"tx_{word}") for word in parts[2].split()]
    return (*receive, *transmit)


def _device(line: str, columns: Sequence[str], place: str) -> tuple[str, Mapping[str, int]]:
    """Return a device's name and statistics.

    A name has no colon and no space, so the last colon ends it: "eth0:1234" had no space
    behind it once counters were long.
    """
    name, colon, rest = line.rpartition(":")
    words = rest.replace("|", " ").split()  # as between the headers, where somebody set one
    if not colon or len(words) != len(columns):
        raise ParseError(place, f"expected a device and {len(columns)} numbers", line)
    numbers = [decimal(word, place, column) for word, column in zip(words, columns, strict=True)]
    return name.strip(" "), dict(zip(columns, numbers, strict=True))
