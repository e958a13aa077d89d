"""Inputs of every layout: told by what they hold, and never followed out of themselves."""

import gzip
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.host.archive import read_snapshot
from netrx_tune.model.errors import InputError
from netrx_tune.model.sample import Gap
from tests.host.packing import SNMP, pack, refusal, unpack

MEMBERS = {
    "0/proc/net/snmp": SNMP,
    "0/proc/uptime": "10.00 1.0\n",
    "1/proc/net/snmp": SNMP,
    "1/proc/uptime": "12.50 1.0\n",
}


@pytest.mark.parametrize("folder", ["", "./", "web7/", "./tmp/web7/"])
@pytest.mark.parametrize("packed", [True, False])
def test_two_trees_without_a_manifest_are_an_interval(
    tmp_path: Path, folder: str, packed: bool
) -> None:
    members = {folder + name: text for name, text in MEMBERS.items()}
    path = pack(tmp_path / "x", members) if packed else unpack(members, tmp_path / "x")
    saved = read_snapshot(path)
    assert (saved.kind, len(saved.samples), saved.seconds) == ("folder", 2, 2.5)
    assert saved.samples[0].files["/proc/net/snmp"] == SNMP


@pytest.mark.parametrize("folder", ["", "web7/", "web7/data/"])
@pytest.mark.parametrize(
    "net", ["proc/net/", "proc/self/net/", "proc/1/net/", "proc/3255/net/", "net/"]
)
@pytest.mark.parametrize("packed", [True, False])
def test_a_single_tree_is_totals_since_boot(
    tmp_path: Path, folder: str, net: str, packed: bool
) -> None:
    members = {f"{folder}{net}snmp": SNMP, f"{folder}{net}stat/rt_cache": "x\n"}
    path = pack(tmp_path / "x", members) if packed else unpack(members, tmp_path / "x")
    saved = read_snapshot(path)
    assert (saved.kind, saved.seconds) == ("tree", None)
    assert dict(saved.samples[0].files) == {
        "/proc/net/snmp": SNMP,
        "/proc/net/stat/rt_cache": "x\n",
    }


def test_files_of_proc_net_alone_are_a_tree(tmp_path: Path) -> None:
    path = unpack({"snmp": SNMP, "softnet_stat": "00\n"}, tmp_path / "x")
    assert dict(read_snapshot(path).samples[0].files) == {
        "/proc/net/snmp": SNMP,
        "/proc/net/softnet_stat": "00\n",
    }


def test_a_dangling_link_is_led_to_the_process_that_read_it(tmp_path: Path) -> None:
    members = {"proc/1/net/snmp": "of init\n", "proc/77/net/snmp": SNMP}
    path = Path(pack(tmp_path / "x.tar", members, ""))
    with tarfile.open(path, "a") as archive:
        for name, target in (("proc/net", "self/net"), ("proc/self", "77")):
            member = tarfile.TarInfo(name)
            member.type = tarfile.SYMTYPE
            member.linkname = target
            archive.addfile(member)
    assert read_snapshot(str(path)).samples[0].files["/proc/net/snmp"] == SNMP
    folder = unpack(members, tmp_path / "folder")
    Path(folder, "proc/net").symlink_to("self/net")
    Path(folder, "proc/self").symlink_to("77")
    assert read_snapshot(folder).samples[0].files["/proc/net/snmp"] == SNMP


def test_an_empty_file_is_a_gap_and_not_a_zero(tmp_path: Path) -> None:
    path = unpack({"proc/net/snmp": SNMP, "proc/net/netstat": ""}, tmp_path / "x")
    sample = read_snapshot(path).samples[0]
    assert "/proc/net/netstat" not in sample.files
    assert sample.gaps == (Gap("/proc/net/netstat", "absent", "the file is empty"),)


@pytest.mark.parametrize("place", ["proc/net", "0/proc/net"])
def test_counters_that_were_packed_empty_are_refused_by_what_happened(
    tmp_path: Path, place: str
) -> None:
    members = {f"{place}/snmp": ""}
    for path in (pack(tmp_path / "a.tar", members), unpack(members, tmp_path / "tree")):
        said = refusal(path)
        assert "proc/net/snmp is empty: tar and rsync take the size of files in /proc" in said
        assert "copy them first (cp -r --parents /proc/net/snmp" in said


def test_names_that_all_lead_out_are_told_with_what_to_do(tmp_path: Path) -> None:
    said = refusal(pack(tmp_path / "a.tar", {"/proc/net/snmp": SNMP}))
    assert "a name that leads out of the archive (/proc/net/snmp), which is not read" in said
    assert "with relative names" in said


