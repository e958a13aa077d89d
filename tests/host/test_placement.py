"""Reading where work runs, from a tree and from this host."""

from __future__ import annotations

import os
from pathlib import Path

from netrx_tune.collectors.paths import PLACEMENT
from netrx_tune.collectors.placement import placement_of
from netrx_tune.host.placement import has_lost, read_placement
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Link, Nic, Process, Sample

_ROW = "00000010 {:08x} 00000000"


def _written(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Tree(str(root))


def test_interrupts_readers_and_who_moves_interrupts(tmp_path: Path) -> None:
    stat = "4711 (a b) R) S " + " ".join(["0"] * 35) + " 3 0 0\n"
    tree = _written(
        tmp_path,
        {
            "proc/interrupts": "     CPU0 CPU1\n 45: 1 2 PCI-MSI 1-edge eth0-TxRx-0\n",
            "proc/irq/45/smp_affinity_list": "0-1\n",
            "proc/irq/45/effective_affinity_list": "1\n",
            "proc/irq/46/smp_affinity_list": "0-1\n",
            "proc/812/comm": "irqbalance\n",
            "proc/4711/status": "Name:\tr\nCpus_allowed_list:\t0-3\nThreads:\t1\n",
            "proc/4711/task/4711/stat": stat,
            "sys/devices/pci/0000:01:00.0/uevent": "DRIVER=igb\n",
            "sys/class/net/lo/mtu": "65536\n",
        },
    )
    (tmp_path / "sys/class/net/eth0").mkdir()
    (tmp_path / "sys/class/net/eth0/device").symlink_to(tmp_path / "sys/devices/pci/0000:01:00.0")
    got = read_placement(tree, [4711, 99])
    assert got[PLACEMENT] == "device eth0 0000:01:00.0\nirqbalance 812\nreader 4711 0-3 3 1\n"
    assert got["/proc/irq/45/effective_affinity_list"] == "1\n"
    assert "/proc/irq/46/smp_affinity_list" not in got
    assert got["/sys/class/net/eth0/device/uevent"] == "DRIVER=igb\n"


def test_a_tree_without_any_of_it_gives_nothing(tmp_path: Path) -> None:
    assert read_placement(Tree(str(tmp_path)), [1]) == {}


def test_this_process_is_found_where_it_is() -> None:
    found = placement_of(read_placement(Tree(), [os.getpid()]))
    cpus = os.sched_getaffinity(0)
    place = found.readers[os.getpid()]
    assert place.threads >= 1
    assert set(place.last) <= set(range(os.cpu_count() or 1))
    assert place.allowed.startswith(str(min(cpus)))


def _sample(dropped: int = 0, missed: int = 0, own: int = 0) -> Sample:
    statistics = {"rx_missed_errors": missed, "rx_packets": 10 * (missed + own)}
    nic = Nic("eth0", "x", {"rx_no_dma_resources": own, "rx_bytes": own}, *[None] * 6)
    link = Link("eth0", 1, "", statistics, None, "none")
    files = {"/proc/net/softnet_stat": _ROW.format(dropped) + "\n"}
    return Sample(files, links=(link,), nics=(nic,))


def test_it_is_read_where_something_was_lost_only() -> None:
    assert not has_lost(_sample(), _sample())
    assert has_lost(_sample(), _sample(dropped=1))
    assert has_lost(_sample(), _sample(missed=1))
    assert has_lost(_sample(), _sample(own=1))
    reader = Process(1, 1, "r", "", "S")
    assert has_lost(_sample(), _sample()._replace(processes=(reader,)))
