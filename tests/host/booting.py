"""Proof that the value after boot is foreseen: held against systemd-sysctl and procps.

`python -m tests.host.booting` (root) makes conflicting files in scratch folders, lets both
loaders read them in a network namespace of its own, and compares a key of that namespace.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.host.survey import boot_files
from netrx_tune.planning.boot import PROCPS, SYSTEMD, at_boot
from tests.host.inside import is_inside, scratch

KEY = "net.ipv4.ipfrag_time"
FILE = Path("/proc/sys/net/ipv4/ipfrag_time")
DEFAULT = 30
FOLDERS = ("/etc/sysctl.d", "/run", "/usr/local/lib", "/usr/lib/sysctl.d")
NAMES = ("10-a", "60-b", "90-m", "90", "90-netrx-tunf", "90-z", "99-x", ".99-hidden", "Z", "~z")
LINES = (
    f"{KEY} = {{}}",
    f"{KEY}={{}}",
    "net/ipv4/ipfrag_time = {}",
    f"-{KEY} = {{}}",
    f"- {KEY} = {{}}",
    f"# {KEY} = {{}}",
    f"  ; {KEY} = {{}}",
    f"{KEY} = 0x{{}}",
    f"{KEY} = 0{{}}",
    f"{KEY} = abc",
    f"{KEY} = {{}} # words",
    "net.ipv4.ipfrag_tim* = {}",
    f"-{KEY}",
    "net.ipv4/ipfrag_time = {}",
    f"\t{KEY}\t=\t{{}}\r",
    "no assignment",
)
SYSTEMD_PROGRAMS = ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")


def make(chance: random.Random) -> None:
    """Write our file and up to six others; one name may stand in several folders."""
    for folder in FOLDERS:
        place = Path(folder if folder.endswith(".d") else folder + "/sysctl.d")
        shutil.rmtree(place, ignore_errors=True) if place != Path(folder) else None
        place.mkdir(exist_ok=True)
        for path in place.iterdir():
            path.unlink()
    Path(OURS).write_text(f"{KEY} = 77\n")
    for _ in range(chance.randrange(7)):
        folder = chance.choice(FOLDERS)
        place = Path(folder if folder.endswith(".d") else folder + "/sysctl.d")
        target = place / f"{chance.choice(NAMES)}.conf"
        target.unlink(missing_ok=True)
        if chance.random() < 0.1:
            target.symlink_to("/dev/null")
        else:
            target.write_text(text(chance))
    Path("/etc/sysctl.conf").write_text(text(chance) if chance.random() < 0.3 else "")


def text(chance: random.Random) -> str:
    lines = [
        chance.choice(LINES).format(chance.randrange(10, 60)) for _ in range(chance.randrange(1, 4))
    ]
    return "\n".join(lines) + chance.choice(["", "\n"])


def measured(command: list[str]) -> int:
    FILE.write_text(f"{DEFAULT}\n")
    subprocess.run(command, capture_output=True, check=False)
    return int(FILE.read_text())


def main() -> None:
    """Compare as many cases as the last argument says."""
    if not is_inside("tests.host.booting"):
        return
    loaders = {PROCPS: ["sysctl", "--system"]}
    systemd = next((one for one in SYSTEMD_PROGRAMS if Path(one).exists()), None)
    if systemd:
        loaders[SYSTEMD] = [systemd]
    chance = random.Random(4)  # noqa: S311 - the same cases each time
    right = dict.fromkeys(loaders, 0)
    with scratch(FOLDERS) as base:
        conf = base / "sysctl.conf"
        conf.touch()
        subprocess.run(["mount", "--bind", conf, "/etc/sysctl.conf"], check=True)
        for number in range(200):
            make(chance)
            foreseen = {one.loader: one for one in at_boot(boot_files(""), [KEY])}
            for loader, command in loaders.items():
                want = (foreseen[loader].values or (DEFAULT,))[0]
                got = measured(command)
                assert got == want, (number, loader, foreseen[loader], got, boot_files(""))
                right[loader] += 1
        subprocess.run(["umount", "/etc/sysctl.conf"], check=True)
    for loader, count in sorted(right.items()):
        sys.stdout.write(f"{loader}: {count} of {count} values after boot foreseen\n")


if __name__ == "__main__":
    main()
