"""Every fault the lab can make, one module per family."""

from __future__ import annotations

from tests.live.faults import (
    buffers,
    checksums,
    crowds,
    fragments,
    healthy,
    ip,
    mixed,
    multicast,
    policies,
    softirq,
    tcp,
)

FAULTS = (
    *buffers.FAULTS,
    *crowds.FAULTS,
    *checksums.FAULTS,
    *policies.FAULTS,
    *ip.FAULTS,
    *fragments.FAULTS,
    *multicast.FAULTS,
    *softirq.FAULTS,
    *tcp.FAULTS,
    *mixed.FAULTS,
    *healthy.FAULTS,
)
