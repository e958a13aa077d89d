"""The settings of receive queues, a line for the files of one name where a device has many.

64 queues of 8 devices are 1,024 files of a few bytes, and twice that with the second sample: most
of the time that reading a snapshot takes would go to them. See collectors.queue_texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from netrx_tune.collectors.paths import QUEUES
from netrx_tune.collectors.queue_texts import HEADER

__all__ = ["packed_queues"]

_FEW_QUEUES = 8  # stand as files
_QUEUE = re.compile(r"/sys/class/net/([^/]+)/queues/rx-(0|[1-9]\d{0,4})/(\w+)")


def packed_queues(files: Mapping[str, str]) -> dict[str, str]:
    """Return files with those of many queues as lines of one more."""
    tables: dict[tuple[str, str], dict[int, str]] = {}
    for path, text in files.items():
        found = _QUEUE.fullmatch(path) if "/queues/rx-" in path else None
        if found:
            tables.setdefault((found[1], found[3]), {})[int(found[2])] = text
    lines = [HEADER]
    packed = dict(files)
    for (device, name), texts in tables.items():
        if len(texts) <= _FEW_QUEUES or max(texts) != len(texts) - 1:
            continue
        row = {"device": device, "file": name, "texts": [texts[at] for at in range(len(texts))]}
        lines.append(json.dumps(row, separators=(",", ":")))
        for at in texts:
            del packed[f"/sys/class/net/{device}/queues/rx-{at}/{name}"]
    if len(lines) > 1:
        packed[QUEUES] = "\n".join(lines) + "\n"
    return packed
