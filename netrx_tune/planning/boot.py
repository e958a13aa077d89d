"""What the files of sysctl.d give after the next boot, under each of the two loaders.

Values that other programs set later (tuned, systemd-networkd, a container runtime) stand in no
file of sysctl.d and are not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from netrx_tune.collectors.sysctl_d import OURS, Assignment, assignments, kernel_numbers
from netrx_tune.planning.changes import Values

SYSTEMD = "systemd-sysctl"
PROCPS = "sysctl --system"


class AtBoot(NamedTuple):
    """The value that a key has after boot by one loader; `winner` is the line that gives it.

    `values` is None where the line that wins is none that the kernel takes: it then keeps its
    default (systemd) or what an earlier line gave (procps).
    """

    key: str
    loader: str
    values: Values | None
    winner: Assignment


def at_boot(files: Mapping[str, str], keys: Iterable[str]) -> Iterator[AtBoot]:
    """Yield what each key gets, for each loader that sets it at all."""
    wanted = tuple(keys)
    for loader in (SYSTEMD, PROCPS):
        found = assignments(files, procps=loader == PROCPS)
        for key in wanted:
            if key in found:
                yield _last(key, loader, found[key])


def _last(key: str, loader: str, lines: list[Assignment]) -> AtBoot:
    """Return what stands in the end.

    systemd keeps the last line of a key and then sets it once; procps sets every line in
    turn, so that a line which the kernel refuses leaves the one before it (both measured).
    """
    for line in reversed(lines):
        values = kernel_numbers(line.value)
        if values or loader == SYSTEMD:
            return AtBoot(key, loader, values or None, line)
    return AtBoot(key, loader, None, lines[-1])


def overriding(files: Mapping[str, str], wanted: Mapping[str, Values]) -> tuple[AtBoot, ...]:
    """Return where a line of another file gives a key less, or other, than ours does."""
    return tuple(
        one
        for one in at_boot(files, wanted)
        if one.winner.path != OURS and one.values != wanted[one.key]
    )
