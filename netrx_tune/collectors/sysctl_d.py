"""Which sysctl file wins at boot: systemd and procps read the same files in different orders.

Of files with one name only that of the first folder counts; then all are read in the order of
their names, and the last assignment of a key stands. procps reads /etc/sysctl.conf once more at
the end; systemd does not read it unless a link in sysctl.d points to it.
Sources: sysctl.d(5), systemd-sysctl.service(8); sysctl(8) of procps-ng 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
           "/lib/sysctl.d")  # fmt: skip
CONF = "/etc/sysctl.conf"
PATTERNS = (*(f"{folder}/*.conf" for folder in FOLDERS), CONF)


class Assignment(NamedTuple):
    """One line of a file that sets a key."""

    key: str  # with dots
    value: str
    path: str
    line: int


def parse_sysctl_conf(text: str, path: str) -> Iterator[Assignment]:
    """Yield a file's assignments; comments, globs and lines without "=" are none."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip().removeprefix("-")
        name, equals, value = stripped.partition("=")
        if equals and not stripped.startswith(("#", ";")) and "*" not in name:
            key = name.strip().replace("/", ".")
            yield Assignment(key, " ".join(value.split()), path, number)


def in_boot_order(files: Mapping[str, str], *, procps: bool) -> Iterator[Assignment]:
    """Yield all assignments in the order in which a loader makes them."""
    chosen: dict[str, str] = {}  # file name -> path
    for folder in FOLDERS:
        for path in files:
            head, _, name = path.rpartition("/")
            if head == folder and name.endswith(".conf"):
                chosen.setdefault(name, path)
    for name in sorted(chosen):
        yield from parse_sysctl_conf(files[chosen[name]], chosen[name])
    if procps and CONF in files:
        yield from parse_sysctl_conf(files[CONF], CONF)


def assignments(files: Mapping[str, str], *, procps: bool) -> dict[str, list[Assignment]]:
    """Return each key's assignments, the one that stands last."""
    found: dict[str, list[Assignment]] = {}
    for one in in_boot_order(files, procps=procps):
        found.setdefault(one.key, []).append(one)
    return found
