"""What is true of a host, from the small files that say it.

Kernel: fs/proc/version.c, version_proc_show(); fs/proc/uptime.c, uptime_proc_show();
fs/proc/meminfo.c, meminfo_proc_show(); drivers/char/random.c, proc_do_uuid().
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from netrx_tune.collectors.meminfo import parse_memory_bytes
from netrx_tune.collectors.os_release import parse_os_release
from netrx_tune.collectors.text import attempt, numbered
from netrx_tune.collectors.uptime import parse_uptime
from netrx_tune.model.errors import ParseError
from netrx_tune.model.kernel import parse_release
from netrx_tune.model.sample import Gap
from netrx_tune.model.snapshot import HostFacts, SoftnetCpu

PAGE_BYTES = 4096  # no file of a sample tells; arm64 and ppc64le kernels may have 65536
_VERSION = "Linux version "
# gVisor (pkg/sentry/syscalls/linux/linux64.go) gives this build date whatever its release,
# which is 4.4.0 and lately 4.19.0-gvisor.
_GVISOR = ("gvisor", "#1 SMP Sun Jan 10 15:06:54 PST 2016")
# Kernel: net/core/sysctl_net_core.c: netns_core_table[] is in every namespace, the rest of
# net.core in the initial one only.
_EVERYWHERE = "/proc/sys/net/core/somaxconn"
_INITIAL_ONLY = "/proc/sys/net/core/netdev_max_backlog"


def host_facts(
    files: Mapping[str, str],
    softnet: tuple[SoftnetCpu, ...] | None,
    gaps: list[Gap],
) -> HostFacts:
    """Return what the files say of the host; what does not read is added to `gaps`."""
    release = _release(files, gaps)
    return HostFacts(
        release=release,
        kernel=parse_release(release) if release else None,
        distribution=attempt(files, "/etc/os-release", parse_os_release, gaps),
        cpus=_cpus(files, softnet, gaps),
        memory_bytes=attempt(files, "/proc/meminfo", parse_memory_bytes, gaps),
        page_bytes=PAGE_BYTES,
        boot_id=attempt(files, "/proc/sys/kernel/random/boot_id", _word, gaps),
        uptime_seconds=attempt(files, "/proc/uptime", parse_uptime, gaps),
        netns=None,
        initial_netns=_initial_netns(files),
        sandbox=_sandbox(files),
    )


def byte_order(release: str | None) -> Literal["little", "big"]:
    """Return the order in which a kernel prints the bytes of an address.

    Distributions put the architecture into the release; of the big-endian ones only s390x
    and ppc64 are in use.
    """
    return "big" if (release or "").endswith(("s390x", "ppc64")) else "little"


def parse_cpus(text: str, path: str = "/proc/stat") -> int:
    """Return how many CPUs are online.

    Kernel: fs/proc/stat.c, show_stat(): one line "cpuN ..." for each.

    Raises:
        ParseError: there is no such line.
    """
    cpus = sum(
        line.startswith("cpu") and line[3:].partition(" ")[0].isdigit()
        for _, line in numbered(text)
    )
    if not cpus:
        raise ParseError(path, "expected lines cpu0, cpu1 ...", text)
    return cpus


def parse_cpuinfo(text: str, path: str = "/proc/cpuinfo") -> int:
    """Return how many CPUs are online.

    Kernel: arch/*/kernel/, show_cpuinfo(): "processor : 0" on most, "processor 0: ..." on s390.

    Raises:
        ParseError: there is no such line.
    """
    cpus = sum(
        line.startswith("processor") and line[9:].strip(" \t:")[:1].isdigit()
        for _, line in numbered(text)
    )
    if not cpus:
        raise ParseError(path, "expected lines processor : 0, processor : 1 ...", text)
    return cpus


def _cpus(
    files: Mapping[str, str],
    softnet: tuple[SoftnetCpu, ...] | None,
    gaps: list[Gap],
) -> int | None:
    """Return how many CPUs are online, from the first file that tells."""
    if softnet:
        return len(softnet)
    cpus = attempt(files, "/proc/stat", parse_cpus, gaps)
    return cpus if cpus is not None else attempt(files, "/proc/cpuinfo", parse_cpuinfo, gaps)


def _release(files: Mapping[str, str], gaps: list[Gap]) -> str | None:
    """Return `uname -r`, from its own file or from /proc/version."""
    release = attempt(files, "/proc/sys/kernel/osrelease", _word, gaps)
    if release is not None:
        return release
    return attempt(files, "/proc/version", _version_release, gaps)


def _version_release(text: str, path: str) -> str:
    """Return the release in "Linux version 6.1.0-18-amd64 (...) ..."."""
    if not text.startswith(_VERSION) or not text[len(_VERSION) :].split():
        raise ParseError(path, "expected Linux version", text)
    return text[len(_VERSION) :].split(maxsplit=1)[0]


def _word(text: str, path: str) -> str:
    """Return the one word of a file."""
    words = text.split()
    if len(words) != 1:
        raise ParseError(path, "expected one word", text)
    return words[0]


def _initial_netns(files: Mapping[str, str]) -> bool | None:
    """Tell whether the sysctls are the initial namespace's; None if they do not show it."""
    if _INITIAL_ONLY in files:
        return True
    return False if _EVERYWHERE in files else None


def _sandbox(files: Mapping[str, str]) -> str | None:
    """Return "gvisor" where the kernel is a program that imitates one."""
    said = files.get("/proc/version", "") + files.get("/proc/sys/kernel/osrelease", "")
    return "gvisor" if any(mark in said for mark in _GVISOR) else None
