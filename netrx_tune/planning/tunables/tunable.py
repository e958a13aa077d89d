"""What a tunable is: a knob of the kernel, a socket or a device, with its traps."""

from __future__ import annotations

from typing import Literal, NamedTuple

from netrx_tune.model.finding import TakesEffect
from netrx_tune.model.kernel import KernelVersion

Where = Literal["sysctl", "sockopt", "sysfs", "ethtool", "cgroup"]
Unit = Literal[
    "bytes",
    "kilobytes",
    "pages",
    "packets",
    "datagrams",
    "fragments",
    "connections",
    "entries",
    "usecs",
    "nanoseconds",
    "seconds",
    "flag",
    "mode",
    "mask",
    "weight",
    "count",
]


class Tunable(NamedTuple):
    """One knob.

    In names, IF and DEV stand for a device, N for a number. Most are sysctls that work at once,
    so only the others say `where` and `takes_effect`. `values` is how many numbers it holds, and
    `limit_index` which of them is the limit that a loss meets. `since` and `until` bound the
    kernels that have it (until exclusive). `writable` is False for what can only be read, or set
    in another way that `trap` names.
    """

    name: str
    unit: Unit
    default: str
    what: str
    cost: str
    trap: str
    source: str
    where: Where = "sysctl"
    takes_effect: TakesEffect = "now"
    values: int = 1
    limit_index: int = 0
    writable: bool = True
    since: KernelVersion | None = None
    until: KernelVersion | None = None
