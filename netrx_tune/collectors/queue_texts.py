r"""Saved settings of receive queues: a line for the files of one name of a device.

    {"table":"queues","version":1}
    {"device":"eth0","file":"rps_cpus","texts":["00000000,00000001\n", ...]}

The texts are those of the files, that of rx-0 first. A snapshot has them so where a device has
many queues; else they stand under their own paths.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from netrx_tune.model.errors import ParseError

HEADER = '{"table":"queues","version":1}'


class QueueTexts(NamedTuple):
    """The files of one name of all queues of a device."""

    device: str
    file: str  # below the queue's folder: "rps_cpus"
    texts: tuple[str, ...]


@lru_cache(1)  # both samples of a snapshot nearly always have the same
def parse_queue_texts(text: str, path: str) -> tuple[QueueTexts, ...]:
    """Return all lines.

    Raises:
        ParseError: a line is not one of ours; then none is believed.
    """
    header, *lines = text.removesuffix("\n").split("\n")
    if header != HEADER:
        raise ParseError(f"{path}:1", f"expected {HEADER}", header)
    return tuple([_queue_texts(line, f"{path}:{number}") for number, line in enumerate(lines, 2)])


def _queue_texts(line: str, place: str) -> QueueTexts:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if isinstance(row, dict):
        device, file, texts = row.get("device"), row.get("file"), row.get("texts")
        names = isinstance(device, str) and isinstance(file, str)
        if names and isinstance(texts, list) and {*map(type, texts)} <= {str}:
            return QueueTexts(str(device), str(file), tuple(texts))
    raise ParseError(place, "expected a device, a file and its texts", line)
