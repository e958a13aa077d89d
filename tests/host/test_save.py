"""Writing a snapshot: what is written is what is read, whole or not at all, for its owner."""

import gzip
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from netrx_tune.host.archive import read_snapshot, write_snapshot
from netrx_tune.model.errors import InputError
from netrx_tune.model.sample import (
    Gap,
    Link,
    Nic,
    Process,
    RuleCounter,
    Sample,
    Socket,
    SocketTable,
)
from netrx_tune.reporters.snapshot_files import BOOT_ID, Moment, SavedSnapshot, saved_snapshot
from tests.host.packing import SNMP, pack

SOCKET = Socket(
    family="inet6",
    protocol="udp",
    local="[::1]:53",
    remote="",
    inode=4711,
    cookie=2**64 - 1,
    uid=0,
    interface=0,
    unread_bytes=2304,
    rmem_alloc_bytes=4608,
    rcvbuf_bytes=212992,
    backlog_bytes=0,
    drops=7,
)
FULL = Sample(
    files={
        "/proc/net/snmp": SNMP,
        "/proc/uptime": "100.25 300.00\n",
        "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
        "/sys/class/net/eth0/statistics/rx_dropped": "12\n",
        "/netrx/clock": "monotonic 100.251\nrealtime 1763837100.5\n",
        BOOT_ID: "0d6d3d8f-16e3-4c3e-a1a0-2f5d0ad3b9c4\n",
    },
    gaps=(Gap("/proc/net/xfrm_stat", "absent", "No such file or directory"),),
    sockets=SocketTable((SOCKET,), {"udp/inet6": 3}, "sock_diag"),
    links=(Link("eth0", 2, "veth", {"rx_packets": 5}, {"tx_dropped": 1}, "native"),),
    nics=(Nic("eth0", "veth", {"rx_xdp_drops": 1}, 256, None, 4, 4, 8, False),),
    rules=(RuleCounter("nft", "inet filter input handle 7", "input", "drop", 9),),
    processes=(Process(4711, 99, 'na"me\n\x1b[31m', "/system.slice/dns.service", "S"),),
)
BARE = Sample(files={"/proc/net/snmp": SNMP, "/proc/uptime": "105.50 1.00\n"}, links=())


def without_boot(saved: SavedSnapshot) -> SavedSnapshot:
    """Return a snapshot without what is not written as it is, or not at all."""
    samples = []
    for sample in saved.samples:
        files = {path: text for path, text in sample.files.items() if path != BOOT_ID}
        samples.append(sample._replace(files=files))
    return saved._replace(samples=tuple(samples), meta={}, places=None)


@pytest.mark.parametrize("name", ["saved.tar.gz", "saved"])
def test_what_is_written_is_what_is_read(tmp_path: Path, name: str) -> None:
    saved = saved_snapshot((FULL, BARE), netns="blue")
    write_snapshot(str(tmp_path / name), saved, "1.2.3")
    got = read_snapshot(str(tmp_path / name))
    assert without_boot(got) == without_boot(saved)
    assert got.meta == {"tool": "1.2.3"}
    assert got.kernel is None  # the last sample says nothing of it
    assert got.times == (Moment("2025-11-22T18:45:00.500Z", 100.25), Moment(None, 105.5))
    assert got.seconds == 5.25


def test_the_boot_id_is_told_apart_but_not_told(tmp_path: Path) -> None:
    path = tmp_path / "saved.tar.gz"
    write_snapshot(str(path), saved_snapshot((FULL, FULL)), "1")
    assert b"0d6d3d8f" not in gzip.decompress(path.read_bytes())
    first, second = (sample.files[BOOT_ID] for sample in read_snapshot(str(path)).samples)
    assert first == second
    assert first.startswith("sha256:")
    write_snapshot(str(path), read_snapshot(str(path)), "1")
    assert read_snapshot(str(path)).samples[0].files[BOOT_ID] == first


def test_the_same_snapshot_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = tmp_path / "a.tar.gz", tmp_path / "b.tgz"
    for path in paths:
        write_snapshot(str(path), saved_snapshot((FULL,)), "1")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_files_stand_under_the_kernels_own_paths(tmp_path: Path) -> None:
    write_snapshot(str(tmp_path / "saved.tar.gz"), saved_snapshot((FULL, BARE)), "1")
    with tarfile.open(tmp_path / "saved.tar.gz") as archive:
        names = archive.getnames()
    assert names[:2] == ["netrx.yaml", "0/proc/net/snmp"]
    assert {"0/sys/class/net/eth0/statistics/rx_dropped", "1/proc/net/snmp"} <= set(names)
    assert {"0/netrx/sockets.jsonl", "0/netrx/rules.jsonl", "1/netrx/links.jsonl"} <= set(names)
    assert "1/netrx/sockets.jsonl" not in names


@pytest.mark.parametrize("name", ["saved.tar.gz", "saved"])
def test_only_the_owner_may_read_it(tmp_path: Path, name: str) -> None:
    write_snapshot(str(tmp_path / name), saved_snapshot((FULL,)), "1")
    assert (tmp_path / name).stat().st_mode & 0o077 == 0
    for path in (tmp_path / name).rglob("*.jsonl"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "saved.tar.gz"
    path.write_text("precious")
    broken = SavedSnapshot(samples=(FULL, BARE), times=(Moment(None, None),))
    with pytest.raises(InputError):
        write_snapshot(str(path), broken, "1")
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_with_something_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "thesis").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        write_snapshot(str(tmp_path / "saved"), saved_snapshot((FULL,)), "1")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_an_unknown_archive_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in \.tar\.gz"):
        write_snapshot(str(tmp_path / "saved.zip"), saved_snapshot((FULL,)), "1")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        write_snapshot(str(tmp_path / "no" / "saved.tar.gz"), saved_snapshot((FULL,)), "1")


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_snapshot("/dev/null", saved_snapshot((FULL,)), "1")
    assert Path("/dev/null").is_char_device()


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    sample = BARE._replace(files={**BARE.files, "/proc/net/dev": "caf\udce9\n"})
    path = tmp_path / "saved.tar.gz"
    write_snapshot(str(path), saved_snapshot((sample,)), "1")
    assert b"caf\xe9\n" in gzip.decompress(path.read_bytes())
    assert read_snapshot(str(path)).samples[0].files["/proc/net/dev"] == "caf\udce9\n"


def test_a_snapshot_goes_to_standard_output(tmp_path: Path) -> None:
    program = (
        "from netrx_tune.host.archive import read_snapshot, write_snapshot\n"
        "import sys; write_snapshot('-', read_snapshot(sys.argv[1]), '1')\n"
    )
    path = pack(tmp_path / "x", {"proc/net/snmp": SNMP})
    command = [sys.executable, "-c", program, path]
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(command, stdout=out, check=True)
    assert read_snapshot(str(tmp_path / "out")).samples[0].files["/proc/net/snmp"] == SNMP
