"""What the extra "speed" reads, it reads as zlib and json do, and what is damaged it refuses."""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netrx_tune.host import decompress
from netrx_tune.host.archive import read_snapshot
from netrx_tune.host.save import write_snapshot
from netrx_tune.model.errors import InputError
from netrx_tune.reporters import snapshot_records
from tests.benchmarks.big_host import big_host

_CACHED = (decompress._gunzip, snapshot_records._quickest)


@pytest.fixture(params=["with", "without"])
def extra(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "without":
        for name in ("deflate", "orjson"):
            monkeypatch.setitem(sys.modules, name, None)
    for one in _CACHED:
        one.cache_clear()
    yield request.param
    for one in _CACHED:
        one.cache_clear()


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("host") / "web7.tar.gz"
    write_snapshot(str(path), big_host(4, cards=1, sockets=12), "0")
    return path


@pytest.mark.usefixtures("extra")
def test_a_snapshot_reads_back_as_it_was(packed: Path) -> None:
    want = big_host(4, cards=1, sockets=12)
    got = read_snapshot(str(packed))
    for one, other in zip(got.samples, want.samples, strict=True):
        assert one.sockets == other.sockets
        assert one.nics == other.nics
        assert one.links == other.links
        assert one.processes == other.processes
        assert one.files["/proc/net/softnet_stat"] == other.files["/proc/net/softnet_stat"]
    assert not got.gaps


def test_the_extra_is_what_reads(extra: str) -> None:
    gunzip, error = decompress._gunzip()
    assert gunzip(gzip.compress(b"12345"), 5) == b"12345"
    assert error.__module__ == ("deflate" if extra == "with" else "zlib")
    module = "orjson" if extra == "with" else "json"
    assert (snapshot_records._quickest().__module__ or "orjson").partition(".")[0] == module


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize("how", ["checksum", "length", "cut", "middle"])
def test_a_damaged_archive_is_refused(packed: Path, tmp_path: Path, how: str) -> None:
    content = bytearray(packed.read_bytes())
    if how == "cut":
        del content[len(content) // 2 :]
    else:
        at = {"checksum": -8, "length": -4, "middle": len(content) // 2}[how]
        content[at] ^= 0x55
    damaged = tmp_path / "web7.tar.gz"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged|ends early"):
        read_snapshot(str(damaged))


@pytest.mark.usefixtures("extra")
def test_a_length_that_is_a_lie_costs_no_more_than_it_may(tmp_path: Path) -> None:
    bomb = bytearray(gzip.compress(bytes(64 << 20)))
    bomb[-4:] = (1024).to_bytes(4, "little")
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(bomb)
    with pytest.raises(InputError):
        read_snapshot(str(path))


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize(
    "wrong", ["1.0", "-1", "true", "18446744073709551616", '"1"', "[" * 3000 + "]" * 3000]
)
def test_a_line_of_another_form_is_a_gap_and_the_others_stand(wrong: str) -> None:
    lines = [
        '{"table":"processes","version":1}',
        '{"inode":7,"pid":1,"name":"\\udce9","cgroup":"","state":"S","udp_sockets":null}',
        f'{{"inode":{wrong},"pid":1,"name":"x","cgroup":"","state":"S","udp_sockets":null}}',
    ]
    path = "/netrx/processes.jsonl"
    got = snapshot_records.parse_records({path: "\n".join(lines) + "\n"}, "1", ())
    assert [one.name for one in got.processes] == ["\udce9"]
    assert [gap.path for gap in got.gaps] == [f"1{path}:3"]
