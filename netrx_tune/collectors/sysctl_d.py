"""Which sysctl file wins at boot: systemd and procps read the same files in different orders.

Of files with one name only that of the first folder counts; then all are read in the order of
their names, and the last assignment of a key stands. procps reads /etc/sysctl.conf once more at
the end; systemd does not read it unless a link in sysctl.d points to it.
A key that any file names is left out of every pattern such as net.ipv4.conf.*.rp_filter, those that
come before and after it; both loaders do so (measured: systemd 252, procps 4.0.2).
Sources: sysctl.d(5), systemd-sysctl.service(8); sysctl(8) of procps-ng 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
           "/lib/sysctl.d")  # fmt: skip
CONF = "/etc/sysctl.conf"
OURS = "/etc/sysctl.d/90-netrx-tune.conf"
_PATTERN = frozenset("*?[")
_NO_ASSIGNMENT = frozenset(("", "#", ";"))  # what blank lines and comments begin with
_SWAP = str.maketrans("./", "/.")
PATTERNS = (*(f"{folder}/*.conf" for folder in FOLDERS), CONF)


class Assignment(NamedTuple):
    """One line of a file that sets a key."""

    key: str  # with dots
    value: str
    path: str
    line: int


def parse_sysctl_conf(text: str, path: str, *, procps: bool = False) -> Iterator[Assignment]:
    """Yield a file's assignments; comments, patterns and other lines without "=" are none.

    "-" before a key lets a failure pass; procps takes no space after it, systemd does. A line
    "-key" takes earlier assignments back in systemd: it is one without a value.
    """
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped[:1] in _NO_ASSIGNMENT or (procps and stripped.startswith(("- ", "-\t"))):
            continue
        name, equals, value = stripped.removeprefix("-").partition("=")
        takes_back = not procps and stripped.startswith("-") and bool(name.strip())
        if (equals or takes_back) and not _PATTERN & set(name):
            yield Assignment(_dotted(name.strip()), " ".join(value.split()), path, number)


def _dotted(name: str) -> str:
    """Return a key with dots; the separator that comes first decides what the others are.

    net/ipv4/conf/eth0.100/rp_filter is net.ipv4.conf.eth0/100.rp_filter. Source: sysctl.d(5).
    """
    dot, slash = name.find("."), name.find("/")
    return name.translate(_SWAP) if slash >= 0 and (dot < 0 or slash < dot) else name


def kernel_numbers(value: str) -> tuple[int, ...]:
    """Return the numbers that the kernel takes from a text: those before the first that is none.

    Kernel: kernel/sysctl.c, proc_get_long(): simple_strtoul() with base 0, so 0x11 is 17 and
    011 is 9.
    """
    found = []
    for word in value.split():
        sign, digits = (-1, word[1:]) if word.startswith("-") else (1, word)
        octal = len(digits) > 1 and digits.startswith("0") and digits.isdecimal()
        try:
            found.append(sign * int(digits, 8 if octal else 0))
        except ValueError:
            break
    return tuple(found)


def in_boot_order(files: Mapping[str, str], *, procps: bool) -> Iterator[Assignment]:
    """Yield all assignments in the order in which a loader makes them.

    systemd leaves out files whose names begin with a dot; procps reads them.
    """
    chosen: dict[str, tuple[int, str]] = {}  # file name -> its folder's place and its path
    for path in files:
        if not path.endswith(".conf"):
            continue
        head, _, name = path.rpartition("/")
        if head in FOLDERS and (procps or not name.startswith(".")):
            here = FOLDERS.index(head), path
            chosen[name] = min(here, chosen.get(name, here))
    for name in sorted(chosen):
        path = chosen[name][1]
        yield from parse_sysctl_conf(files[path], path, procps=procps)
    if procps and CONF in files:
        yield from parse_sysctl_conf(files[CONF], CONF, procps=procps)


def assignments(files: Mapping[str, str], *, procps: bool) -> dict[str, list[Assignment]]:
    """Return each key's assignments, the one that stands last."""
    found: dict[str, list[Assignment]] = {}
    for one in in_boot_order(files, procps=procps):
        found.setdefault(one.key, []).append(one)
    return found
