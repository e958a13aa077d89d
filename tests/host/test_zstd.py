"""Archives in zstd: by what Python 3.14 or the extra brings, else by the zstd program."""

import io
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from netrx_tune.host import decompress
from netrx_tune.host.archive import read_snapshot
from netrx_tune.host.decompress import blocks
from netrx_tune.model.errors import InputError
from tests.host.packing import SNMP, pack, refusal

pytestmark = pytest.mark.skipif(not shutil.which("zstd"), reason="needs the zstd program")
_SKIPPED = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"


@pytest.fixture(params=["package", "program"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take one of the two ways away."""
    if request.param == "package":
        assert decompress._zstd_format(), "neither Python 3.14 nor the extra zstd"
        monkeypatch.setattr(decompress, "_unzstd_by_program", None)
    else:
        monkeypatch.setattr(decompress, "_zstd_format", lambda: None)
    return str(request.param)


def packed(content: bytes, *options: str) -> bytes:
    command = ["zstd", "-q", "--stdout", *options]
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    plain = pack(tmp_path / "plain.tar", {"proc/net/snmp": SNMP, "proc/net/dev": "x\n" * 9999}, "")
    return packed(Path(plain).read_bytes())


@pytest.mark.usefixtures("way")
def test_an_archive_is_read(tmp_path: Path, archive: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(archive)
    assert read_snapshot(str(path)).kind == "tree"


@pytest.mark.usefixtures("way")
def test_frames_behind_one_another_are_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(_SKIPPED + packed(b"Udp:\n") + _SKIPPED + packed(b"7 packets received\n"))
    with path.open("rb", buffering=0) as file:
        assert b"".join(blocks(file, "x")) == b"Udp:\n7 packets received\n"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("cut", [5, 40, -9, -1])
def test_what_ends_early_is_refused(tmp_path: Path, archive: bytes, cut: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(archive[:cut])
    assert "damaged zstd" in refusal(path)


@pytest.mark.usefixtures("way")
def test_what_was_changed_is_refused(tmp_path: Path, archive: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(archive[:60] + bytes([archive[60] ^ 0xFF]) + archive[61:])
    assert "damaged zstd" in refusal(path)


def test_a_pipe_is_read_by_the_package_alone(
    archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = partial(blocks, name="-")
    assert sum(map(len, read(io.BytesIO(archive)))) > 9999
    monkeypatch.setattr(decompress, "_zstd_format", lambda: None)
    with pytest.raises(InputError, match="save it first"):
        list(read(io.BytesIO(archive)))


def test_a_small_file_that_holds_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompress, "_MOST_BYTES", 64 << 20)
    path = tmp_path / "x"
    path.write_bytes(packed(bytes(128 << 20)))
    assert path.stat().st_size < 64 << 10
    with path.open("rb", buffering=0) as file:
        lengths = map(len, blocks(file, "x"))
        assert next(lengths) <= decompress._BLOCK_BYTES
        with pytest.raises(InputError, match="holds more than"):
            max(lengths)


def test_without_either_it_is_said_what_to_install(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "x"
    path.write_bytes(archive)
    assert "pip install 'netrx-tune[zstd]'" in refusal(path)
