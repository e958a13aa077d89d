"""One value per device, merged from rtnetlink, sysfs, ethtool and /proc/net/dev."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netrx_tune.collectors.net_class import (
    ROOT,
    NetClass,
    net_class_files,
    parse_mask,
    parse_net_class,
)
from netrx_tune.collectors.paths import QUEUES
from netrx_tune.collectors.text import attempt
from netrx_tune.model.sample import Gap, Link, Nic, Sample
from netrx_tune.model.snapshot import Device

_DEV = "/proc/net/dev"
_NO_FILES = NetClass({}, (), None, None, None, None, None)


def devices_of(
    sample: Sample, gaps: list[Gap], *, only_counters: bool = False
) -> dict[str, Device]:
    """Return the devices of the namespace; what does not read is added to `gaps`.

    rtnetlink knows them all. Without it any source may name one.

    Args:
        sample: of one moment.
        gaps: takes what does not read.
        only_counters: whether to leave out what sysfs says beside the statistics.
    """
    links = {link.name: link for link in sample.links or ()}
    is_told = links and all(link.statistics for link in links.values())
    classes = {} if is_told and only_counters else _classes(sample.files, links, gaps)
    nics = {nic.device: nic for nic in sample.nics or ()}
    sums = {} if is_told or _DEV not in sample.files else _sums(sample.files, gaps)
    return {
        name: _device(
            name,
            found=classes.get(name, _NO_FILES),
            link=links.get(name),
            nic=nics.get(name),
            sums=sums.get(name, {}),
        )
        for name in links or dict.fromkeys((*classes, *sums, *nics))
    }


def _sums(files: Mapping[str, str], gaps: list[Gap]) -> Mapping[str, Mapping[str, int]]:
    """Return what /proc/net/dev says of each device."""
    from netrx_tune.collectors.dev import parse_dev  # noqa: PLC0415 - not read where netlink is

    devices, problems = attempt(files, _DEV, parse_dev, gaps) or ({}, ())
    gaps.extend(problems)
    return devices


def _classes(
    files: Mapping[str, str], links: Mapping[str, Link], gaps: list[Gap]
) -> dict[str, NetClass]:
    """Return what sysfs says of each device, but for the statistics that `links` have."""
    classes = {}
    for name, below in net_class_files(files).items():
        known = links[name].statistics if name in links else {}
        classes[name], problems = parse_net_class(below, name, known)
        gaps.extend(problems)
    for device, masks in _masks_of_many_queues(files, gaps):
        classes[device] = classes.get(device, _NO_FILES)._replace(rps_cpus=masks)
    return classes


def _masks_of_many_queues(
    files: Mapping[str, str], gaps: list[Gap]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield devices with their RPS masks, where a snapshot has those in one file for all."""
    if QUEUES not in files:
        return
    from netrx_tune.collectors.queue_texts import parse_queue_texts  # noqa: PLC0415 - seldom

    for row in attempt(files, QUEUES, parse_queue_texts, gaps) or ():
        if row.file == "rps_cpus":
            path = f"{ROOT}{row.device}/queues/rx-N/rps_cpus"
            known = {text: attempt({path: text}, path, parse_mask, gaps) for text in {*row.texts}}
            yield row.device, tuple([m for text in row.texts if (m := known[text]) is not None])


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
    rx_otherhost_dropped; /proc/net/dev adds some up, so it speaks only where nothing else does, and
    the driver only where that is missing, too. The kind is rtnetlink's word, else the name's.
    """
    statistics = {**found.statistics, **(link.statistics if link else {})}
    return Device(
        name=name,
        statistics=statistics or sums or _by_driver(nic),
        kind=link.kind if link else _kind(name),
        nic=nic,
        peer_statistics=link.peer_statistics if link else None,
        xdp=link.xdp if link else "none",
        rps_cpus=found.rps_cpus,
        threaded=found.threaded,
        speed_mbits=found.speed_mbits,
        up=found.up,
    )


def _kind(name: str) -> str:
    """Return the kind that a device's name points to."""
    from netrx_tune.collectors.device_names import (  # noqa: PLC0415 - not where netlink is
        kind_by_name,
    )

    return kind_by_name(name)


def _by_driver(nic: Nic | None) -> Mapping[str, int]:
    """Return what a driver repeats of the kernel's statistics, where nothing else has them."""
    if nic is None:
        return {}
    from netrx_tune.collectors.ethtool import link_statistics  # noqa: PLC0415 - seldom

    return link_statistics(nic)
