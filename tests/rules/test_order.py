"""What findings are ordered by: the worst first, and strays behind what was lost."""

from __future__ import annotations

from tests import scenario


def test_strays_come_after_the_losses_of_their_severity() -> None:
    udp = {"Udp.InDatagrams": 900_000, "Udp.NoPorts": 700, "Udp.IgnoredMulti": 800}
    errors = {"Udp.InErrors": 30, "Udp.RcvbufErrors": 30, "Udp.InCsumErrors": 0}
    diagnosis = scenario.diagnose({"after": {"counters": {**udp, **errors}}})
    assert [finding.stage for finding in diagnosis.findings] == [
        "udp-rcvbuf-full",
        "udp-mcast-nolistener",
        "udp-no-port",
    ]
