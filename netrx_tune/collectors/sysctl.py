"""Files below /proc/sys, and the text of `sysctl -a`.

Kernel: kernel/sysctl.c, proc_dointvec() and its kin; the names are the paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from netrx_tune.collectors.text import below, bitmap, numbered, signed, unparsed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

_MOST_CHARACTERS = 64 << 10  # of a setting: the kernel writes no more than a page or a few
ROOT = "/proc/sys/"
_LONG = 200  # characters; a longer text is not worth remembering
_MOST_KNOWN = 4096
# net.ipv4.conf.eth0/100.rp_filter is device eth0.100: dots and slashes change places, as
# sysctl(8) has it.
_SWAP = str.maketrans("./", "/.")

# Kernel: net/core/sysctl_net_core.c, dump_cpumask(): words of 32 bits.
BITMAPS = frozenset({"net.core.flow_limit_cpu_bitmap", "net.core.rps_default_mask"})
# Read as text by whoever wants them, or not settings at all.
_TEXTS = frozenset(
    {
        "kernel.domainname",
        "kernel.hostname",
        "kernel.osrelease",
        "kernel.ostype",
        "kernel.random.boot_id",
        "kernel.version",
        "net.core.default_qdisc",
        "net.core.netdev_rss_key",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_allowed_congestion_control",
        "net.ipv4.tcp_available_congestion_control",
        "net.ipv4.tcp_available_ulp",
        "net.ipv4.tcp_congestion_control",
        "net.ipv4.tcp_fastopen_key",
    },
)
# What it says and no other part of a report may.
_WORDS = {
    "/proc/sys/kernel/osrelease": re.compile(r"^kernel\.osrelease = (\S+)$", re.MULTILINE),
    "/proc/sys/kernel/hostname": re.compile(r"^kernel\.hostname = (\S+)$", re.MULTILINE),
    "/proc/sys/kernel/random/boot_id": re.compile(
        r"^kernel\.random\.boot_id = (\S+)$", re.MULTILINE
    ),
}
# A gauge that stands among the settings.
CONNTRACK_COUNT = "net.netfilter.nf_conntrack_count"


def name_of(path: str) -> str:
    """Return "net.core.rmem_max" for /proc/sys/net/core/rmem_max."""
    return path.removeprefix(ROOT).translate(_SWAP)


def path_of(name: str) -> str:
    """Return /proc/sys/net/core/rmem_max for "net.core.rmem_max"."""
    return ROOT + name.translate(_SWAP)


def parse_sysctl(text: str, path: str) -> tuple[int, ...]:
    """Return the numbers of one file.

    Raises:
        ParseError: it is empty or holds something else.
    """
    return _numbers(text, path, name_of(path))


def parse_sysctls(files: Mapping[str, str]) -> tuple[dict[str, tuple[int, ...]], list[Gap]]:
    """Return the settings of all files below /proc/sys by dotted name, and what did not read.

    Args:
        files: texts by path.
    """
    settings: dict[str, tuple[int, ...]] = {}
    gaps: list[Gap] = []
    for path in below(files, ROOT):
        text = files[path]
        read = _setting if len(text) <= _LONG else _setting.__wrapped__
        try:
            name, numbers = read(path, text)
        except ParseError as error:
            gaps.append(unparsed(path, error))
            continue
        if numbers:
            settings[name] = numbers
    return settings, gaps


@lru_cache(_MOST_KNOWN)
def _setting(path: str, text: str) -> tuple[str, tuple[int, ...]]:
    """Return the name and the numbers of one file; none where it holds words.

    Most settings of a host, and of a fleet, are the same in every sample, and take longer to
    read than to look up.
    """
    name = name_of(path)
    return name, () if name in _TEXTS else _numbers(text, path, name)


def parse_sysctl_a(text: str, path: str) -> dict[str, tuple[int, ...]]:
    """Return the settings in the text of `sysctl -a`; those that are words are left out.

    Raises:
        ParseError: no line reads "name = number".
    """
    settings: dict[str, tuple[int, ...]] = {}
    for number, line in numbered(text):
        name, equals, value = line.partition(" = ")
        if not equals or name in _TEXTS:  # sysctl's own complaints stand among the lines
            continue
        try:
            settings[name] = _numbers(value, f"{path}:{number}", name)
        except ParseError:
            continue
    if not settings:
        raise ParseError(path, "expected lines of name = value", text)
    return settings


def said_by_sysctl_a(text: str) -> dict[str, str]:
    """Return the files of the kernel that are words and not settings, as `sysctl -a` has them."""
    found = ((path, pattern.search(text)) for path, pattern in _WORDS.items())
    return {path: f"{match[1]}\n" for path, match in found if match}


def _numbers(text: str, place: str, name: str) -> tuple[int, ...]:
    """Return one setting's numbers."""
    if len(text) > _MOST_CHARACTERS:
        raise ParseError(
            place, f"{name}: expected at most {_MOST_CHARACTERS} characters", text[:40]
        )
    if name in BITMAPS:
        return (bitmap(text, place, name),)
    words = text.split()
    if not words:
        raise ParseError(place, f"{name}: expected a value", text)
    return tuple([signed(word, place, name) for word in words])
