"""Live: a table that the kernel makes larger than asked is what a profile says, and is undone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netrx_tune.host import sysctls
from netrx_tune.model.errors import ApplyError
from netrx_tune.planning.profile_bounds import as_kept
from tests.live.lab import alone, obstacle
from tests.live.sysctls import host_sysctls, sysctl_path

FLOWS = "net.core.rps_sock_flow_entries"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

pytestmark = [pytest.mark.live, pytest.mark.alone]


@pytest.mark.parametrize(
    ("key", "asked"),
    [(FLOWS, 1), (FLOWS, 12_345), (FLOWS, 32_768), ("net.netfilter.nf_conntrack_buckets", 65_537)],
)
def test_the_kernel_keeps_what_a_profile_asks_for(key: str, asked: int) -> None:
    if obstacle() or not os.access(sysctl_path(key), os.W_OK):
        pytest.skip(obstacle() or f"no {key} to write")
    with alone(), host_sysctls({key: asked}):
        assert as_kept(key, (asked,), PAGE_BYTES) == (int(sysctl_path(key).read_text()),)


def test_what_the_kernel_does_not_keep_as_it_was_written_is_put_back() -> None:
    if obstacle() or not os.access(sysctl_path(FLOWS), os.W_OK):
        pytest.skip(obstacle() or f"no {FLOWS} to write")
    with alone(), host_sysctls({FLOWS: 64}):
        with pytest.raises(ApplyError, match="written without an error, and it reads 16384"):
            sysctls.write("", FLOWS, "12345")
        assert Path(sysctl_path(FLOWS)).read_text() == "64\n"
