"""What a host or an image shows of a profile's keys, and the files that set them at boot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.collectors.host import host_facts
from netrx_tune.collectors.sysctl_d import OURS, PATTERNS
from netrx_tune.host import sysctls
from netrx_tune.host.capture import expanded
from netrx_tune.host.journal import Entry
from netrx_tune.host.namespaces import is_guest
from netrx_tune.host.profiles import load, memory, shelf
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import ApplyError
from netrx_tune.model.profile import Profile
from netrx_tune.planning.boot import AtBoot, overriding
from netrx_tune.planning.changes import Changes, Place, Values, plan_changes
from netrx_tune.planning.plan_values import Host
from netrx_tune.planning.profile import Memory
from netrx_tune.planning.profile_memory import beyond_memory
from netrx_tune.planning.tunables import module_of
from netrx_tune.reporters.plain import capitalised
from netrx_tune.reporters.sysctl_file import sysctl_file

_FACTS = (
    "/proc/sys/kernel/osrelease",
    "/proc/version",
    "/proc/sys/net/core/somaxconn",
    "/proc/sys/net/core/netdev_max_backlog",
)


_ELSEWHERE = (
    f"This is a network namespace of its own: {OURS} is read when the system in it boots, if one"
    " does. Else it gets its values again from what creates it (docker run --sysctl, a pod's"
    " securityContext.sysctls, a unit). --runtime-only writes no file."
)
_NOT_OURS = (
    "no file is written: process 1 lives in another network namespace, and what /etc/sysctl.d sets"
    " at boot is that one's. What is set here lasts as long as this namespace; what creates it has"
    " to set it again"
)


# Source: modules-load.d(5); modules(5).
_MODULE_FILES = (
    *(f"{folder}/modules-load.d/*.conf" for folder in ("/etc", "/run", "/usr/lib", "/lib")),
    "/etc/modules",
)
_MODULE = (
    "keys of {0} exist at boot only once the module is loaded, and nothing loads it early, so that"
    " the file may come too soon: echo {0} > /etc/modules-load.d/netrx-tune.conf (undo: remove that"
    " file). kube-proxy, where it runs, sets limits of connection tracking by itself."
)


class Survey(NamedTuple):
    """What a profile would change; `text` is our file afterwards, None where it stays."""

    changes: Changes
    text: str | None
    at_boot: tuple[AtBoot, ...]
    notes: tuple[str, ...] = ()


def load_profile(name_or_path: str, root: str) -> Profile:
    """Return a profile for this host's memory, or for the image's, if it tells.

    Raises:
        NetrxError: there is none, or it is refused.
    """
    return load(name_or_path, _memory(root), shelf(root=root))


def _memory(root: str) -> Memory:
    """Return the memory of a host; an image has none, whatever builds it."""
    return memory(Tree(root)) if sysctls.has_running_values(root) else Memory(None)


def boot_files(root: str) -> dict[str, str]:
    """Return the texts of all files that set sysctls at boot."""
    tree = Tree(root)
    paths = [path for pattern in PATTERNS for path in expanded(tree, pattern)]
    texts = {path: tree.read(path) for path in paths}
    return {path: text for path, text in texts.items() if isinstance(text, str)}


def survey(
    root: str,
    profile: Profile,
    entries: tuple[Entry, ...],
    *,
    runtime: bool,
    persist: bool,
    trial: bool = False,
) -> Survey:
    """Return what a profile would change, of the running values, the file, or both.

    A trial by a user who may not write shows what root would change.

    Raises:
        ApplyError: only the file is to be written, and it would be for another namespace.
    """
    theirs = persist and not root and is_guest()
    if theirs and not runtime:
        raise ApplyError(f"--persist-only: {_NOT_OURS}")
    place = _place(root, entries, boot_files(root))
    place = place._replace(beyond_memory=beyond_memory(profile, _host(root)))
    seen = sysctls.look(Tree(root), [setting.key for setting in profile.settings])
    if trial and place.initial_netns is not False:
        denied = {key: one for key, one in seen.items() if one.obstacle == "denied"}
        seen.update({key: one._replace(obstacle="") for key, one in denied.items() if one.text})
    changes = plan_changes(profile, seen, place)
    if not runtime:
        changes = changes._replace(running=())
    if theirs or not persist:
        changes = changes._replace(lines=())
    old = place.files.get(OURS, "")
    text = sysctl_file(old, profile.name, changes.lines)
    wanted = {line.key: line.proposed for line in changes.lines}
    if text == old:
        changes = changes._replace(lines=())
    notes = tuple(_notes(root, place, changes)) if text != old else ()
    return Survey(
        changes,
        text if text != old else None,
        overriding({**place.files, OURS: text}, wanted),
        (capitalised(f"{_NOT_OURS}."),) if theirs and changes.running else notes,
    )


def _notes(root: str, place: Place, changes: Changes) -> Iterator[str]:
    """Yield what to know of the file: whose it is, and what must be loaded before it is read."""
    if place.initial_netns is False and changes.lines:
        yield _ELSEWHERE
    for name in dict.fromkeys(filter(None, (module_of(one.key) for one in changes.lines))):
        if name not in _loaded_at_boot(root):
            yield _MODULE.format(name)


def _loaded_at_boot(root: str) -> frozenset[str]:
    """Return the modules that a file of modules-load.d names."""
    tree = Tree(root)
    paths = [path for pattern in _MODULE_FILES for path in expanded(tree, pattern)]
    texts = [text for path in paths if isinstance(text := tree.read(path), str)]
    return frozenset(line.strip() for text in texts for line in text.splitlines())


def _host(root: str) -> Host:
    total, page_bytes = _memory(root)
    return Host({}, total, page_bytes, os.cpu_count() or 1)


def _place(root: str, entries: tuple[Entry, ...], files: dict[str, str]) -> Place:
    tree = Tree(root)
    texts = {path: tree.read(path) for path in _FACTS}
    facts = host_facts({p: t for p, t in texts.items() if isinstance(t, str)}, None, [])
    held = frozenset(value.key for entry in entries for value in entry.values)
    has_kernel = sysctls.has_running_values(root)
    return Place(facts.kernel, facts.initial_netns, has_kernel, files, held)


def lines_of(text: str) -> dict[str, Values]:
    """Return what our file sets."""
    from netrx_tune.collectors.sysctl_d import (  # noqa: PLC0415 - for status only
        kernel_numbers,
        parse_sysctl_conf,
    )

    return {one.key: kernel_numbers(one.value) for one in parse_sysctl_conf(text, OURS)}
