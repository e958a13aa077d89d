"""Every knob that the receive path has: unit, scope, default, cost and trap of each."""

from __future__ import annotations

import re
from typing import Literal

from netrx_tune.model.finding import Scope
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.planning.tunables.core import CORE_TUNABLES
from netrx_tune.planning.tunables.device import DEVICE_TUNABLES
from netrx_tune.planning.tunables.ip import IP_TUNABLES
from netrx_tune.planning.tunables.socket import SOCKET_TUNABLES
from netrx_tune.planning.tunables.tunable import Tunable, Where
from netrx_tune.rxpath.kernel_features import SysctlScope, sysctl_scope

TUNABLES: tuple[Tunable, ...] = (
    *CORE_TUNABLES,
    *IP_TUNABLES,
    *SOCKET_TUNABLES,
    *DEVICE_TUNABLES,
)

Visibility = SysctlScope | Literal["device", "socket", "application"]

# Kernel: net/netfilter/nf_conntrack_standalone.c registers the keys as the module is loaded.
_MODULES = (("net.netfilter.nf_conntrack_", "nf_conntrack"),)
_BY_NAME = {one.name: one for one in TUNABLES}
_SCOPES: dict[Where, Literal["device", "socket", "application"]] = {
    "sockopt": "socket",
    "sysfs": "device",
    "ethtool": "device",
    "cgroup": "application",
}


def tunable(name: str) -> Tunable | None:
    """Return a tunable by its full name, real devices and numbers allowed for IF, DEV and N.

    "net.ipv4.conf.eth0.rp_filter" and "/sys/class/net/eth0/queues/rx-3/rps_cpus" are found.
    """
    found = _BY_NAME.get(name)
    if found is not None or ("/" not in name and ".conf." not in name):
        return found
    return _BY_NAME.get(_general(name))


def _general(name: str) -> str:
    """Put DEV, IF and N where a name has a device or a number."""
    name = re.sub(r"^(net\.ipv[46]\.conf)\..+\.([^.]+)$", r"\1.IF.\2", name)
    name = re.sub(r"^/sys/class/net/[^/]+/", "/sys/class/net/DEV/", name)
    return re.sub(r"/(queues/rx-|irq/)\d+/", r"/\1N/", name)


def module_of(key: str) -> str | None:
    """Return the module that must be loaded before a sysctl exists, None where none need be."""
    return next((name for start, name in _MODULES if key.startswith(start)), None)


def exists(one: Tunable, kernel: KernelVersion | None) -> bool:
    """Tell whether a kernel has the tunable; an unknown kernel may have any."""
    if kernel is None:
        return True
    return (one.since is None or kernel >= one.since) and (one.until is None or kernel < one.until)


def visibility(one: Tunable, kernel: KernelVersion | None) -> Visibility:
    """Return whose it is, and for sysctls how a child namespace sees it on that kernel."""
    if one.where == "sysctl":
        return sysctl_scope(one.name, kernel)
    return _SCOPES[one.where]


def scope(one: Tunable, kernel: KernelVersion | None) -> Scope:
    """Return the scope that a recommendation of it has: whose it is, not who can see it."""
    match visibility(one, kernel):
        case "host" | "host-shown" | "host-writable":
            return "host"
        case own:
            return own
