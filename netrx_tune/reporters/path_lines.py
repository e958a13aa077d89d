"""The receive path in words, stage by stage, with one host's counters and settings beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.model.stage import Layer, Stage
from netrx_tune.reporters.plain import BLANK, Block, layout
from netrx_tune.rxpath.stages import LAYERS, STAGES, exists

LAYER_TITLES: dict[Layer, str] = {
    "device": "Device and driver",
    "softirq": "Softirq and the CPUs' queues",
    "core": "Core: taps and classifiers",
    "ip": "IP: header, firewall, fragments, routing, delivery",
    "udp": "UDP: arrival, socket, read",
    "tcp": "TCP",
    "books": "Losses that totals show and no counter names",
}
_FIGURE_COLUMNS = 14
_LEGEND = (
    "no counter: the kernel counts it nowhere by a name of its own",
    "not visible: this kernel, or this account, does not show the counter",
    "at most: other stages that lost something move the same counter",
)


def path_lines(
    counters: Mapping[str, int] | None = None,
    settings: Mapping[str, tuple[int, ...]] | None = None,
    width: int = 80,
    *,
    kernel: KernelVersion | None = None,
    stages: tuple[Stage, ...] = STAGES,
    color: bool = False,
) -> list[str]:
    """Return the path as lines of text: layers, their stages, and what the host shows there.

    `counters` are what values_of() gives; they and `settings` are None for no host. Stages that
    `kernel` does not have are left out.
    """
    blocks: list[Block] = []
    for layer in LAYERS:
        here = [one for one in stages if one.layer == layer and exists(one, kernel)]
        if here:
            blocks.append(Block(LAYER_TITLES[layer], style="title"))
            blocks += [block for one in here for block in _stage(one, counters, settings)]
            blocks.append(BLANK)
    if counters is not None:
        blocks += [Block(line, hang=2) for line in _LEGEND]
    return layout(blocks, width=width, color=color).rstrip("\n").split("\n")


def values_of(snap: Snapshot) -> dict[str, int]:
    """Return a moment's counters under the names that stages use, summed over CPUs and devices."""
    values = dict(snap.counters)
    for name, rows in snap.per_cpu.items():
        values[name] = sum(rows)
    for row in snap.softnet or ():
        for column in ("processed", "dropped", "time_squeeze", "received_rps", "flow_limit_count"):
            count = getattr(row, column)
            if count is not None:
                _add(values, f"softnet.{column}", count)
    _add_devices(values, snap)
    for rule in snap.rules or ():
        if rule.verdict != "other":
            _add(values, f"{rule.source}.{rule.hook}", rule.packets)
    _add_sockets(values, snap)
    return values


def _add(values: dict[str, int], name: str, count: int) -> None:
    values[name] = values.get(name, 0) + count


def _add_devices(values: dict[str, int], snap: Snapshot) -> None:
    from netrx_tune.rxpath.books.bonds import counted_once  # noqa: PLC0415 - of a host alone

    for device in counted_once(snap.devices.values())[0]:
        for name, count in device.statistics.items():
            _add(values, "rx_dropped" if name == "rx_dropped_or_missed" else name, count)
        for name, count in (device.peer_statistics or {}).items():
            _add(values, f"peer.{name}", count)
        for name, count in (device.nic.statistics if device.nic else {}).items():
            _add(values, f"ethtool.{name}", count)


def _add_sockets(values: dict[str, int], snap: Snapshot) -> None:
    """Add sockets' drops; a family without any listed socket has lost nothing."""
    if snap.sockets is None:
        return
    for protocol in ("udp", "packet", "raw", "tcp"):
        values.setdefault(f"{protocol}_socket.drops", 0)
    for sock in snap.sockets.sockets:
        protocol = "udp" if sock.protocol == "udplite" else sock.protocol
        _add(values, f"{protocol}_socket.drops", sock.drops or 0)


def _stage(
    one: Stage,
    counters: Mapping[str, int] | None,
    settings: Mapping[str, tuple[int, ...]] | None,
) -> Iterator[Block]:
    text = f"{one.name}: {one.title}"
    if counters is None:
        yield Block(text, indent=2, hang=2)
    else:
        label = _figure(one, counters).rjust(_FIGURE_COLUMNS)
        yield Block(text, hang=_FIGURE_COLUMNS + 2, label=f"{label}  ")
    details = [
        *(f"{name} {counters[name]:,}" for name in one.counters if counters and counters.get(name)),
        *_settings(one, settings or {}),
    ]
    if details:
        yield Block("; ".join(details), indent=_FIGURE_COLUMNS + 2)


def _figure(one: Stage, counters: Mapping[str, int]) -> str:
    """Return a stage's count, or why there is none."""
    if not one.counters:
        return "no counter"
    seen = [name for name in one.counters if name in counters]
    if not seen:
        return "not visible"
    total = sum(counters[name] for name in seen)
    shared = any(
        counters[name] and name in other.also and any(counters.get(n) for n in other.counters)
        for other in STAGES
        for name in seen
    )
    return f"at most {total:,}" if shared else f"{total:,}"


def _settings(one: Stage, settings: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """Yield "net.core.rmem_max=212992" for the knobs that the host shows."""
    for name in dict.fromkeys(knob.replace(".conf.IF.", ".conf.all.") for knob in one.knobs):
        if name in settings:
            yield f"{name}={' '.join(str(number) for number in settings[name])}"
