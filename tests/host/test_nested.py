"""Archives of archives, as sos packs the reports of many hosts: each is a host of its own."""

import gzip
import io
import lzma
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest

from netrx_tune.host.archive import read_snapshot
from netrx_tune.host.check_inputs import inputs
from netrx_tune.model.errors import InputError
from tests.host.packing import PACKERS, SNMP, pack, refusal

MOST_BYTES = 64 << 20


def report(tmp_path: Path, host: str, packer: str = "xz") -> bytes:
    """Return the packed report of a host that lost as many datagrams as its name says."""
    lost = SNMP.replace("100 100", f"{host} {host}")
    members = {
        f"sosreport-{host}/proc/net/snmp": lost,
        f"sosreport-{host}/sos_commands/date/date": "Sun Nov 22 19:30:27 UTC 2026\n",
    }
    return Path(pack(tmp_path / "inner", members, packer)).read_bytes()


def collected(tmp_path: Path, members: Mapping[str, bytes], packer: str = "xz") -> str:
    below = {f"sos-collector-7/{name}": content for name, content in members.items()}
    return pack(tmp_path / "sos-collector-7.tar.xz", below, packer)


@pytest.mark.parametrize("outer", PACKERS)
@pytest.mark.parametrize("inner", PACKERS)
def test_each_report_is_a_host_of_its_own(tmp_path: Path, outer: str, inner: str) -> None:
    members = {f"sosreport-{n}.tar.xz": report(tmp_path, n, inner) for n in ("7", "8", "9")}
    members |= {"checksums/sosreport-7.tar.xz.md5": b"x", "sos_logs/sos.log": b"noise\n" * 9}
    path = collected(tmp_path, members, outer)
    names = list(inputs([path], None))
    assert [name.rpartition("/")[2] for name in names] == [f"sosreport-{n}.tar.xz" for n in "789"]
    assert list(inputs([str(tmp_path)], None))[:1] != [path]
    for number, name in zip("789", names, strict=True):
        saved = read_snapshot(name)
        assert saved.kind == "sosreport"
        assert saved.samples[0].files["/proc/net/snmp"].split()[-1] == number


def test_several_hosts_are_not_taken_for_one(tmp_path: Path) -> None:
    path = collected(tmp_path, {f"sosreport-{n}.tar.xz": report(tmp_path, n) for n in "56789"})
    assert refusal(path) == (
        "holds the reports of 5 hosts (sos-collector-7/sosreport-5.tar.xz,"
        " sos-collector-7/sosreport-6.tar.xz, sos-collector-7/sosreport-7.tar.xz,"
        f" sos-collector-7/sosreport-8.tar.xz, ...); name one as {path}::NAME"
    )
    with pytest.raises(InputError, match="holds no 'sosreport-1'"):
        read_snapshot(f"{path}::sosreport-1")


def test_a_single_report_within_is_read(tmp_path: Path) -> None:
    path = collected(tmp_path, {"sosreport-7.tar.xz": report(tmp_path, "7")})
    assert read_snapshot(path).kind == "sosreport"


def test_archives_within_archives_within_archives_are_left(tmp_path: Path) -> None:
    middle = collected(tmp_path, {"deep.tar.xz": report(tmp_path, "7")})
    content = Path(middle).read_bytes()
    path = collected(tmp_path, {"middle.tar.xz": content})
    assert "nothing to judge in it" in refusal_of_any(path)


def refusal_of_any(path: str) -> str:
    with pytest.raises(InputError) as caught:
        read_snapshot(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\0" * 700, "nothing to judge in it"),
        (b"\x7fELF" + bytes(700), "no archive that tar made"),
        (lzma.compress(bytes(9999))[:-30], "damaged xz"),
        (gzip.compress(bytes(99_999))[:-20], "damaged gzip"),
    ],
)
def test_a_damaged_report_is_told_and_the_others_stand(
    tmp_path: Path, content: bytes, words: str
) -> None:
    members = {"bad.tar.xz": content, "sosreport-7.tar.xz": report(tmp_path, "7")}
    path = collected(tmp_path, members)
    bad, good = inputs([path], None)
    assert words in refusal_of_any(bad)
    assert read_snapshot(good).kind == "sosreport"


def test_an_outer_archive_that_ends_early_is_told(tmp_path: Path) -> None:
    path = collected(tmp_path, {"a.tar.xz": report(tmp_path, "7"), "b.tar": bytes(99_999)}, "")
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole[:-60_000])
    assert "ends in the middle" in refusal_of_any(path)


def test_a_bomb_within_takes_no_memory(tmp_path: Path) -> None:
    """Some 300 MB of zeros in a member that nobody asked for, packed twice."""
    bomb = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        member = tarfile.TarInfo("sosreport-1/var/log/zeros")
        member.size = 300 << 20
        archive.addfile(member, Zeros())
    path = collected(tmp_path, {"bomb.tar.gz": bomb.getvalue()}, "gz")
    tracemalloc.start()
    try:
        assert "nothing to judge in it" in refusal_of_any(path)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


class Zeros(io.RawIOBase):
    """Zeros without end."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def test_check_judges_each_host(tmp_path: Path) -> None:
    members = {f"sosreport-{n}.tar.xz": report(tmp_path, n) for n in ("700", "0", "800")}
    path = collected(tmp_path, {**members, "bad.tar.xz": b"noise"})
    command = [sys.executable, "-m", "netrx_tune", "check", path, "--format", "jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 4
    assert "Traceback" not in done.stderr


SUPPORTCONFIG = """\
#==[ Command ]======================================#
# /sbin/ip -stats link
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    RX: bytes  packets  errors  dropped missed  mcast
    99000000   900000   0       0       4000    10

#==[ Command ]======================================#
# /usr/sbin/ethtool -S eth0
NIC statistics:
     rx_packets: 900000
     rx_missed_errors: 4000
"""


@pytest.mark.parametrize("packed", [True, False])
def test_the_text_of_a_supportconfig_is_read(tmp_path: Path, *, packed: bool) -> None:
    files = {
        "scc_web7/network.txt": SUPPORTCONFIG,
        "scc_web7/basic-environment.txt": "#==[ Command ]===#\n# /bin/date\n",
    }
    path = pack(tmp_path / "scc_web7.txz", files)
    if not packed:
        with tarfile.open(path) as archive:
            archive.extractall(tmp_path, filter="data")
        path = str(tmp_path / "scc_web7")
    (link,) = read_snapshot(path).samples[0].links or ()
    assert link.statistics["rx_missed_errors"] == 4000
    assert path in list(inputs([str(tmp_path)], None))
