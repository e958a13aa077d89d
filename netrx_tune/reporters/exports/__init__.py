"""A profile for other tools: each format is one module, one or more files.

A floor that a format cannot express becomes the larger of profile and host, number by number,
where the host's value is known; else a comment says that nobody compared.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Protocol, cast

from netrx_tune.model.profile import Profile
from netrx_tune.reporters.exports.wanted import Export, File, wanted

# Format -> what it is, in the order of --help.
FORMATS = {
    "sysctl": "a file for /etc/sysctl.d",
    "tuned": "a profile of tuned, with floors",
    "ansible": "tasks with ansible.posix.sysctl",
    "nto": "a Tuned resource of OpenShift's Node Tuning Operator",
    "networkd": "sysctl.d, modules-load.d, and .link files for rings and RPS",
    "systemd": "sysctl.d, modules-load.d, and a unit for rings and RPS",
    "nix": "a NixOS module",
    "shell": "a POSIX shell script that never lowers a value",
    "json": "the profile itself, for programs; reads back as a profile",
}
_MODULES = {"json": "document"}
# Those that may be more than one file.
SEVERAL = frozenset({"networkd", "systemd"})


class _Format(Protocol):
    def render(self, found: Export) -> tuple[File, ...]: ...


def export(profile: Profile, now: Mapping[str, tuple[int, ...]], kind: str) -> tuple[File, ...]:
    """Return the files of a format, one of FORMATS; a key that is not in `now` is unknown."""
    module = importlib.import_module(f"netrx_tune.reporters.exports.{_MODULES.get(kind, kind)}")
    return cast("_Format", module).render(Export(profile, wanted(profile, now)))


def joined(files: tuple[File, ...]) -> str:
    """Return files as one text: alone as it is, several each below its path."""
    if len(files) == 1:
        return files[0].text
    return "\n".join(f"# ==> {one.path} <==\n{one.text}" for one in files)
