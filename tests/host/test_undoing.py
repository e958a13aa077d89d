"""Apply and rollback on many hosts: nothing that is a floor falls, and all comes back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.host import journal
from netrx_tune.host.applying import Job, apply, rollback
from netrx_tune.host.survey import Survey, boot_files, survey
from netrx_tune.model.errors import ApplyError
from netrx_tune.model.profile import Profile, ProfileSetting, SettingMode
from netrx_tune.planning.boot import AtBoot, at_boot
from netrx_tune.planning.changes import Values, numbers_of
from tests.host.host_tree import JOURNAL, files, write

# How many numbers each has.
KEYS = {
    "net.core.rmem_max": 1,
    "net.core.rmem_default": 1,
    "net.ipv4.tcp_rmem": 3,
    "net.ipv4.udp_mem": 3,
    "net.ipv4.ipfrag_time": 1,
}
OTHERS = (
    "/etc/sysctl.d/60-other.conf",
    "/etc/sysctl.d/99-late.conf",
    "/run/sysctl.d/60-other.conf",
    "/usr/lib/sysctl.d/10-vendor.conf",
    "/etc/sysctl.conf",
)
LATER = ("/etc/sysctl.d/99-late.conf", "/etc/sysctl.conf")
NUMBERS = st.one_of(
    st.integers(0, 9), st.sampled_from([(1 << 31) - 1, 1 << 31, (1 << 32) + 1, (1 << 63) - 1])
)
_FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of ours in it
SOMEONE_ELSES = 7_777_777


def per_key(each: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Values]]:
    """Return values for some of the keys."""
    return st.fixed_dictionaries(
        {}, optional={key: st.tuples(*[each] * many) for key, many in KEYS.items()}
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    modes: st.SearchStrategy[SettingMode] = st.sampled_from(["at_least", "at_least", "exactly"])
    wanted = draw(per_key(NUMBERS).filter(bool))
    chosen = tuple(
        ProfileSetting(key, draw(modes), values, "w", "s") for key, values in wanted.items()
    )
    name = draw(st.sampled_from(["one", "two"]))
    return Profile(name, "", f"{name}.yaml", None, chosen, (), (), None, {})


RUNNING = st.fixed_dictionaries({key: st.tuples(*[NUMBERS] * many) for key, many in KEYS.items()})
FILES = st.dictionaries(st.sampled_from(OTHERS), per_key(NUMBERS))


def words(values: Values) -> str:
    return "\t".join(map(str, values))


def path_of(key: str) -> str:
    return "proc/sys/" + key.replace(".", "/")


@contextmanager
def host(running: Mapping[str, Values], boot: Mapping[str, dict[str, Values]]) -> Iterator[Path]:
    """Yield a tree that stands for a host."""
    with tempfile.TemporaryDirectory(dir=_FAST) as folder:
        root = Path(folder)
        (root / "etc/sysctl.d").mkdir(parents=True)
        for key, values in running.items():
            write(root, path_of(key), words(values) + "\n")
        for path, lines in boot.items():
            text = "".join(f"{key} = {words(values)}\n" for key, values in lines.items())
            write(root, path[1:], text)
        yield root


def plan(root: Path, profile: Profile) -> Survey:
    entries = journal.load(str(root))
    return survey(str(root), profile, entries, runtime=True, persist=True)


def applied(root: Path, profile: Profile) -> bool:
    """Apply a profile; tell whether there was anything to do."""
    found = plan(root, profile)
    if found.text is None and not found.changes.running:
        return False
    apply(str(root), Job(profile, found.text, found.changes.running))
    return True


def values_now(root: Path) -> dict[str, Values]:
    texts = {key: (root / path_of(key)).read_text() for key in KEYS}
    return {key: numbers_of(key, text) or () for key, text in texts.items()}


def values_at_boot(root: Path) -> list[AtBoot]:
    return list(at_boot(boot_files(str(root)), KEYS))


def is_no_less(new: Values, old: Values) -> bool:
    return all(now >= was for now, was in zip(new, old, strict=False))


@given(RUNNING, FILES, profiles())
@settings(max_examples=40, deadline=None)
def test_a_floor_lowers_nothing_now_or_at_boot_and_is_applied_once(
    running: dict[str, Values], boot: dict[str, dict[str, Values]], profile: Profile
) -> None:
    with host(running, boot) as root:
        boots = {(one.key, one.loader): one.values or () for one in values_at_boot(root)}
        applied(root, profile)
        now, then = values_now(root), values_at_boot(root)
        for one in profile.settings:
            if one.mode == "exactly":
                assert now[one.key] == one.values
                continue
            assert is_no_less(now[one.key], running[one.key])
            assert is_no_less(now[one.key], one.values)
            for values in then:
                if values.key == one.key:
                    # Without a file, what stands now is the kernel's own.
                    before = boots.get((values.key, values.loader), running[values.key])
                    assert is_no_less(values.values or (), before)
                    if values.winner.path not in LATER:
                        assert is_no_less(values.values or (), one.values)
        assert all(now[key] == running[key] for key in KEYS.keys() - {*wanted_keys(profile)})
        assert not applied(root, profile)


def wanted_keys(profile: Profile) -> list[str]:
    return [one.key for one in profile.settings]


@given(RUNNING, FILES, st.lists(profiles(), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_profiles_one_after_another_are_taken_back_one_after_another(
    running: dict[str, Values], boot: dict[str, dict[str, Values]], some: list[Profile]
) -> None:
    with host(running, boot) as root:
        seen = []
        for profile in some:
            before = files(root)
            seen += [before] if applied(root, profile) else []
        for before in reversed(seen):
            rollback(str(root))
            assert files(root) == before
        assert rollback(str(root)) == (None, ())


@given(RUNNING, profiles(), profiles(), st.sampled_from(list(KEYS)))
@settings(max_examples=40, deadline=None)
def test_what_someone_else_set_stays_until_forced_and_all_else_comes_back(
    running: dict[str, Values], first: Profile, second: Profile, key: str
) -> None:
    with host(running, {}) as root:
        times = applied(root, first) + applied(root, second)
        changed = {one.key for entry in journal.load(str(root)) for one in entry.values}
        theirs = (SOMEONE_ELSES,) * KEYS[key]
        write(root, path_of(key), words(theirs) + "\n")
        for _ in range(times):
            rollback(str(root))
        assert values_now(root) == {**running, key: theirs}
        while rollback(str(root), force=True)[0]:
            pass
        assert values_now(root) == ({**running} if key in changed else {**running, key: theirs})
        assert not (root / JOURNAL).exists()
        assert not (root / OURS[1:]).exists()


PROFILE = Profile(
    "test", "", "t", None, (ProfileSetting("net.core.rmem_max", "at_least", (800,), "w", "s"),),
    (), (), None, {},
)  # fmt: skip


def test_a_value_that_rose_since_the_plan_is_not_lowered() -> None:
    """Somebody may raise it while apply asks, or watches the counters."""
    with host({"net.core.rmem_max": (400,)}, {}) as root:
        found = plan(root, PROFILE)
        write(root, path_of("net.core.rmem_max"), "2000\n")
        before = files(root)
        with pytest.raises(ApplyError, match=r"rmem_max is 2000, and was 400 when this was plan"):
            apply(str(root), Job(PROFILE, found.text, found.changes.running))
        assert files(root) == before


def test_a_key_that_went_since_the_plan_stops_it_and_one_that_went_later_is_forgotten() -> None:
    with host({"net.core.rmem_max": (400,)}, {}) as root:
        found = plan(root, PROFILE)
        (root / path_of("net.core.rmem_max")).unlink()
        with pytest.raises(ApplyError, match="cannot be read"):
            apply(str(root), Job(PROFILE, found.text, found.changes.running))
        write(root, path_of("net.core.rmem_max"), "400\n")
        applied(root, PROFILE)
        (root / path_of("net.core.rmem_max")).unlink()
        assert rollback(str(root))[1] == ()
        assert not (root / OURS[1:]).exists()


def test_the_left_of_a_later_apply_outlives_the_rollback_of_an_earlier_one() -> None:
    second = PROFILE._replace(
        name="second",
        settings=(ProfileSetting("net.core.rmem_default", "at_least", (900,), "w", "s"),),
    )
    with host({"net.core.rmem_max": (400,), "net.core.rmem_default": (300,)}, {}) as root:
        before = files(root)
        applied(root, PROFILE)
        assert (root / JOURNAL).stat().st_mode & 0o777 == 0o600
        applied(root, second)
        write(root, path_of("net.core.rmem_default"), "5000\n")
        assert [left.what for left in rollback(str(root))[1]] == ["net.core.rmem_default"]
        done = rollback(str(root))
        assert (done[0] and done[0].profile, done[1]) == ("test", ())
        rollback(str(root), force=True)
        assert files(root) == before
        assert (root / "etc/sysctl.d").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
def test_a_journal_that_another_user_wrote_is_not_obeyed() -> None:
    """It names files, and what root is to write there."""
    with host({"net.core.rmem_max": (400,)}, {}) as root:
        applied(root, PROFILE)
        os.chown(root / JOURNAL, 1234, 1234)
        before = files(root)
        with pytest.raises(ApplyError, match="is of user 1234, and no journal of yours"):
            rollback(str(root))
        assert files(root) == before
