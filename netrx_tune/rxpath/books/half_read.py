"""Windows that hold the counters of one IP version and lack the other's.

What one file shows is then a part of the truth: a stage that counts in both is lost at least so
much, and not known where that is nothing. IPv4's file is always there, so that it is missing
means that nobody read it. IPv6's is absent where the kernel has no IPv6; there is nothing to miss.
"""

from __future__ import annotations

from netrx_tune.model.ledger import Account
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath.books.udp_errors import (
    drops_by_socket,
    errors_of,
    memory_is_short,
    socket_drops,
)
from netrx_tune.rxpath.stages import STAGES

_FILES = {"IPv4": "/proc/net/snmp", "IPv6": "/proc/net/snmp6"}
_MIBS = {"IPv4": ("Ip.", "Udp.", "UdpLite."), "IPv6": ("Ip6.", "Udp6.", "UdpLite6.")}
# Those that count by what is left over, or by sockets of both versions.
_NAMELESS = frozenset(
    stage.name
    for stage in STAGES
    if stage.layer == "udp" or stage.name in {"ip-unattributed", "udp-unattributed"}
)


def unread_version(delta: Delta) -> str:
    """Return the IP version whose counters a window lacks while it has the other's, or ""."""
    has_4, has_6 = (
        all(f"{mib}.{field}" in delta.increases for field in ("InErrors", "InDatagrams"))
        for mib in ("Udp", "Udp6")
    )
    if has_6 and not has_4:
        return "IPv4"
    missed = has_4 and not has_6 and (_is_missed(delta) or drops_of_unread_version(delta))
    return "IPv6" if missed else ""


def drops_of_unread_version(delta: Delta) -> int:
    """Return the sockets' drops that would be in the counters of the version that was not read.

    A socket of IPv6 may take IPv4's datagrams, too; one of IPv4 takes no others.
    """
    has_4, has_6 = (f"{mib}.InErrors" in delta.increases for mib in ("Udp", "Udp6"))
    errors, drops = (None, None) if has_4 and has_6 else (errors_of(delta), socket_drops(delta))
    if not errors or not drops or memory_is_short(delta):
        return 0
    theirs = sum(n for s, n in drops_by_socket(delta) if has_6 or s.family == "inet6")
    unexplained = drops - errors.in_errors
    return min(unexplained, theirs) if unexplained > delta.socket_skew else 0


def _is_missed(delta: Delta) -> bool:
    """Tell whether there are counters of IPv6, though the window has not got them."""
    samples = [one for one in (delta.before, delta.after) if one is not None]
    read = [one for one in samples if "Udp6.InErrors" in one.counters]
    gaps = {gap.why for one in samples for gap in one.gaps if gap.path == _FILES["IPv6"]}
    return bool(read or gaps - {"absent"})


def lowered(accounts: tuple[Account, ...], version: str) -> tuple[Account, ...]:
    """Return the accounts, less certain where a stage counts in the unread version as well."""
    mibs = _MIBS[version]
    touched = _NAMELESS | {
        stage.name for stage in STAGES if any(name.startswith(mibs) for name in stage.counters)
    }
    why = f"the counters of {version} ({_FILES[version]}) could not be read"
    return tuple(_lowered(one, why) if one.stage in touched else one for one in accounts)


def _lowered(account: Account, why: str) -> Account:
    if not account.lost:
        return account._replace(lost=None, bound="unseen", by=(), offered=None, why=why)
    bound = "at-least" if account.bound == "exact" else account.bound
    return account._replace(bound=bound, offered=None, why=account.why or why)
