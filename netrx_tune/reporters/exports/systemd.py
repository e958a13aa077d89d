"""sysctl.d, modules-load.d and a unit for what no sysctl expresses: rings and RPS.

Source: modules-load.d(5), systemd.service(5).
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports import sysctl
from netrx_tune.reporters.exports.wanted import Export, File, header, rings, writes

_UNIT = "netrx-tune-devices.service"


def render(found: Export) -> tuple[File, ...]:
    """Return the files; the unit only where a device is to be set."""
    unit = tuple(_lines(found))
    units = (File(f"/etc/systemd/system/{_UNIT}", "\n".join(unit) + "\n"),) if unit else ()
    return (*sysctl.render(found), *sysctl.module_files(found), *units)


def _lines(found: Export) -> Iterator[str]:
    commands = [f"/usr/sbin/ethtool -G {one.device} rx {one.frames}" for one in rings(found)]
    commands += [f"/bin/sh -c 'echo {one.value} > {one.path}'" for one in writes(found)]
    if not commands:
        return
    yield from header(found._replace(settings=()), f"systemctl disable --now {_UNIT}; boot again.")
    yield f"# Enable: systemctl enable --now {_UNIT}"
    yield "[Unit]"
    yield f"Description=Receive rings and RPS (netrx-tune profile {found.profile.name})"
    yield "After=systemd-sysctl.service network.target"
    yield ""
    yield "[Service]"
    yield "Type=oneshot"
    yield "RemainAfterExit=yes"
    yield from (f"ExecStart={command}" for command in commands)
    yield ""
    yield "[Install]"
    yield "WantedBy=multi-user.target"
