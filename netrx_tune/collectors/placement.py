"""Where work runs: the interrupts of a card's queues, and the CPUs of the programs that read.

Of interrupts the kernel's own files are kept (/proc/interrupts, /proc/irq/N/smp_affinity_list and
effective_affinity_list). What no single file says is in a file of our own, one thing on a line:

    device eth0 virtio2         the bus's name for a device, which is in its interrupts' names
    irqbalance 812              a process that moves interrupts by itself
    reader 4711 0-1 1 3         a process, the CPUs that it may use, those its threads used last,
                                and its threads
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune.collectors.interrupts import Interrupt, parse_interrupts
from netrx_tune.collectors.paths import PLACEMENT
from netrx_tune.model.errors import ParseError

INTERRUPTS = "/proc/interrupts"
AFFINITY = "/proc/irq/{}/smp_affinity_list"
EFFECTIVE = "/proc/irq/{}/effective_affinity_list"
_UEVENT = "/sys/class/net/{}/device/uevent"
_SERVED = 1000  # interrupts; fewer tell nothing
_NEARLY_ALL = 0.99
_MOST_CPUS = 1 << 16
# Of a driver's interrupts, those that no received packet raises.
_NOT_RECEIVED = re.compile(
    r"config|output|control|ctrl|async|misc|other|mailbox|mgm|aenq|health|event"
    r"|(?:^|[-_.])tx(?:[-_.\d]|$)",
    re.IGNORECASE,
)
_RECEIVED = re.compile(r"rx|input|comp", re.IGNORECASE)


class Irq(NamedTuple):
    """One interrupt of a card; `cpus` are those that serve it, empty where nobody knows."""

    number: int
    name: str  # as its driver calls it
    queue: int | None
    allowed: str | None  # its smp_affinity_list
    cpus: tuple[int, ...]


class ReaderPlace(NamedTuple):
    """Where a process may run, and where its threads were seen last."""

    allowed: str
    last: tuple[int, ...]
    threads: int


class Placement(NamedTuple):
    """What our own file says."""

    devices: Mapping[str, str]
    readers: Mapping[int, ReaderPlace]
    irqbalance: int | None


def parse_placement(text: str, path: str = PLACEMENT) -> Placement:
    """Return where work runs."""
    devices: dict[str, str] = {}
    readers: dict[int, ReaderPlace] = {}
    irqbalance: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        match line.split():
            case ["device", name, bus]:
                devices[name] = bus
            case ["irqbalance", pid] if pid.isdecimal():
                irqbalance = int(pid)
            case ["reader", pid, allowed, last, threads] if pid.isdecimal() and threads.isdecimal():
                cpus = tuple(parse_cpu_list(last, f"{path}:{number}"))
                parse_cpu_list(allowed, f"{path}:{number}")
                readers[int(pid)] = ReaderPlace(allowed, cpus, int(threads))
            case _:
                raise ParseError(f"{path}:{number}", "expected device, reader or irqbalance", line)
    return Placement(devices, readers, irqbalance)


def parse_cpu_list(text: str, path: str) -> list[int]:
    """Return the CPUs of a list such as "0-3,8"; "-" and nothing are none.

    Kernel: lib/bitmap.c, bitmap_print_to_pagebuf().

    Raises:
        ParseError: it is none.
    """
    cpus: list[int] = []
    for part in text.strip().replace("-", " ").split(",") if text.strip() not in ("", "-") else ():
        words = part.split()
        if not all(word.isdecimal() and len(word) < 6 for word in words) or len(words) not in (
            1,
            2,
        ):
            raise ParseError(path, "expected a CPU list such as 0-3,8", text.strip())
        first, last = int(words[0]), int(words[-1])
        if not first <= last < _MOST_CPUS:
            raise ParseError(path, "expected a CPU list such as 0-3,8", text.strip())
        cpus.extend(range(first, last + 1))
    return cpus


def placement_of(files: Mapping[str, str]) -> Placement:
    """Return what a sample says of where work runs; nothing where it does not read."""
    try:
        return parse_placement(files.get(PLACEMENT, ""))
    except ParseError:
        return Placement({}, {}, None)


def device_irqs(files: Mapping[str, str], device: str) -> tuple[Irq, ...]:
    """Return the interrupts of a card's receive queues, in the order of their queues."""
    text = files.get(INTERRUPTS)
    if not text:
        return ()
    names = tuple(_names(files, device))
    try:
        cpus, lines = parse_interrupts(text, containing=names)
    except ParseError:
        return ()
    found = [irq for line in lines for irq in _irq(files, line, names, cpus)]
    return tuple(sorted(found, key=lambda irq: (irq.queue or 0, irq.number)))


def _names(files: Mapping[str, str], device: str) -> Iterator[str]:
    """Yield the words that name a device in its interrupts: its own, its bus's, its slot."""
    yield device
    bus = placement_of(files).devices.get(device)
    if bus:
        yield bus
    for line in files.get(_UEVENT.format(device), "").splitlines():
        key, _, value = line.partition("=")
        if key == "PCI_SLOT_NAME" and value:
            yield value


def _irq(
    files: Mapping[str, str], line: Interrupt, names: tuple[str, ...], cpus: tuple[int, ...]
) -> Iterator[Irq]:
    """Yield the interrupt of a line if it is of this card and raised by received packets."""
    own = "|".join(map(re.escape, names))
    if not line.name.isdecimal() or not re.search(rf"(?<![\w.])(?:{own})(?![\w.])", line.label):
        return
    name = line.label.split()[-1]
    if _NOT_RECEIVED.search(name) and not _RECEIVED.search(name):
        return
    rest = re.sub(rf"{own}|@.*", "", name)
    digits = re.findall(r"\d+", rest)
    number = int(line.name)
    allowed = files.get(AFFINITY.format(number), "").strip()
    may = cpus_of(allowed)
    yield Irq(
        number,
        name,
        int(digits[-1]) if digits else None,
        allowed if may else None,
        cpus_of(files.get(EFFECTIVE.format(number), ""))
        or (may if len(may) == 1 else _only_server(line, cpus) or may),
    )


def _only_server(line: Interrupt, cpus: tuple[int, ...]) -> tuple[int, ...]:
    """Return the one CPU that served nearly all of an interrupt, none where several did.

    Kernels before 4.15 do not say which of the allowed CPUs has it: most often the first alone.
    """
    most = max(line.counts, default=0)
    if most < _SERVED or most < _NEARLY_ALL * sum(line.counts):
        return ()
    return (cpus[line.counts.index(most)],)


def cpus_of(text: str) -> tuple[int, ...]:
    """Return the CPUs of a list such as "0-3,8", none where it does not read."""
    try:
        return tuple(parse_cpu_list(text, ""))
    except ParseError:
        return ()