def test_a_file_of_more_than_any_report_holds_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tar"
    path.touch()
    os.truncate(path, 1 << 42)  # to read it would take an hour
    assert refusal(path) == "holds more than 4 GiB"


def test_a_device_is_found_where_its_bus_has_it(tmp_path: Path) -> None:
    rx = "sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth0/statistics/rx_dropped"
    path = pack(tmp_path / "x", {"proc/net/snmp": SNMP, rx: "7\n"})
    files = read_snapshot(path).samples[0].files
    assert files["/sys/class/net/eth0/statistics/rx_dropped"] == "7\n"


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("precious\n")
    folder = Path(unpack({"proc/net/snmp": SNMP}, tmp_path / "x"))
    (folder / "proc/net/netstat").symlink_to(tmp_path / "secret")
    (folder / "proc/net/snmp6").symlink_to("../../../secret")
    (folder / "proc/sys").symlink_to("/proc/sys")
    saved = read_snapshot(str(folder))
    assert dict(saved.samples[0].files) == {"/proc/net/snmp": SNMP}
    assert {gap.path for gap in saved.gaps} >= {"proc/net/netstat", "proc/net/snmp6"}


def test_circles_of_links_end(tmp_path: Path) -> None:
    folder = Path(unpack({"proc/net/snmp": SNMP, "sys/class/net/eth0/mtu": "1\n"}, tmp_path / "x"))
    (folder / "sys/class/net/eth0/subsystem").symlink_to("..")
    (folder / "sys/class/net/eth1").symlink_to("eth1")
    (folder / "sys/class/net/eth2").symlink_to("../net")
    assert len(read_snapshot(str(folder)).samples[0].files) < 50


def test_names_that_lead_out_of_an_archive_are_named_and_passed_over(tmp_path: Path) -> None:
    members = {
        "0/proc/net/snmp": SNMP,
        "0/../../etc/passwd": "x",
        "/proc/net/snmp": "x",
        "../proc/net/snmp": "x",
    }
    saved = read_snapshot(pack(tmp_path / "x", members))
    assert [set(sample.files) for sample in saved.samples] == [{"/proc/net/snmp"}]
    assert {gap.path for gap in saved.gaps} == set(members) - {"0/proc/net/snmp"}


def test_devices_and_links_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    path = Path(pack(tmp_path / "x.tar", {"proc/net/snmp": SNMP}, ""))
    with tarfile.open(path, "a") as archive:
        for name, kind, target in (
            ("proc/net/netstat", tarfile.SYMTYPE, "/etc/passwd"),
            ("proc/net/snmp6", tarfile.LNKTYPE, "/etc/passwd"),
            ("proc/net/dev", tarfile.LNKTYPE, "proc/net/snmp"),
            ("proc/net/udp", tarfile.CHRTYPE, ""),
            ("proc/net/raw", tarfile.FIFOTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    files = read_snapshot(str(path)).samples[0].files
    assert dict(files) == {"/proc/net/snmp": SNMP, "/proc/net/dev": SNMP}


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), "the file is empty"),
    "an empty folder": (Path.mkdir, "cat FILES | netrx-tune diagnose --from -"),
    "a text": (lambda path: path.write_text("to do: buy milk\n"), "a text with nothing of a host"),
    "a log": (
        lambda path: path.write_text("[1.2] TCP: out of memory -- consider tuning tcp_mem\n"),
        "netrx-tune explain log-tcp-out-of-memory",
    ),
    "a text that is too long": (
        lambda path: path.write_text("Udp:\n" * (4 << 20)),
        "a text of more than 16 MiB; cut out of it what the commands printed",
    ),
    "a text of a container and its host": (
        lambda path: path.write_text(
            "$ docker exec sfu nstat\nUdpRcvbufErrors 9123\n$ nstat\nUdpInErrors 0\n"
        ),
        "counters of several hosts or network namespaces (sfu, the host's); give each as a text",
    ),
    "a text of macOS": (
        lambda path: path.write_text("udp:\n\t81 datagrams received\n"),
        "a text of macOS or a BSD",
    ),
    "a table of macOS": (
        lambda path: path.write_text(
            "Name  Mtu  Network  Address  Ipkts Ierrs\nen0 1500 x y 1 0\n"
        ),
        "a text of macOS or a BSD",
    ),
    "a text of ESXi": (
        lambda path: path.write_text("NIC statistics for vmnic0\n   Receive missed errors: 31\n"),
        "a text of ESXi",
    ),
    "a text of Windows": (
        lambda path: path.write_text("\r\nUDP Statistics for IPv4\r\n\r\n  No Ports = 3\r\n"),
        "a text of Windows",
    ),
    "a program": (lambda path: shutil.copy("/bin/true", path), "no archive that tar made"),
    "a zip": (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(600)), "a zip archive"),
    "an empty archive": (lambda path: pack(path, {}), "nothing to judge in it"),
    "another archive": (lambda path: pack(path, {"readme": "x"}), "nothing to judge in it"),
    "a pipe": (os.mkfifo, "a pipe or a device"),
    "a short gzip": (
        lambda path: path.write_bytes(gzip.compress(bytes(99_999))[:-20]),
        "damaged gzip",
    ),
    "a gzip of nothing": (lambda path: path.write_bytes(gzip.compress(b"")), "the file is empty"),
    "a gzip of noise": (
        lambda path: path.write_bytes(gzip.compress(os.urandom(2000))),
        "no archive that tar made",
    ),
    "a broken xz": (
        lambda path: path.write_bytes(lzma.compress(bytes(999))[:30]),
        "damaged xz",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_snapshot_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    make, words = HOSTILE[name]
    make(tmp_path / "input")
    assert words in refusal(tmp_path / "input")


def test_standard_input_is_an_archive_or_a_text_or_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "x", {"proc/net/snmp": SNMP})
    for content in (Path(path).read_bytes(), SNMP.encode()):
        done = diagnose(input=content)
        assert b"100 of 1,001" in done.stdout
        assert done.returncode == 0
    for content, words in ((b"", b"the file is empty"), (b"\0noise", b"and no text")):
        done = diagnose(input=content)
        assert (done.returncode, done.stdout) == (2, b"")
        assert words in done.stderr
        assert done.stderr.count(b"\n") == 1
    closed = ["sh", "-c", 'exec "$0" -m netrx_tune diagnose --from - <&-', sys.executable]
    done = subprocess.run(closed, capture_output=True, check=False)
    assert done.stderr == b"netrx-tune: -: standard input is closed\n"


