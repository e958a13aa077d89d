"""Whether two snapshots are of one host, and of one boot of it: what may be subtracted."""

from __future__ import annotations

from typing import Literal, NamedTuple

from netrx_tune.collectors.boot_id import hashed_boot
from netrx_tune.collectors.clock import clock_seconds
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.planning.fingerprints import hostname

Kin = Literal["same-boot", "rebooted", "other-host", "unknown"]

_MACHINE_ID = "/etc/machine-id"
_CLOCK_SECONDS = 120.0  # by which two readings of one boot's time may differ: NTP, drift


class Kinship(NamedTuple):
    """How two snapshots belong together, in a word and in a sentence."""

    kin: Kin
    why: str


def kinship(a: Snapshot, b: Snapshot, *, redacted: bool = False) -> Kinship:
    """Return whether `b` is of the same host as `a`, and of the same boot.

    Where one is redacted, names that differ tell nothing.
    """
    machines = [snap.files.get(_MACHINE_ID, "").strip()[:12] for snap in (a, b)]
    if not redacted and all(machines) and machines[0] != machines[1]:
        why = f"two hosts: machine-id {machines[0]}... and {machines[1]}..."
        return Kinship("other-host", why)
    was, now = (snap.host.boot_id and hashed_boot(snap.host.boot_id) for snap in (a, b))
    if was and was == now:
        return Kinship("same-boot", "one host, one boot (same boot id)")
    if redacted:
        return _by_clocks(a, b)
    names = hostname(a), hostname(b)
    if all(names) and names[0] != names[1]:
        return Kinship("other-host", f"two hosts: {names[0]} and {names[1]}")
    if was and now:
        return _of_two_boots(a, b, is_one=all(machines) or all(names))
    return _by_clocks(a, b)


def _of_two_boots(a: Snapshot, b: Snapshot, *, is_one: bool) -> Kinship:
    """Judge two boot ids: two boots of one host cannot overlap."""
    began, ended = (
        (boot_time(a), boot_time(b)),
        [clock_seconds(snap.files, "realtime") for snap in (a, b)],
    )
    starts, ends = [t for t in began if t is not None], [t for t in ended if t is not None]
    if len(starts) == len(ends) == 2 and max(starts) < min(ends) - _CLOCK_SECONDS:
        return Kinship("other-host", "two hosts: both were up at one time, with two boot ids")
    if is_one:
        return Kinship("rebooted", "one host, rebooted in between")
    why = "another boot: the host was rebooted in between, or these are two hosts"
    return Kinship("unknown", why)


def _by_clocks(a: Snapshot, b: Snapshot) -> Kinship:
    """Judge by clocks; what does not contradict it is taken for one boot of one host."""
    if (a.host.uptime_seconds or 0.0) > (b.host.uptime_seconds or float("inf")):
        why = "B's uptime is shorter than A's: rebooted in between, or B is the earlier one"
        return Kinship("unknown", why)
    boots = boot_time(a), boot_time(b)
    if None not in boots and abs((boots[0] or 0.0) - (boots[1] or 0.0)) > _CLOCK_SECONDS:
        return Kinship("unknown", "another boot, or another host: their clocks do not agree")
    return Kinship("same-boot", "taken for one boot of one host: nothing in them says otherwise")


def boot_time(snap: Snapshot) -> float | None:
    """Return when a host booted, in seconds since 1970, where its files tell both clocks."""
    now, uptime = clock_seconds(snap.files, "realtime"), snap.host.uptime_seconds
    return None if now is None or uptime is None else now - uptime
