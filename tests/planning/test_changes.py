"""What a profile changes on a host: floors, exact values, and what cannot be set from there."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.sysctl_d import OURS, assignments
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.profile import Profile, ProfileSetting, SettingMode
from netrx_tune.planning.boot import PROCPS, SYSTEMD, overriding
from netrx_tune.planning.changes import Changes, Obstacle, Place, Seen, plan_changes
from netrx_tune.planning.plan_values import Host
from netrx_tune.planning.profile_memory import beyond_memory

RMEM_MAX = "net.core.rmem_max"
OTHER = "/etc/sysctl.d/60-other.conf"
HOST = Place(KernelVersion(6, 12), initial_netns=True, has_kernel=True, files={})
CHILD = HOST._replace(initial_netns=False)


def profile(
    *values: int, key: str = RMEM_MAX, mode: SettingMode = "at_least", keep: tuple[str, ...] = ()
) -> Profile:
    setting = ProfileSetting(key, mode, values, "a reason", "a source")
    return Profile("test", "", "test.yaml", None, (setting,), (), keep, None, {})


def planned(
    wanted: Profile, text: str | None, place: Place = HOST, obstacle: Obstacle = ""
) -> Changes:
    return plan_changes(wanted, {wanted.settings[0].key: Seen(text, obstacle)}, place)


def values(changes: Changes) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    return [c.proposed for c in changes.running], [c.proposed for c in changes.lines]


def test_a_floor_raises_now_and_at_boot() -> None:
    got = planned(profile(400), "100")
    assert values(got) == ([(400,)], [(400,)])
    assert (got.running[0].current, got.running[0].scope) == ((100,), "host-shown")
    assert not got.running[0].lowers


def test_a_floor_never_lowers_and_what_is_in_force_needs_nothing() -> None:
    got = planned(profile(400), "500")
    assert values(got) == ([], [])
    assert [one.key for one in got.in_force] == [RMEM_MAX]


def test_of_several_numbers_each_keeps_the_larger() -> None:
    got = planned(profile(10, 200, 30, key="net.ipv4.tcp_rmem"), "4\t300\t20")
    assert values(got)[0] == [(10, 300, 30)]


def test_a_line_gives_no_less_at_boot_than_the_default_that_no_file_sets() -> None:
    wanted = profile(10, 200, 30, key="net.ipv4.tcp_rmem")
    assert values(planned(wanted, "4\t300\t20"))[1] == [(10, 300, 30)]
    known = HOST._replace(files={OTHER: "net.ipv4.tcp_rmem = 4 100 40"})
    assert values(planned(wanted, "4\t300\t20", known))[1] == [(10, 200, 40)]


def test_exactly_may_lower_and_says_so() -> None:
    got = planned(profile(3, key="net.ipv4.ipfrag_time", mode="exactly"), "30")
    assert values(got) == ([(3,)], [(3,)])
    assert got.running[0].lowers
    assert got.running[0].exactly


def test_what_is_kept_is_never_proposed() -> None:
    assert planned(profile(400, keep=(RMEM_MAX,)), "100") == Changes((), (), (), ())


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("net.core.rmem_max=800", []),  # another file gives enough: our line would lower it
        ("net.core.rmem_max=200", [(400,)]),
        ("net.core.rmem_max=0x320", []),
        ("net.core.rmem_max=abc", [(400,)]),
    ],
)
def test_a_line_is_written_where_boot_gives_less(file: str, lines: list[tuple[int, ...]]) -> None:
    got = planned(profile(400), "100", HOST._replace(files={OTHER: file}))
    assert values(got) == ([(400,)], lines)


def test_a_value_that_boot_would_lose_is_written_though_it_is_in_force() -> None:
    place = HOST._replace(files={OTHER: "net.core.rmem_max=200"})
    assert values(planned(profile(400), "900", place)) == ([], [(400,)])
    held = HOST._replace(held=frozenset({RMEM_MAX}))
    assert values(planned(profile(400), "400", held)) == ([], [(400,)])


def test_what_an_earlier_apply_wrote_is_not_lowered() -> None:
    place = HOST._replace(files={OURS: "net.core.rmem_max=800"})
    assert values(planned(profile(400), "800", place)) == ([], [(800,)])
    assert values(planned(profile(400), "900", place)) == ([], [(800,)])


def test_our_line_rises_with_a_file_before_it_that_it_would_lower() -> None:
    place = HOST._replace(files={OURS: "net.core.rmem_max=400", OTHER: "net.core.rmem_max=900"})
    assert values(planned(profile(400), "900", place)) == ([], [(900,)])


def test_applying_again_changes_nothing() -> None:
    first = planned(profile(400), "100")
    file = f"{RMEM_MAX} = {first.lines[0].proposed[0]}"
    again = planned(profile(400), "400", HOST._replace(files={OURS: file}))
    assert values(again) == ([], [(400,)])  # the line stands as it is


@pytest.mark.parametrize(
    ("key", "place", "obstacle", "said"),
    [
        (RMEM_MAX, CHILD, "read-only", "the host's value, read-only in this network namespace"),
        ("net.core.netdev_max_backlog", CHILD, "absent", "hidden in this network namespace"),
        ("net.netfilter.nf_conntrack_max", HOST, "absent", "connection tracking is not loaded"),
        ("net.core.mem_pcpu_rsv", HOST._replace(kernel=KernelVersion(5, 4)), "absent", "this ker"),
        (RMEM_MAX, HOST, "read-only", "/proc/sys is read-only here, as in a container"),
        (RMEM_MAX, HOST, "denied", "writing it needs root"),
    ],
)
def test_what_cannot_be_set_says_where_it_must_be(
    key: str, place: Place, obstacle: Obstacle, said: str
) -> None:
    text = None if obstacle == "absent" else "100"
    got = planned(profile(400, key=key), text, place, obstacle)
    assert values(got) == ([], [])
    assert said in got.refused[0].why


def test_a_read_only_key_that_is_high_enough_is_no_complaint() -> None:
    place = CHILD._replace(files={OTHER: "net.core.rmem_max=200"})
    got = planned(profile(400), "500", place, "read-only")
    assert (got.refused, got.lines) == ((), ())


def test_a_different_count_of_numbers_is_refused() -> None:
    got = planned(profile(1, 2, key="net.ipv4.tcp_rmem"), "1 2 3")
    assert got.refused[0].why == "it holds 3 numbers, and the profile gives 2"


def test_an_image_gets_lines_and_no_running_values() -> None:
    image = Place(None, None, has_kernel=False, files={OTHER: "net.core.rmem_max=800"})
    assert values(planned(profile(400), None, image)) == ([], [])
    assert values(planned(profile(900), None, image)) == ([], [(900,)])
    assert planned(profile(900), None, image).in_force == ()


def test_the_line_that_wins_at_boot_is_named_for_each_loader() -> None:
    files = {
        OURS: "net.core.rmem_max = 400",
        "/etc/sysctl.d/99-late.conf": "# late\nnet/core/rmem_max = 300",
        "/etc/sysctl.conf": "net.core.rmem_max = 200",
    }
    got = [
        (one.loader, one.values, one.winner.path, one.winner.line)
        for one in overriding(files, {RMEM_MAX: (400,)})
    ]
    assert got == [
        (SYSTEMD, (300,), "/etc/sysctl.d/99-late.conf", 2),
        (PROCPS, (200,), "/etc/sysctl.conf", 1),
    ]


def test_a_later_line_that_agrees_is_no_complaint() -> None:
    files = {OURS: "net.core.rmem_max=400", "/etc/sysctl.conf": "net.core.rmem_max=400"}
    assert overriding(files, {RMEM_MAX: (400,)}) == ()


def test_a_later_line_that_the_kernel_refuses_leaves_its_default_under_systemd_alone() -> None:
    files = {OURS: "net.core.rmem_max=400", "/etc/sysctl.d/99-late.conf": "net.core.rmem_max=abc"}
    got = [(one.loader, one.values) for one in overriding(files, {RMEM_MAX: (400,)})]
    assert got == [(SYSTEMD, None)]


def test_a_later_line_that_gives_more_is_told_too() -> None:
    files = {OURS: "net.core.rmem_max=400", "/etc/sysctl.conf": "net.core.rmem_max=500"}
    assert [one.values for one in overriding(files, {RMEM_MAX: (400,)})] == [(500,)]


def test_keys_share_what_memory_a_profile_allows() -> None:
    first, second = profile(400_000), profile(1, 2, 800_000, key="net.ipv4.tcp_rmem")
    both = first._replace(settings=(*first.settings, *second.settings), memory_share=0.01)
    refused = beyond_memory(both, Host({}, 128 << 20, 4096, 1))
    assert list(refused) == ["net.ipv4.tcp_rmem"]
    assert "(1,342,177 B), of which 542,177 B are left" in refused["net.ipv4.tcp_rmem"]
    assert not beyond_memory(both._replace(memory_share=0.02), Host({}, 128 << 20, 4096, 1))
    assert not beyond_memory(both._replace(memory_share=None), Host({}, 1 << 20, 4096, 1))
    assert not beyond_memory(both, Host({}, None, 4096, 1))


def test_of_files_of_one_name_the_first_folders_counts_and_a_hidden_one_is_of_procps() -> None:
    files = {
        "/etc/sysctl.d/60-other.conf": "net.core.rmem_max=1",
        "/run/sysctl.d/60-other.conf": "net.core.rmem_max=2",
        "/etc/sysctl.d/.95-hidden.conf": "net.core.rmem_max=3",
        "/usr/lib/sysctl.d/50-vendor.conf": "net.core.rmem_default=4",
    }
    got = {procps: assignments(files, procps=procps) for procps in (False, True)}
    assert [one.value for one in got[False][RMEM_MAX]] == ["1"]
    assert [one.value for one in got[True][RMEM_MAX]] == ["3", "1"]
