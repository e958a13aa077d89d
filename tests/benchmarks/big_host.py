"""A snapshot of a large host: the files of this one, with the CPUs, NICs and sockets of a server.

Live files of this kernel, so that their columns are real; what grows with a host is made up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from netrx_tune.host.capture import take_sample
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Link, Nic, Process, Sample, Socket, SocketTable
from netrx_tune.reporters.snapshot_files import SavedSnapshot, saved_snapshot

_INTERRUPTS = 200
_QUIET = 10  # one socket in so many has something new in the second sample
_LINK_FIELDS = """
rx_packets tx_packets rx_bytes tx_bytes rx_errors tx_errors rx_dropped tx_dropped multicast
collisions rx_length_errors rx_over_errors rx_crc_errors rx_frame_errors rx_fifo_errors
rx_missed_errors tx_aborted_errors tx_carrier_errors tx_fifo_errors tx_heartbeat_errors
tx_window_errors rx_compressed tx_compressed rx_nohandler rx_otherhost_dropped
"""
_SOFTIRQS = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "RCU")
_COUNTED = ("/proc/net/snmp", "/proc/net/netstat", "/netrx/again/proc/net/snmp")
_COUNTED_BY = {  # halves of what the cards received: it is all delivered
    "Ip:": {"InReceives": 2, "InDelivers": 2, "OutRequests": 1},
    "Udp:": {"InDatagrams": 1},
    "Tcp:": {"InSegs": 1, "OutSegs": 1},
    "TcpExt:": {"TCPHPHits": 1, "TCPPureAcks": 1},
    "IpExt:": {"InNoECTPkts": 2, "InOctets": 900},
}
_PER_CPU = ("/proc/net/stat/nf_conntrack", "/proc/net/stat/rt_cache")


def big_host(cpus: int = 64, *, seed: int = 1, cards: int = 8, sockets: int = 300) -> SavedSnapshot:
    """Return two samples, five seconds apart, of a host with so many CPUs and queues per card."""
    base = take_sample(Tree(), full=True)
    return saved_snapshot(
        tuple(
            _sample(base, (cpus, cards, sockets), number, _Counts(seed, number))
            for number in (0, 1)
        )
    )


class _Counts(random.Random):
    """Draws the same counters for both samples; what was drawn has grown in the second."""

    def __init__(self, seed: int, sample: int) -> None:
        super().__init__(seed)
        self._sample = sample

    def count(self, most: int) -> int:
        """Return a counter below `most`, every fourth of which moved."""
        drawn = self.randrange(most - (1 << 20))
        grown = self.choice((0, 0, 0, self.randrange(1 << 20)))
        return drawn + grown * self._sample

    def busy(self, most: int) -> int:
        """Return a counter below `most` that moved."""
        return self.randrange(most - (1 << 20)) + self.randrange(1 << 20) * self._sample

    def few(self) -> int:
        """Return a counter that goes up by one now and then, as time_squeeze on a healthy host."""
        return self.randrange(1 << 20) + self.choice((0, 0, 0, 1)) * self._sample


def _sample(base: Sample, size: tuple[int, int, int], number: int, dice: _Counts) -> Sample:
    cpus, cards, sockets = size
    names = [f"ens{at}f0np0" for at in range(cards)]
    devices = [path for path in base.files if path.startswith("/sys/class/net/lo/")]
    files = {path: text for path, text in base.files.items() if not _is_device(path)}
    files.update({path: base.files[path] for path in devices})
    for name in names:
        files.update(_sysfs(name, base.files, devices, cpus, dice))
    for path in _PER_CPU:
        if path in files:
            head, row, *_ = files[path].split("\n")
            files[path] = f"{head}\n" + f"{row}\n" * cpus
    files["/proc/net/softnet_stat"] = softnet(cpus, dice)
    files["/proc/interrupts"] = interrupts(cpus, dice, names)
    files["/proc/softirqs"] = softirqs(cpus, dice)
    files["/proc/stat"] = stat(cpus, dice)
    files["/proc/uptime"] = f"{90_000 + 5 * number}.25 4000.10\n"
    files["/netrx/clock"] = f"monotonic {90_000 + 5 * number}.250\nrealtime 1763837100.123\n"
    links = tuple(_link(name, at + 2, dice) for at, name in enumerate(names))
    received = sum(link.statistics["rx_packets"] for link in links)
    files.update((path, _counted(files[path], received)) for path in _COUNTED if path in files)
    nics = tuple(_nic(name, cpus, dice) for name in names)
    return base._replace(
        files=files,
        links=links,
        nics=nics,
        sockets=_sockets(sockets, number, base),
        processes=_processes(),
    )


def _counted(text: str, received: int) -> str:
    """Return a file of IP's and its users' counters after so many packets, half of them UDP's."""
    lines = text.split("\n")
    for head, row in zip(range(0, len(lines) - 1, 2), range(1, len(lines), 2), strict=False):
        names, values = lines[head].split(), lines[row].split()
        for name, share in _COUNTED_BY.get(names[0], {}).items():
            if name in names:
                values[names.index(name)] = str(received * share // 2)
        lines[row] = " ".join(values)
    return "\n".join(lines)


def _is_device(path: str) -> bool:
    return path.startswith("/sys/class/net/") or (
        "/conf/" in path and "/all/" not in path and "/default/" not in path
    )


def _sysfs(
    name: str, base: Mapping[str, str], devices: list[str], cpus: int, dice: random.Random
) -> Iterator[tuple[str, str]]:
    folder = f"/sys/class/net/{name}/"
    for path in devices:
        below = path.removeprefix("/sys/class/net/lo/")
        if below.startswith("statistics/"):
            yield folder + below, f"{dice.count(1 << 40)}\n"
        elif not below.startswith("queues/"):
            yield folder + below, base[path]
    yield f"{folder}device/uevent", "DRIVER=ice\nPCI_CLASS=20000\nPCI_SLOT_NAME=0000:3b:00.0\n"
    yield f"{folder}operstate", "up\n"
    yield f"{folder}speed", "100000\n"
    yield f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "2\n"
    for queue in range(cpus):
        yield f"{folder}queues/rx-{queue}/rps_cpus", "00000000,00000000\n"
        yield f"{folder}queues/rx-{queue}/rps_flow_cnt", "0\n"


def softnet(cpus: int, dice: _Counts) -> str:
    """Return a softnet_stat as 6.18 writes it."""
    rows = []
    for cpu in range(cpus):
        words = [dice.count(1 << 31), 0, dice.few(), *[0] * 6, dice.count(1 << 24)]
        rows.append([*words, 0, 0, cpu, 0, 0])
    return "".join(" ".join(f"{word:08x}" for word in row) + "\n" for row in rows)


def interrupts(cpus: int, dice: _Counts, names: list[str]) -> str:
    """Return an /proc/interrupts of 200 lines."""
    lines = [" " * 12 + "".join(f"CPU{cpu:<8}" for cpu in range(cpus))]
    for number in range(_INTERRUPTS):
        counts = [0] * cpus
        counts[number % cpus] = dice.count(1 << 31)
        label = f"{names[number % len(names)]}-TxRx-{number // len(names)}"
        text = "".join(f"{count:>11}" for count in counts)
        lines.append(f"{number:>4}:{text}  IR-PCI-MSI {30_000_000 + number}-edge      {label}")
    return "\n".join(lines) + "\n"


def softirqs(cpus: int, dice: _Counts) -> str:
    """Return an /proc/softirqs."""
    lines = [" " * 20 + "".join(f"CPU{cpu:<8}" for cpu in range(cpus))]
    for name in _SOFTIRQS:
        counts = "".join(f"{dice.count(1 << 30):>11}" for _ in range(cpus))
        lines.append(f"{name:>12}:{counts}")
    return "\n".join(lines) + "\n"


def stat(cpus: int, dice: _Counts) -> str:
    """Return an /proc/stat with a row per CPU and a number per interrupt."""
    rows = [
        f"cpu{cpu} " + " ".join(str(dice.count(1 << 26)) for _ in range(10)) for cpu in range(cpus)
    ]
    numbers = " ".join(str(dice.choice((0, 0, 0, dice.count(1 << 31)))) for _ in range(900))
    return "\n".join(
        ["cpu  1 2 3 4 5 6 7 8 9 10", *rows, f"intr 99 {numbers}", "ctxt 1", "btime 1763000000", ""]
    )


def _link(name: str, number: int, dice: _Counts) -> Link:
    fields = _LINK_FIELDS.split()
    values = {field: dice.busy(1 << 40) if "packets" in field else 0 for field in fields}
    return Link(name, number, "", values, None, "none")


def _nic(name: str, queues: int, dice: _Counts) -> Nic:
    statistics = {f"rx_misc_{at}": 0 for at in range(60)}
    for way in ("rx", "tx"):
        for queue in range(queues):
            statistics[f"{way}_queue_{queue}_packets"] = dice.count(1 << 40)
            statistics[f"{way}_queue_{queue}_bytes"] = dice.count(1 << 48)
    return Nic(name, "ice", statistics, 2048, 8160, queues, queues, 50, True)


def _sockets(number: int, sample: int, base: Sample) -> SocketTable:
    sockets = [
        Socket(
            family="inet6" if at % 3 else "inet",
            protocol="tcp" if at % 2 else "udp",
            local=f"[::]:{9000 + at}" if at % 3 else f"0.0.0.0:{9000 + at}",
            remote="",
            inode=100_000 + at,
            cookie=5000 + at,
            uid=0,
            interface=0,
            unread_bytes=0,
            rmem_alloc_bytes=0 if at % _QUIET else 768 * sample,
            rcvbuf_bytes=212_992,
            backlog_bytes=0,
            drops=at % 2 or at // 20,
            accept_queue=0 if at % 2 else None,
            accept_limit=4096 if at % 2 else None,
        )
        for at in range(number)
    ]
    here = base.sockets.counts if base.sockets else {}
    counts = {**here, "udp/inet": 400, "udp/inet6": 120, "tcp": 900}
    return SocketTable(tuple(sockets), counts, "sock_diag")


def _processes() -> tuple[Process, ...]:
    return tuple(
        Process(100_000 + at, 1000 + at, f"server-{at}", "/system.slice/server.service", "S")
        for at in range(100)
    )
