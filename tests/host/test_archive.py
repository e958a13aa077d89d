"""Saved snapshots: what is written is what is read, and what is hostile is refused in a line."""

import bz2
import gzip
import io
import itertools
import lzma
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.host import tar_members
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

SNMP = "Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 900 1 100 100\n"
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


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "": bytes,
}


def pack(path: Path, members: Mapping[str, bytes | str], packer: str = "gz") -> str:
    """Write a tar archive as anyone could."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in members.items():
            content = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(PACKERS[packer](plain.getvalue()))
    return str(path)


def unpack(members: Mapping[str, str], folder: Path) -> str:
    for name, text in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def without_boot(saved: SavedSnapshot) -> SavedSnapshot:
    """Return a snapshot without what is never written as it is."""
    samples = []
    for sample in saved.samples:
        files = {path: text for path, text in sample.files.items() if path != BOOT_ID}
        samples.append(sample._replace(files=files))
    return saved._replace(samples=tuple(samples), meta={})


def refusal(path: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        read_snapshot(str(path))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(f"{path}: ")


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


@pytest.mark.parametrize("packer", PACKERS)
def test_any_compression_is_read_whatever_the_name(tmp_path: Path, packer: str) -> None:
    path = pack(tmp_path / "download", {"0/proc/net/snmp": SNMP, "1/proc/net/snmp": SNMP}, packer)
    assert [dict(sample.files) for sample in read_snapshot(path).samples] == [
        {"/proc/net/snmp": SNMP},
        {"/proc/net/snmp": SNMP},
    ]


@pytest.mark.parametrize("packer", ["gz", "xz", "bz2"])
def test_an_archive_packed_in_parts_and_padded_is_read(tmp_path: Path, packer: str) -> None:
    path = Path(pack(tmp_path / "x", {"0/proc/net/snmp": SNMP, "1/proc/net/snmp": SNMP}, ""))
    plain = path.read_bytes()
    compress = PACKERS[packer]
    path.write_bytes(compress(plain[:700]) + compress(plain[700:]) + bytes(512))
    assert len(read_snapshot(str(path)).samples) == 2


@pytest.mark.skipif(not shutil.which("zstd"), reason="needs the zstd program")
def test_zstd_is_read_where_a_program_reads_it(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar", {"proc/net/snmp": SNMP}, "")
    subprocess.run(["zstd", "-q", path], check=True)
    assert read_snapshot(f"{path}.zst").kind == "tree"


def test_zstd_without_a_program_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "x").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(600))
    assert "netrx-tune[zstd]" in refusal(tmp_path / "x")


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


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_and_strange_names_are_read(tmp_path: Path, form: int) -> None:
    names = [f"0/sys/{'deep/' * 60}file", "0/sys/caf\u00e9 \udcff"]
    names += [f"0/sys/{'x' * length}" for length in (93, 94, 95, 250, 5000)]
    with tarfile.open(tmp_path / "x", "w:gz", format=form) as archive:
        for name in ["0/proc/net/snmp", *names]:
            member = tarfile.TarInfo(name)
            member.size = len(SNMP)
            archive.addfile(member, io.BytesIO(SNMP.encode()))
    (sample,) = read_snapshot(str(tmp_path / "x")).samples
    assert set(sample.files) == {"/proc/net/snmp", *(name[1:] for name in names)}


def test_an_archive_of_several_blocks_is_read(tmp_path: Path) -> None:
    members = {f"0/proc/net/{number}": f"{number}\n" * 70_000 for number in range(60)}
    (sample,) = read_snapshot(pack(tmp_path / "x", members)).samples
    assert sample.files == {name[1:]: text for name, text in members.items()}


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), "the file is empty"),
    "an empty folder": (Path.mkdir, "nothing to judge in it"),
    "a text": (lambda path: path.write_text(SNMP), "a single text"),
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


def test_what_is_not_there_is_refused_in_a_line(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "No such file or directory"
    assert "null" in refusal("nu\0l")
    assert "pipe or a device" in refusal("/dev/null")


def test_a_tar_that_ends_early_is_refused(tmp_path: Path) -> None:
    whole = Path(pack(tmp_path / "whole", {"0/proc/net/snmp": SNMP * 99}, "")).read_bytes()
    for length in (700, 1024, 3000):
        (tmp_path / "part").write_bytes(whole[:length])
        assert "ends in the middle of a member" in refusal(tmp_path / "part")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "saved.tar.gz"
    write_snapshot(str(path), saved_snapshot((FULL, BARE)), "1")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    assert "damaged gzip" in refusal(path)


def test_a_gzip_that_claims_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = Path(pack(tmp_path / "x", {"0/proc/net/snmp": SNMP * 1000}))
    path.write_bytes(path.read_bytes()[:-4] + (512).to_bytes(4, "little"))
    assert "damaged gzip" in refusal(path)


def test_an_archive_that_claims_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_members, "MOST_MEMBERS", 10)
    monkeypatch.setattr(tar_members, "MOST_MEMBER_BYTES", 1 << 16)
    monkeypatch.setattr(tar_members, "MOST_KEPT_BYTES", 1 << 17)
    many = {f"0/{number}": "" for number in range(11)}
    assert "more than 10 members" in refusal(pack(tmp_path / "many", many))
    for name in ("0/proc/net/snmp", "x/proc/net/snmp"):
        one = {name: bytes(1 << 17)}
        assert "more than a report" in refusal(pack(tmp_path / "one", one))
        some = {f"{name}{number}": bytes(1 << 15) for number in range(6)}
        assert "more than a report" in refusal(pack(tmp_path / "some", {**some, **one}))


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 1023), byte=st.integers(0, 255))
def test_a_damaged_header_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    members = {"0/proc/net/snmp": SNMP, "1/proc/net/snmp": SNMP}
    content = bytearray(Path(pack(folder / "x", members, "")).read_bytes())
    content[place] = byte
    (folder / "x").write_bytes(content)
    try:
        read_snapshot(str(folder / "x"))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either is right


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=3000))
def test_any_bytes_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x"
    for form in (content, gzip.compress(content)):
        path.write_bytes(form)
        refusal(path)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(0, 1600), min_size=1, max_size=8),
    cuts=st.lists(st.integers(1, 1500), min_size=1, max_size=8),
    folder=st.sampled_from(["0/", "x/", "0/" + "deep/" * 40]),
)
def test_it_does_not_matter_how_an_archive_comes_in_blocks(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], cuts: list[int], folder: str
) -> None:
    members = {f"{folder}{n}": str(n) * length for n, length in enumerate(lengths)}
    plain = Path(pack(tmp_path_factory.mktemp("x") / "x", members, "")).read_bytes()
    blocks, at = [], 0
    for cut in itertools.cycle(cuts):
        if at >= len(plain):
            break
        blocks.append(plain[at : at + cut])
        at += cut
    got: dict[str, str] = {}
    found = tar_members.tar_members(iter(blocks), "x", lambda _: True, got)
    got.update((member.name, member.content.decode()) for member in found)
    assert got == members
