"""What a list of arguments leads to."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from netrx_tune.host.check_inputs import inputs
from netrx_tune.model.errors import InputError
from tests.saved import archive, folder


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("r/b.tar.gz", "r/a.tgz", "r/deep/er/c.tar.xz", "r/.hidden.tar.gz", "x[1].tar"):
        archive(Path(name))
    folder(Path("r/host"))
    Path("r/README.txt").write_text("no input")
    Path("r/b.tar.gz.sha256").write_text("no input")
    Path("r/loop").symlink_to("..")
    Path("empty").mkdir()


def got(*arguments: str, listed: bytes | None = None) -> list[str]:
    return list(inputs(arguments, None if listed is None else io.BytesIO(listed)))


def test_a_folder_gives_its_archives_and_hosts_sorted() -> None:
    assert got("r") == ["r/a.tgz", "r/b.tar.gz", "r/deep/er/c.tar.xz", "r/host"]


def test_a_folder_of_one_host_is_itself() -> None:
    assert got("r/host") == ["r/host"]


@pytest.mark.parametrize("name", ["empty", "none.tar.gz", "none*.tar.gz", "r/README.txt"])
def test_what_holds_nothing_is_still_an_input(name: str) -> None:
    assert got(name) == [name]


def test_a_pattern_is_what_it_matches() -> None:
    assert got("r/*.t*gz") == ["r/a.tgz", "r/b.tar.gz"]
    assert got("**/*.tar.xz") == ["r/deep/er/c.tar.xz"]
    assert got("**/*.gz") == ["r/b.tar.gz"]
    assert got("r/**") == got("?/**") == ["r/a.tgz", "r/b.tar.gz", "r/deep/er/c.tar.xz", "r/host"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    assert got("x[1].tar") == ["x[1].tar"]


@pytest.mark.parametrize(
    "listed", [b"r/b.tar.gz\nx*\nr/host\n", b"r/b.tar.gz\0x*\0r/host\0", b"r/b.tar.gz\nx*\nr/host"]
)
def test_a_list_is_read_from_standard_input_and_holds_no_patterns(listed: bytes) -> None:
    assert got("-", listed=listed) == ["r/b.tar.gz", "x*", "r/host"]


def test_a_dash_in_a_list_is_a_file() -> None:
    assert got("-", listed=b"-\n") == ["./-"]


def test_names_with_line_breaks_pass_between_nuls() -> None:
    assert got("-", listed=b"a\nb\0c\xff\0") == ["a\nb", "c\udcff"]


def test_a_list_may_be_empty_and_standard_input_closed() -> None:
    assert got("-", listed=b"") == []
    with pytest.raises(InputError, match="standard input is closed"):
        got("-")


def test_a_list_without_an_end_of_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="a name of more than"):
        got("-", listed=b"x" * 1_000_000)


def test_a_list_is_read_as_it_comes() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"name\n" * (size // 5)

    some = inputs(["-"], Endless())  # type: ignore[arg-type]
    assert [next(some) for _ in range(3)] == ["name"] * 3
