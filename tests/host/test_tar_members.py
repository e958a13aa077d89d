"""Archives of every form: any compression, any header, any damage."""

import io
import itertools
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.host import tar_members
from netrx_tune.host.archive import read_snapshot
from netrx_tune.model.errors import InputError
from tests.host.packing import PACKERS, SNMP, pack, refusal


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


def test_a_tar_that_ends_early_is_refused(tmp_path: Path) -> None:
    whole = Path(pack(tmp_path / "whole", {"0/proc/net/snmp": SNMP * 99}, "")).read_bytes()
    for length in (700, 1024, 3000):
        (tmp_path / "part").write_bytes(whole[:length])
        assert "ends in the middle of a member" in refusal(tmp_path / "part")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = Path(pack(tmp_path / "x", {"0/proc/net/snmp": bytes(n * n % 251 for n in range(5000))}))
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
    for wanted in (members, {name: text for name, text in members.items() if len(text) % 2}):
        texts: tuple[dict[str, str], dict[str, str]] = ({}, {})
        found = tar_members.tar_members(iter(blocks), "x", wanted.__contains__, texts)
        got = {member.name: member.content.decode() for member in found}
        got.update({f"0{path}": text for path, text in texts[0].items()})
        if folder == "x/":
            assert got == wanted
        else:  # what belongs to a sample is taken unasked
            assert wanted.items() <= got.items() <= members.items()


@pytest.mark.parametrize(
    "size", [b"\x80" + bytes(10) + b"\x05", b"00000000005\0", b"         5 \0"]
)
def test_a_length_is_read_in_each_form(tmp_path: Path, size: bytes) -> None:
    content = bytearray(Path(pack(tmp_path / "x", {"proc/net/snmp": "abcde"}, "")).read_bytes())
    content[124:136] = size
    (tmp_path / "x").write_bytes(content)
    assert read_snapshot(str(tmp_path / "x")).samples[0].files == {"/proc/net/snmp": "abcde"}


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"-0000000005\0", b"00000000009\0", b"0000_000005\0"]
)
def test_a_length_that_is_none_is_refused(tmp_path: Path, size: bytes) -> None:
    for name in ("0/proc/net/snmp", "proc/net/snmp"):
        content = bytearray(Path(pack(tmp_path / "x", {name: "abcde"}, "")).read_bytes())
        content[124:136] = size
        (tmp_path / "x").write_bytes(content)
        assert refusal(tmp_path / "x")


def test_an_old_header_without_a_magic_is_believed_by_its_checksum(tmp_path: Path) -> None:
    content = bytearray(Path(pack(tmp_path / "x", {"proc/net/snmp": "abcde"}, "")).read_bytes())
    content[257:500] = bytes(243)
    content[148:156] = b"%06o\0 " % (sum(content[:148]) + 256 + sum(content[156:512]))
    (tmp_path / "x").write_bytes(content)
    assert read_snapshot(str(tmp_path / "x")).samples[0].files == {"/proc/net/snmp": "abcde"}
    content[0] ^= 1
    (tmp_path / "x").write_bytes(content)
    assert "no archive" in refusal(tmp_path / "x")
