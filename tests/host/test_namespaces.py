"""Namespaces are entered as their processes see them."""

from __future__ import annotations

import os

import pytest

from netrx_tune.host.namespaces import enter, own_inode
from tests.live.children import Place, run_in

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
