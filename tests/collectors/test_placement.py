"""Reading where work runs: names of interrupts differ by driver, lists are the kernel's."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.paths import PLACEMENT
from netrx_tune.collectors.placement import (
    Irq,
    Placement,
    ReaderPlace,
    device_irqs,
    parse_cpu_list,
    parse_placement,
    placement_of,
)
from netrx_tune.model.errors import ParseError

TEXT = "device eth0 virtio2\nirqbalance 812\nreader 4711 0-3,8 1,2 3\nreader 9 1 - 1\n"


def test_our_own_file_is_read() -> None:
    assert parse_placement(TEXT) == Placement(
        {"eth0": "virtio2"},
        {4711: ReaderPlace("0-3,8", (1, 2), 3), 9: ReaderPlace("1", (), 1)},
        812,
    )


@pytest.mark.parametrize(
    "line", ["reader x 0 0 1", "reader 1 0;reboot 0 1", "reader 1 0 0", "irqbalance y", "other 1"]
)
def test_anything_else_is_an_error(line: str) -> None:
    with pytest.raises(ParseError, match="/netrx/placement:1"):
        parse_placement(f"{line}\n")
    assert placement_of({PLACEMENT: f"{line}\n"}) == Placement({}, {}, None)


@pytest.mark.parametrize(
    ("text", "cpus"), [("0\n", [0]), ("0-2,8\n", [0, 1, 2, 8]), ("", []), ("-", []), ("\n", [])]
)
def test_a_cpu_list(text: str, cpus: list[int]) -> None:
    assert parse_cpu_list(text, "p") == cpus


@pytest.mark.parametrize(
    "text", ["a", "3-1", "0-9999999", "1,,2", "1-2-3", "0-70000", "\N{SUPERSCRIPT TWO}"]
)
def test_what_is_no_cpu_list(text: str) -> None:
    with pytest.raises(ParseError, match="expected a CPU list"):
        parse_cpu_list(text, "p")


def _files(labels: list[str], **more: str) -> dict[str, str]:
    lines = [f" {number}: 1 2 {label}" for number, label in enumerate(labels, 40)]
    files = {"/proc/interrupts": "\n".join(["      CPU0 CPU1", *lines, "NMI: 1 2 eth0", ""])}
    return {**files, **{path.replace("__", "/"): text for path, text in more.items()}}


@pytest.mark.parametrize(
    ("labels", "queues"),
    [
        # ixgbe, igb, i40e, ice, ena, e1000e, bnx2x; then what is no receive queue or another card
        (["PCI-MSI 1-edge eth0-TxRx-0", "PCI-MSI 2-edge eth0-TxRx-11"], {0, 11}),
        (
            ["PCI-MSI 1-edge eth0-rx-0", "PCI-MSI 2-edge eth0-tx-0", "PCI-MSI 3-edge eth0"],
            {0, None},
        ),
        (["PCI-MSI 1-edge i40e-eth0-TxRx-3", "PCI-MSI 2-edge i40e-0000:01:00.0:misc"], {3}),
        (["PCI-MSI 1-edge eth0-Tx-Rx-2", "PCI-MSI 2-edge ena-mgmnt@pci:0000:00:05.0"], {2}),
        (
            ["PCI-MSI 1-edge eth01-TxRx-0", "PCI-MSI 2-edge eth0.5-rx-0", "PCI-MSI 3-edge xeth0"],
            set(),
        ),
        (["PCI-MSI 1-edge eth0-fp-1"], {1}),
    ],
)
def test_interrupts_by_the_name_of_the_device(labels: list[str], queues: set[int | None]) -> None:
    assert {irq.queue for irq in device_irqs(_files(labels), "eth0")} == queues


def test_interrupts_by_the_bus_and_by_the_slot() -> None:
    virtio = _files(
        ["PCI-MSIX-0000:00:03.0 0-edge virtio2-config", "PCI-MSIX 1-edge virtio2-input.0",
         "PCI-MSIX 2-edge virtio2-output.0", "PCI-MSIX 3-edge virtio21-input.0"],
        __proc__irq__41__smp_affinity_list="0-1\n",
        __proc__irq__41__effective_affinity_list="1\n",
        __netrx__placement="device eth0 virtio2\n",
    )  # fmt: skip
    assert device_irqs(virtio, "eth0") == (Irq(41, "virtio2-input.0", 0, "0-1", (1,)),)
    uevent = "DRIVER=mlx5_core\nPCI_SLOT_NAME=0000:01:00.0\n"
    mlx5 = _files(
        ["PCI-MSI 0-edge mlx5_async0@pci:0000:01:00.0",
         "PCI-MSI 1-edge mlx5_comp3@pci:0000:01:00.0",
         "PCI-MSI 2-edge mlx5_comp3@pci:0000:01:00.1"],
        __proc__irq__41__smp_affinity_list="7\n",
        __sys__class__net__eth0__device__uevent=uevent,
    )  # fmt: skip
    assert device_irqs(mlx5, "eth0") == (Irq(41, "mlx5_comp3@pci:0000:01:00.0", 3, "7", (7,)),)


@pytest.mark.parametrize(
    ("allowed", "counts", "cpus"),
    [
        ("0-3", "271490338 0 0 0", (0,)),
        ("0-3", "990 0 5 5", (0, 1, 2, 3)),
        ("0-3", "500000 0 500000 0", (0, 1, 2, 3)),
        ("2", "271490338 0 9 0", (2,)),  # moved since
        ("", "0 271490338 0 0", (1,)),
    ],
)
def test_counts_tell_who_serves_an_interrupt_that_several_may(
    allowed: str, counts: str, cpus: tuple[int, ...]
) -> None:
    files = {
        "/proc/interrupts": f"    CPU0 CPU1 CPU2 CPU3\n56: {counts} PCI-MSI 1-edge eth0-rx-0\n",
        "/proc/irq/56/smp_affinity_list": f"{allowed}\n",
    }
    assert [irq.cpus for irq in device_irqs(files, "eth0")] == [cpus]


def test_files_that_do_not_read_show_no_interrupts() -> None:
    assert device_irqs({}, "eth0") == ()
    assert device_irqs({"/proc/interrupts": "nonsense"}, "eth0") == ()
    odd = _files(["PCI-MSI 1-edge eth0-TxRx-0"], __proc__irq__40__smp_affinity_list="x\n")
    assert device_irqs(odd, "eth0") == (Irq(40, "eth0-TxRx-0", 0, None, ()),)
