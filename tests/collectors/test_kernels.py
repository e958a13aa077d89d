"""Each kernel generation's own files become one snapshot; the cases are in kernels/*.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from netrx_tune.collectors.assemble import assemble
from netrx_tune.model.sample import Sample
from netrx_tune.model.snapshot import Snapshot

CASES = sorted((Path(__file__).parent / "kernels").glob("*.yaml"))


def said(snapshot: Snapshot) -> dict[str, Any]:
    """Return what a case expects, without what is empty."""
    host, table = snapshot.host, snapshot.sockets
    found: dict[str, Any] = {
        "release": host.release,
        "distribution": host.distribution,
        "cpus": host.cpus,
        "initial_netns": host.initial_netns,
        "sandbox": host.sandbox,
        "counters": snapshot.counters,
        "levels": snapshot.levels,
        "per_cpu": {name: list(row) for name, row in snapshot.per_cpu.items()},
        "softnet": [list(row) for row in snapshot.softnet or ()],
        "settings": {name: list(values) for name, values in snapshot.settings.items()},
        "devices": {name: device.statistics for name, device in snapshot.devices.items()},
        "sockets": [
            [each.protocol, each.local, each.unread_bytes, each.drops]
            for each in (table.sockets if table else ())
        ],
        "counts": table.counts if table else {},
        "gaps": [gap.detail for gap in snapshot.gaps],
    }
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_files_of_a_kernel_say_exactly_this(case: Path) -> None:
    spec = yaml.safe_load(case.read_text(encoding="utf-8"))
    assert said(assemble(Sample(spec["files"]))) == spec["expect"]