def diagnose(**given: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "netrx_tune", "diagnose", "--from", "-"]
    return subprocess.run(command, capture_output=True, check=False, **given)


@pytest.mark.parametrize("numbers", [("0/", "1/"), ("",)])
@pytest.mark.parametrize("packed", [True, False])
def test_records_are_read_without_a_manifest(
    tmp_path: Path, numbers: tuple[str, ...], packed: bool
) -> None:
    members = {}
    for number in numbers:
        members[f"{number}proc/net/snmp"] = SNMP
        members[f"{number}netrx/rules.jsonl"] = (
            '{"table":"rules","version":1}\n{"source":"nft","place":"x","hook":"input",'
            '"verdict":"drop","packets":7}\n'
        )
        members[f"{number}netrx/again/proc/net/snmp"] = SNMP
    path = pack(tmp_path / "x", members) if packed else unpack(members, tmp_path / "x")
    for sample in read_snapshot(path).samples:
        assert sample.rules is not None
        assert [rule.packets for rule in sample.rules] == [7]
        assert sample.files["/netrx/again/proc/net/snmp"] == SNMP


@pytest.mark.parametrize("packed", [bytes, gzip.compress, lzma.compress])
def test_a_text_is_read_as_what_it_says(tmp_path: Path, packed: Callable[[bytes], bytes]) -> None:
    (tmp_path / "input").write_bytes(packed(f"$ cat /proc/net/snmp\n{SNMP}".encode()))
    saved = read_snapshot(str(tmp_path / "input"))
    assert (saved.kind, len(saved.samples)) == ("text", 1)
    assert saved.samples[0].files == {"/proc/net/snmp": SNMP}


def test_what_is_not_there_is_refused_in_a_line(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "No such file or directory"
    assert "null" in refusal("nu\0l")
    assert "pipe or a device" in refusal("/dev/null")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["", "proc", "proc/net", "proc/net/snmp"])
def test_what_may_not_be_read_is_named(tmp_path: Path, name: str) -> None:
    folder = Path(unpack({"proc/net/snmp": SNMP, "proc/net/dev": SNMP}, tmp_path / "x"))
    (folder / name).chmod(0)
    try:
        saved = read_snapshot(str(folder))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - nothing could be read at all
    else:
        assert [gap.why for gap in saved.gaps] == ["denied"]
    finally:
        (folder / name).chmod(0o700)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=3000))
def test_any_bytes_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x"
    for form in (content, gzip.compress(content)):
        path.write_bytes(form)
        refusal(path)
