"""/proc/interrupts: how often each CPU served each interrupt.

512 CPUs and 2,000 interrupts are a million numbers, so a caller names what it looks for.

Kernel: kernel/irq/proc.c, show_interrupts(): a column per online CPU, then controller, trigger
and the names of those that asked for the interrupt. ERR and MIS have one number.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.collectors.text import decimal, decimals, numbered
from netrx_tune.model.errors import ParseError

_CPU = "CPU"


class Interrupt(NamedTuple):
    """One line; `counts` stand in the order of `Interrupts.cpus`."""

    name: str  # "28" or "NMI"
    counts: tuple[int, ...]
    label: str  # "PCI-MSI 524289-edge virtio0-input.0"


class Interrupts(NamedTuple):
    """The lines that were asked for."""

    cpus: tuple[int, ...]  # online CPUs by number
    lines: tuple[Interrupt, ...]


def parse_interrupts(
    text: str,
    path: str = "/proc/interrupts",
    *,
    containing: tuple[str, ...] = (),
) -> Interrupts:
    """Return the lines that contain any of the words, or all lines if none is given."""
    cpus: tuple[int, ...] = ()
    lines: list[Interrupt] = []
    for number, line in numbered(text):
        if not cpus:
            cpus = parse_cpu_header(line, f"{path}:{number}")
        elif not containing or any(word in line for word in containing):
            lines.append(_interrupt(line, len(cpus), f"{path}:{number}"))
    if not cpus:
        raise ParseError(path, "expected a header CPU0 CPU1 ...", text)
    return Interrupts(cpus, tuple(lines))


def parse_cpu_header(line: str, place: str) -> tuple[int, ...]:
    """Return the numbers of the CPUs in a header such as "CPU0 CPU2"."""
    words = line.split()
    if not all(word.startswith(_CPU) for word in words):
        raise ParseError(place, "expected a header CPU0 CPU1 ...", line)
    return tuple([decimal(word[len(_CPU) :], place, "CPU") for word in words])


def _counts(words: list[str], place: str, field: str) -> tuple[int, ...]:
    """Return many decimals, checked all at once."""
    numbers = decimals(words)
    return tuple([decimal(w, place, field) for w in words] if numbers is None else numbers)


def _interrupt(line: str, cpus: int, place: str) -> Interrupt:
    """Return one line's interrupt."""
    name, _, rest = line.partition(":")
    words = rest.split(None, cpus)
    label = words.pop() if len(words) > cpus else ""
    if words and not words[-1].isdigit():  # one number for all CPUs, or none
        first = next(at for at, word in enumerate(words) if not word.isdigit())
        label = " ".join([*words[first:], label]).strip()
        words = words[:first]
    if not words:
        raise ParseError(place, "expected a name and numbers", line)
    return Interrupt(name.strip(), _counts(words, place, name.strip()), label.strip())
