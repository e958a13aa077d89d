"""Profiles on disk: found by name or path, refused where others could have written them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netrx_tune.host import profiles
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import InputError, ProfileError
from netrx_tune.planning.profile import Memory

TEXT = "schema: 1\nname: mine\nsummary: s\n"
MEMORY = Memory(1 << 33)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT)
    return path


def test_every_profile_that_comes_along_loads_by_name() -> None:
    shelf = profiles.shelf("/nonexistent")
    found = [name for name, _ in profiles.names(shelf)]
    assert len(found) == 16
    assert [profiles.load(name, MEMORY, shelf).name for name in found] == found


def test_what_a_host_does_not_tell_is_not_there(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path))
    assert profiles.memory(tree) == Memory(None, 4096)
    (tmp_path / "proc/sys/net/core").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("nonsense\n")
    (tmp_path / "proc/sys/net/core/rmem_max").write_text("nonsense\n")
    assert profiles.memory(tree) == Memory(None, 4096)
    found = profiles.load("quic-http3", MEMORY, profiles.shelf("/nonexistent"))
    assert profiles.current(tree, found) == {}


def test_an_own_folder_comes_first_and_its_names_are_names(mine: Path) -> None:
    (mine.parent / ".hidden.yaml").write_text(TEXT)
    (mine.parent / "quic-http3.yaml").write_text(TEXT.replace("mine", "quic-http3"))
    shelf = profiles.shelf(str(mine.parent))
    assert profiles.load("mine", MEMORY, shelf).path == str(mine)
    assert profiles.load("quic-http3", MEMORY, shelf).settings == ()


def test_a_file_that_calls_itself_otherwise_is_refused(mine: Path) -> None:
    mine.rename(mine.with_name("other.yaml"))
    with pytest.raises(ProfileError, match="the file is named other, got 'mine'"):
        profiles.load("other", MEMORY, (str(mine.parent),))


@pytest.mark.parametrize("name", ["nobody", "..", "Mine", "a b", "mine\n", ""])
def test_a_name_that_is_none_says_which_there_are(mine: Path, name: str) -> None:
    with pytest.raises(InputError, match="there are: mine"):
        profiles.load(name, MEMORY, (str(mine.parent),))


@pytest.mark.parametrize("name", ["../mine", "/nonexistent/x.yaml", "x.yaml"])
def test_a_path_that_is_not_there_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError, match="No such file"):
        profiles.load(name, MEMORY, ())


@root_only
def test_root_reads_no_file_that_every_user_can_write(mine: Path) -> None:
    mine.chmod(0o666)
    with pytest.raises(ProfileError, match="every user can write this file"):
        profiles.load(str(mine), MEMORY)


@root_only
def test_root_reads_nothing_in_a_folder_that_every_user_can_write(mine: Path) -> None:
    inside = mine.parent / "a" / "b"
    inside.mkdir(parents=True)
    moved = mine.rename(inside / "mine.yaml")
    for folder, mode, owner in (
        (inside, 0o1777, 65534),
        (inside, 0o777, 0),
        (inside.parent, 0o777, 0),
    ):
        os.chown(moved, owner, owner)
        folder.chmod(mode)
        with pytest.raises(ProfileError, match="every user can write its folder"):
            profiles.load(str(moved), MEMORY)
        folder.chmod(0o755)
    for as_tmp in (inside.parent, inside):  # root's own file in it
        as_tmp.chmod(0o1777)
        assert profiles.load(str(moved), MEMORY).name == "mine"


@root_only
def test_a_link_that_another_user_made_is_refused(mine: Path) -> None:
    link = mine.with_name("link.yaml")
    link.symlink_to(mine)
    assert profiles.load(str(link), MEMORY).name == "mine"
    os.chown(link, 65534, 65534, follow_symlinks=False)
    other = mine.with_name("other.yaml")
    other.symlink_to("./link.yaml")
    for path in (link, other):
        with pytest.raises(ProfileError, match="a symbolic link of user 65534"):
            profiles.load(str(path), MEMORY)


def test_links_are_followed_and_a_circle_of_them_ends(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mine.parent)
    (mine.parent / "d").mkdir()
    (mine.parent / "e").symlink_to("d")
    (mine.parent / "d" / "again.yaml").symlink_to(mine)
    (mine.parent / "circle.yaml").symlink_to("circle.yaml")
    for path in ("./mine.yaml", "e/again.yaml", "e/../mine.yaml", f"{mine.parent}//e/./again.yaml"):
        assert profiles.load(path, MEMORY).name == "mine"
    with pytest.raises(InputError, match="Too many levels"):
        profiles.read("circle.yaml")
    with pytest.raises(InputError, match="Not a directory"):
        profiles.read("mine.yaml/x.yaml")


def test_what_is_no_small_text_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    large, raw, pipe = (tmp_path / f"{name}.yaml" for name in ("large", "raw", "pipe"))
    large.write_text(TEXT + "#" * 70000)
    raw.write_bytes(TEXT.encode() + b"# \xff\n")
    os.mkfifo(pipe)
    for path, what in (
        (large, "1: expected at most 65536 bytes"),
        (raw, "4: expected UTF-8"),
        (pipe, "1: expected a file"),
        (Path("/dev/zero"), "1: expected a file"),
        (tmp_path, "1: expected a file"),
    ):
        with pytest.raises(ProfileError, match=what):
            profiles.read(str(path))


def test_a_written_file_is_whole_and_a_failed_one_leaves_the_old(mine: Path) -> None:
    profiles.write(str(mine), (("x", "new"),))
    assert mine.read_text() == "new"
    profiles.write(str(mine.parent / "d"), (("a/b", "1"), ("c", "2")), folder=True)
    profiles.write(str(mine.parent / "d"), (("e", "3"),))
    assert (mine.parent / "d/e").read_text() == "3"
    assert (mine.parent / "d/a/b").read_text() == "1"
    with pytest.raises(InputError):
        profiles.write("/proc/nothing/x", (("x", "new"),))
    assert sorted(path.name for path in mine.parent.iterdir()) == ["d", "mine.yaml"]
