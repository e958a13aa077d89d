"""One value per device, merged from rtnetlink, sysfs, ethtool and /proc/net/dev."""

from __future__ import annotations

from collections.abc import Mapping

from netrx_tune.collectors.dev import parse_dev
from netrx_tune.collectors.net_class import NetClass, net_class_files, parse_net_class
from netrx_tune.collectors.text import attempt
from netrx_tune.model.sample import Gap, Link, Nic, Sample
from netrx_tune.model.snapshot import Device

_DEV = "/proc/net/dev"
_NO_FILES = NetClass({}, (), None, None, None, None, None, None, None)


def devices_of(sample: Sample, gaps: list[Gap]) -> dict[str, Device]:
    """Return all devices that any source names; what does not read is added to `gaps`."""
    classes = _classes(sample.files, gaps)
    links = {link.name: link for link in sample.links or ()}
    nics = {nic.device: nic for nic in sample.nics or ()}
    table = attempt(sample.files, _DEV, parse_dev, gaps)
    sums, problems = table if table is not None else ({}, ())
    gaps.extend(problems)
    return {
        name: _device(
            name,
            found=classes.get(name, _NO_FILES),
            link=links.get(name),
            nic=nics.get(name),
            sums=sums.get(name, {}),
        )
        for name in dict.fromkeys((*links, *classes, *sums))
    }


def _classes(files: Mapping[str, str], gaps: list[Gap]) -> dict[str, NetClass]:
    """Return what sysfs says of each device."""
    classes = {}
    for name, below in net_class_files(files).items():
        classes[name], problems = parse_net_class(below, name)
        gaps.extend(problems)
    return classes


def _device(
    name: str,
    *,
    found: NetClass,
    link: Link | None,
    nic: Nic | None,
    sums: Mapping[str, int],
) -> Device:
    """Return one device.

    rtnetlink has every field of its statistics and one moment for all of them; sysfs lacks
    rx_otherhost_dropped; /proc/net/dev adds some up, so it speaks only where nothing else does.
    """
    statistics = {**found.statistics, **(link.statistics if link else {})}
    return Device(
        name=name,
        statistics=statistics or sums,
        kind=link.kind if link else "",
        nic=nic,
        peer_statistics=link.peer_statistics if link else None,
        xdp=link.xdp if link else "none",
        rps_cpus=found.rps_cpus,
        threaded=found.threaded,
        speed_mbits=found.speed_mbits,
        up=found.up,
    )
