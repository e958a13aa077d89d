"""sysctl.d, modules-load.d and a .link file for each device with a ring or RPS to set.

Source: systemd.link(5): RxBufferSize= from 244, ReceivePacketSteeringCPUMask= from 256, which
takes numbers of CPUs, not a mask. Of all
.link files that match a device only the first counts, so what 99-default.link says stands here
again.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports import sysctl
from netrx_tune.reporters.exports.wanted import Export, File, header, rings, writes


def render(found: Export) -> tuple[File, ...]:
    """Return the files; links only where a device is to be set."""
    devices = dict.fromkeys(one.device for one in rings(found))
    devices.update(dict.fromkeys(one.device for one in writes(found)))
    links = tuple(
        File(f"/etc/systemd/network/60-netrx-tune-{device}.link",
             "\n".join(_link(found, device)) + "\n")
        for device in devices
    )  # fmt: skip
    return (*sysctl.render(found), *sysctl.module_files(found), *links)


def _link(found: Export, device: str) -> Iterator[str]:
    yield from header(found._replace(settings=()), "remove this file and boot again.")
    yield "# Where devices are renamed at boot, match Path= or PermanentMACAddress= (networkctl"
    yield "# status tells) instead of the name."
    yield "[Match]"
    yield f"OriginalName={device}"
    yield ""
    yield "[Link]"
    yield "NamePolicy=keep kernel database onboard slot path"
    yield "AlternativeNamesPolicy=database onboard slot path mac"
    yield "MACAddressPolicy=persistent"
    yield from (f"RxBufferSize={one.frames}" for one in rings(found) if one.device == device)
    for one in writes(found):
        if one.device == device and one.path.endswith("rps_cpus"):
            yield "# From systemd 256; older ones warn and go on."
            yield f"ReceivePacketSteeringCPUMask={_cpus(one.value)}"
            return


def _cpus(mask: str) -> str:
    """Return "0 1 5" for the mask 23."""
    bits = int(mask.replace(",", "") or "0", 16)
    return " ".join(str(cpu) for cpu in range(bits.bit_length()) if bits >> cpu & 1)
