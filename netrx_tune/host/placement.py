"""Reading where work runs, once something was lost: it is what placement advice needs."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator

from netrx_tune.collectors import placement
from netrx_tune.collectors.paths import PLACEMENT
from netrx_tune.collectors.placement import AFFINITY, EFFECTIVE, INTERRUPTS
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Sample

_MOST_IRQS = 1_024
_MOST_THREADS = 64
_SEARCH_SECONDS = 0.1  # for irqbalance among many thousands of processes
_CLASS = "/sys/class/net"
_LINK_LOSSES = ("rx_missed_errors", "rx_fifo_errors", "rx_over_errors", "rx_dropped")
_NIC_LOSS = re.compile(r"drop|discard|miss|no_dma|out_of_buffer|oob", re.IGNORECASE)
_CPU_OF_STAT = 36  # words behind the name in brackets; field 39 of proc(5)


def read_placement(tree: Tree, pids: Iterable[int]) -> dict[str, str]:
    """Return the files that say where interrupts go and where these processes run."""
    files: dict[str, str] = {}
    devices = dict(_devices(tree))
    files[INTERRUPTS] = tree.text(INTERRUPTS)
    for device in devices:
        for name in ("uevent", "local_cpulist", "numa_node"):
            path = f"{_CLASS}/{device}/device/{name}"
            files[path] = tree.text(path)
    lines = [f"device {device} {bus}" for device, bus in devices.items()]
    lines += _irqbalance(tree)
    lines += [line for pid in sorted(set(pids)) for line in _reader(tree, pid)]
    files[PLACEMENT] = "".join(f"{line}\n" for line in lines)
    irqs = [irq for device in devices for irq in placement.device_irqs(files, device)]
    for irq in irqs[:_MOST_IRQS]:
        for path in (AFFINITY.format(irq.number), EFFECTIVE.format(irq.number)):
            files[path] = tree.text(path)
    return {path: text for path, text in files.items() if text}


def has_lost(before: Sample, after: Sample) -> bool:
    """Tell whether a CPU, a card or a socket lost something that placement may cure."""
    if after.processes or _dropped(before) != _dropped(after):
        return True
    was = {link.name: link.statistics for link in before.links or ()}
    for link in after.links or ():
        earlier = was.get(link.name, {})
        if any(link.statistics.get(n, 0) > earlier.get(n, 0) for n in _LINK_LOSSES):
            return True
    own = {nic.device: nic.statistics for nic in before.nics or ()}
    return any(
        value > own.get(nic.device, {}).get(name, 0)
        for nic in after.nics or ()
        for name, value in nic.statistics.items()
        if _NIC_LOSS.search(name)
    )


def _dropped(sample: Sample) -> list[str]:
    """Return the second column of softnet_stat."""
    lines = sample.files.get("/proc/net/softnet_stat", "").splitlines()
    return [line[9:17] for line in lines]


def _devices(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield the devices that have hardware, with their bus's name for it."""
    for device in tree.names(_CLASS):
        try:
            yield device, os.path.basename(os.readlink(f"{tree.root}{_CLASS}/{device}/device"))  # noqa: PTH115, PTH119
        except OSError:
            continue


def _irqbalance(tree: Tree) -> Iterator[str]:
    deadline = time.monotonic() + _SEARCH_SECONDS
    for name in tree.names("/proc"):
        if time.monotonic() > deadline:
            return
        if name.isdecimal() and tree.read(f"/proc/{name}/comm") == "irqbalance\n":
            yield f"irqbalance {name}"
            return


def _reader(tree: Tree, pid: int) -> Iterator[str]:
    """Yield the line of a process, nothing if it is gone."""
    lines = tree.text(f"/proc/{pid}/status").splitlines()
    fields = dict(line.partition(":\t")[::2] for line in lines)
    allowed = fields.get("Cpus_allowed_list", "").strip()
    if not allowed:
        return
    tasks = tree.names(f"/proc/{pid}/task")[:_MOST_THREADS]
    last = sorted({cpu for task in tasks for cpu in _last_cpu(tree, f"/proc/{pid}/task/{task}")})
    cpus = ",".join(map(str, last)) or "-"
    yield f"reader {pid} {allowed} {cpus} {fields.get('Threads', '1').strip()}"


def _last_cpu(tree: Tree, folder: str) -> Iterator[int]:
    """Yield the CPU that a thread used last; fs/proc/array.c, do_task_stat()."""
    words = tree.text(f"{folder}/stat").rpartition(")")[2].split()
    if len(words) > _CPU_OF_STAT:
        yield int(words[_CPU_OF_STAT])
