"""Namespaces are entered as their processes see them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netrx_tune.host.namespaces import enter, own_inode
from tests.live.children import Place, run_in
from tests.live.netns import namespace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: enters network namespaces"),
]


def test_a_namespace_whose_sys_is_mounted_already_can_be_entered() -> None:
    here = own_inode()

    def twice() -> bool:
        enter("/proc/self/ns/net")
        enter("/proc/self/ns/net")
        return own_inode() == here

    assert run_in(Place(), twice) is True


def names(folder: str) -> list[str]:
    return sorted(entry.name for entry in Path(folder).iterdir())


def test_control_groups_are_seen_from_inside_and_the_mounts_outside_stay_as_they_are() -> None:
    mounts = Path("/proc/self/mounts").read_text()

    def seen() -> tuple[list[str], list[str]]:
        enter(netns)
        return names("/sys/fs/cgroup"), names("/sys/class/net")

    with namespace("groups") as name:
        netns = f"/run/netns/{name}"
        assert run_in(Place(), seen) == (names("/sys/fs/cgroup"), ["lo"])
        assert Path("/proc/self/mounts").read_text().count("cgroup") == mounts.count("cgroup")
