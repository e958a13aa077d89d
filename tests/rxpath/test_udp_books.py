"""UDP's books close on every kernel: each error is charged once, and none is negative."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.assemble import assemble
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Sample, Socket, SocketTable
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath.books.udp import udp_accounts
from netrx_tune.rxpath.books.udp_errors import errors_of
from netrx_tune.rxpath.delta import between, since_boot

_RELEASES = (
    "2.6.18-419.el5", "2.6.32-754.el6", "3.10.104", "3.10.0-514.el7", "3.10.0-1160.el7", "3.13.0",
    "3.16.0", "4.4.0", "4.9.0", "4.15.0", "5.10.0", "5.15.0", "6.12.0", "6.18.44", "7.3.4",
)  # fmt: skip
_NOT_ERRORS = {"udp-no-port", "udp-mcast-nolistener"}
_count = st.integers(0, 1000)


def _sample(release: str, udp: Mapping[str, int], drops: int | None, pages: int | None) -> Sample:
    names, values = " ".join(udp), " ".join(map(str, udp.values()))
    files = {
        "/proc/uptime": "10.00 0.00\n",
        "/proc/sys/kernel/osrelease": f"{release}\n",
        "/proc/net/snmp": f"Udp: {names}\nUdp: {values}\n",
    }
    if pages is not None:
        files["/proc/net/sockstat"] = f"UDP: inuse 1 mem {pages}\n"
        files["/proc/sys/net/ipv4/udp_mem"] = "100 200 300\n"
    table = None
    if drops is not None:
        sock = Socket("inet", "udp", "0.0.0.0:1", "", 1, None, 0, 0, 0, 0, 212992, 0, drops)
        table = SocketTable((sock,), {"udp/inet": 1}, "sock_diag")
    return Sample(files, sockets=table)


def _delta(
    release: str, udp: Mapping[str, int], drops: int | None, pages: int | None, *, boot: bool
) -> Delta:
    after = assemble(_sample(release, udp, drops, pages))
    if boot:
        return since_boot(after)
    nothing = dict.fromkeys(udp, 0)
    before = assemble(_sample(release, nothing, None if drops is None else 0, pages))
    return between(before, after, live=False)


@given(
    release=st.sampled_from(_RELEASES),
    errors=st.tuples(_count, _count, _count, _count),
    columns=st.integers(1, 4),
    drops=st.none() | _count,
    pages=st.none() | st.sampled_from((1, 100)),
    boot=st.booleans(),
)
def test_every_error_is_charged_once(
    release: str,
    errors: tuple[int, int, int, int],
    columns: int,
    drops: int | None,
    pages: int | None,
    boot: bool,
) -> None:
    fields = ("InErrors", "RcvbufErrors", "InCsumErrors", "MemErrors")[:columns]
    udp = {"InDatagrams": 1000, "NoPorts": 0, **dict(zip(fields, errors, strict=False))}
    delta = _delta(release, udp, drops, pages, boot=boot)
    accounts = udp_accounts(delta)
    found = errors_of(delta)
    assert found is not None
    charged = sum(a.lost or 0 for a in accounts if a.stage not in _NOT_ERRORS)
    silent = _silent(release, accounts, udp)
    assert charged - silent == found.in_errors - (found.memory if _frozen(release, udp) else 0)
    assert all(a.lost is None or a.lost >= 0 for a in accounts)
    assert all((a.lost is None) == (a.bound == "unseen") for a in accounts)


def _frozen(release: str, udp: Mapping[str, int]) -> bool:
    """Tell a kernel that never moves MemErrors: what a test gives it there is no loss."""
    return release.startswith("6.18") and "MemErrors" in udp


def _silent(release: str, accounts: tuple[Account, ...], udp: Mapping[str, int]) -> int:
    """Return the memory refusals that InErrors does not hold."""
    if not _frozen(release, udp):
        return 0
    return next(a.lost or 0 for a in accounts if a.stage == "udp-proto-mem")


def _lost(table: SocketTable, stage: str) -> int:
    """Return what a stage lost of 50 errors without a name between two such lists."""
    samples = (
        _sample("6.1.0", {"InDatagrams": read, "InErrors": lost, "RcvbufErrors": 0}, None, None)
        for read, lost in ((0, 0), (900, 50))
    )
    before, after = (assemble(sample._replace(sockets=table)) for sample in samples)
    accounts = udp_accounts(between(before, after, live=False))
    return sum(one.lost or 0 for one in accounts if one.stage == stage)


def test_lists_that_show_no_drops_of_udp_put_no_error_before_the_sockets() -> None:
    hidden = Socket("inet", "udp", "0.0.0.0:1", "", 1, None, 0, 0, 0, None, None, None, None)
    listener = hidden._replace(protocol="tcp", drops=0)
    for table in (
        SocketTable((hidden,), {"udp/inet": 1}, "sock_diag"),
        SocketTable((listener,), {"tcp/inet": 1}, "sock_diag"),
    ):
        assert _lost(table, "udp-short") == 0
        assert _lost(table, "udp-unattributed") == 50


def test_on_a_kernel_that_counts_refused_memory_nowhere_drops_of_ipv6_are_not_taken_for_it() -> (
    None
):
    udp = {"InDatagrams": 900, "InErrors": 0, "RcvbufErrors": 0, "InCsumErrors": 0, "MemErrors": 0}
    sample = _sample("6.18.4", udp, 30, None)
    assert sample.sockets is not None
    six = sample.sockets.sockets[0]._replace(family="inet6", local="[::]:443")
    table = SocketTable((six,), {"udp/inet6": 1}, "sock_diag")
    accounts = udp_accounts(since_boot(assemble(sample._replace(sockets=table))))
    lost = {one.stage: (one.lost, one.bound) for one in accounts if one.lost}
    assert lost == {"udp-rcvbuf-full": (30, "at-most")}
