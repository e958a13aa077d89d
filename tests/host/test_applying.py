"""Apply, status and rollback as a script meets them, on trees that stand for a host."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from tests.host.host_tree import JOURNAL, OURS, PROFILE, files, made, run, value, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path)


def test_apply_sets_writes_and_journals_and_rollback_takes_all_of_it_back(root: Path) -> None:
    before = files(root)
    done = run(root, "apply", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "net.core.rmem_max 400000 -> 800000 (at least)" in done.stdout
    assert value(root, "net/core/rmem_max") == "800000"
    assert "\nnet.ipv4.ipfrag_time = 3\n" in (root / OURS).read_text()
    assert json.loads((root / JOURNAL).read_text())["entries"][0]["state"] == "applied"
    assert run(root, "status").returncode == 0
    undone = run(root, "rollback", "--yes")
    assert undone.returncode == 0
    assert files(root) == before
    again = run(root, "rollback", "--yes")
    assert (again.returncode, again.stdout) == (0, "Nothing to undo.\n")


def test_a_second_apply_of_the_same_changes_nothing(root: Path) -> None:
    run(root, "apply", "--yes")
    before = files(root)
    done = run(root, "apply", "--yes", "--format", "json")
    assert json.loads(done.stdout)["outcome"] == "nothing-to-do"
    assert files(root) == before


def test_a_wish_to_verify_an_image_is_said_to_be_of_no_use(root: Path) -> None:
    done = run(root, "apply", "--yes", "--verify", "5")
    assert done.stderr == "note: --verify is not used: no traffic passes an image\n"


def test_a_dry_run_shows_all_and_touches_nothing(root: Path) -> None:
    before = files(root)
    done = run(root, "apply", "--dry-run", "--format", "json")
    document = json.loads(done.stdout)
    assert document["outcome"] == "dry-run"
    assert [one["key"] for one in document["changes"]] == [
        "net.core.rmem_max",
        "net.ipv4.ipfrag_time",
    ]
    assert files(root) == before
    assert not (root / "run").exists()


def test_without_a_terminal_and_without_yes_nothing_happens(root: Path) -> None:
    before = files(root)
    done = run(root, "apply")
    assert done.returncode == 2
    assert "there is no terminal to ask: say --yes" in done.stderr
    assert files(root) == before


def test_what_cannot_be_set_from_here_at_all_is_a_failure(root: Path) -> None:
    (root / "proc/sys/net/core/rmem_max").unlink()
    (root / "proc/sys/net/ipv4/ipfrag_time").unlink()
    before = files(root)
    done = run(root, "apply", "--yes")
    assert done.returncode == 2
    assert "Nothing was changed: what is missing cannot be set from here." in done.stdout
    assert files(root) == before


def test_applied_again_it_is_well_where_all_that_can_be_set_is_in_force(root: Path) -> None:
    (root / "proc/sys/net/core/rmem_max").unlink()
    assert run(root, "apply", "--yes").returncode == 0
    done = run(root, "apply", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing was changed: what is missing cannot be set from here." in done.stdout


def test_only_the_file_or_only_the_values(root: Path) -> None:
    run(root, "apply", "--yes", "--persist-only")
    assert (value(root, "net/core/rmem_max"), (root / OURS).exists()) == ("400000", True)
    run(root, "rollback", "--yes")
    run(root, "apply", "--yes", "--runtime-only")
    assert (value(root, "net/core/rmem_max"), (root / OURS).exists()) == ("800000", False)
    run(root, "apply", "--yes")  # what was set before is now to outlive a boot
    assert "net.core.rmem_max = 800000" in (root / OURS).read_text()
    assert run(root, "apply", "--runtime-only", "--persist-only").returncode == 2


def test_an_image_without_a_kernel_gets_the_file_alone(root: Path) -> None:
    (root / "proc/self").symlink_to("1")  # /proc of the host that builds the image
    run(root, "apply", "--yes")
    assert value(root, "net/core/rmem_max") == "400000"
    assert "net.core.rmem_max = 800000" in (root / OURS).read_text()


def test_the_file_that_was_there_comes_back_byte_for_byte(root: Path) -> None:
    write(root, OURS, "# mine\n\nnet.core.somaxconn = 9\n")
    (root / OURS).chmod(0o640)
    before = files(root)
    run(root, "apply", "--yes")
    assert "net.core.somaxconn = 9" in (root / OURS).read_text()
    run(root, "rollback", "--yes")
    assert files(root) == before
    assert (root / OURS).stat().st_mode & 0o777 == 0o640


def test_a_link_that_masks_our_file_comes_back_as_a_link(root: Path) -> None:
    (root / OURS).symlink_to("/dev/null")
    run(root, "apply", "--yes")
    assert not (root / OURS).is_symlink()
    run(root, "rollback", "--yes")
    assert (root / OURS).readlink() == Path("/dev/null")


def test_a_folder_that_was_made_goes_again(root: Path) -> None:
    (root / "etc/sysctl.d/60-other.conf").unlink()
    (root / "etc/sysctl.d").rmdir()
    run(root, "apply", "--yes")
    assert (root / OURS).exists()
    run(root, "rollback", "--yes")
    assert not (root / "etc/sysctl.d").exists()


def test_a_link_that_leads_out_of_the_root_is_refused(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "etc/sysctl.d/60-other.conf").unlink()
    (root / "etc/sysctl.d").rmdir()
    (root / "etc/sysctl.d").symlink_to(outside)
    done = run(root, "apply", "--yes")
    assert done.returncode == 2
    assert "leads out of" in done.stderr
    assert (list(outside.iterdir()), value(root, "net/core/rmem_max")) == ([], "400000")


def test_what_someone_else_changed_is_left_unless_forced(root: Path) -> None:
    run(root, "apply", "--yes")
    write(root, "proc/sys/net/core/rmem_max", "900000\n")
    status = run(root, "status")
    assert status.returncode == 1
    assert "= 800000 (before: 400000): NOT in force: it is 900000" in status.stdout
    done = run(root, "rollback", "--yes")
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "net.core.rmem_max is 900000 (we set 800000, before it was 400000)" in said
    assert value(root, "net/core/rmem_max") == "900000"
    assert value(root, "net/ipv4/ipfrag_time") == "30"
    assert run(root, "rollback", "--yes", "--force").returncode == 0
    assert value(root, "net/core/rmem_max") == "400000"


def test_a_file_that_someone_edited_is_left_unless_forced(root: Path) -> None:
    run(root, "apply", "--yes")
    write(root, OURS, "# edited\n")
    assert run(root, "rollback", "--yes").returncode == 1
    assert (root / OURS).read_text() == "# edited\n"
    assert run(root, "rollback", "--yes", "--force").returncode == 0
    assert not (root / OURS).exists()


def test_two_profiles_are_undone_one_after_the_other(root: Path) -> None:
    before = files(root)
    run(root, "apply", "--yes")
    first = files(root)
    other = PROFILE.replace("name: test", "name: other").replace("800000", "1200000")
    (root.parent / "test.yaml").write_text(other)
    run(root, "apply", "--yes")
    text = (root / OURS).read_text()
    assert "# Profiles: test, other" in text
    assert text.count("net.core.rmem_max =") == 1
    assert "net.ipv4.ipfrag_time = 3" in text
    assert "Before it, test was applied" in run(root, "rollback", "--yes").stdout
    assert files(root) == first
    run(root, "rollback", "--yes")
    assert files(root) == before


def test_what_a_later_apply_left_neither_hides_nor_poses_as_an_earlier_one(root: Path) -> None:
    write(root, "proc/sys/net/core/rmem_default", "300000\n")
    before = files(root)
    run(root, "apply", "--yes")
    other = PROFILE.replace("name: test", "name: other").replace("rmem_max", "rmem_default")
    (root.parent / "test.yaml").write_text(other)
    run(root, "apply", "--yes")
    write(root, "proc/sys/net/core/rmem_default", "900000\n")
    told = run(root, "rollback", "--yes")
    assert (told.returncode, "Before it, test was applied" in told.stdout) == (1, True)
    told = run(root, "rollback", "--yes")
    assert (told.returncode, told.stdout.startswith("Undone: test (")) == (0, True)
    assert "Before it" not in told.stdout
    assert "waits for --force" in run(root, "rollback", "--yes").stdout
    assert run(root, "rollback", "--yes", "--force").returncode == 0
    assert files(root) == before


def test_what_two_applies_left_is_forced_one_after_the_other(root: Path) -> None:
    before = files(root)
    run(root, "apply", "--yes")
    other = PROFILE.replace("name: test", "name: other").replace("800000", "1200000")
    (root.parent / "test.yaml").write_text(other)
    run(root, "apply", "--yes")
    write(root, "proc/sys/net/core/rmem_max", "900000\n")
    assert [run(root, "rollback", "--yes").returncode for _ in range(2)] == [1, 1]
    assert "Before it, test was applied" in run(root, "rollback", "--yes", "--force").stdout
    assert run(root, "rollback", "--yes", "--force").returncode == 0
    assert files(root) == before


def test_after_a_crash_apply_refuses_and_rollback_restores(root: Path) -> None:
    before = files(root)
    run(root, "apply", "--yes")
    journal = root / JOURNAL
    journal.write_text(journal.read_text().replace('"applied"', '"applying"', 1))
    write(root, "proc/sys/net/core/rmem_max", "400000\n")  # as after a reboot
    done = run(root, "apply", "--yes")
    assert done.returncode == 2
    assert "was interrupted" in done.stderr
    assert run(root, "status").returncode == 1
    assert run(root, "rollback", "--yes").returncode == 0
    assert files(root) == before


def test_diagnose_notes_an_interrupted_apply_and_nothing_else_of_the_journal(root: Path) -> None:
    write(root, "proc/net/snmp", "Udp: InDatagrams NoPorts InErrors\nUdp: 5 0 0\n")
    run(root, "apply", "--yes", "--runtime-only")
    look = ("diagnose", "--interval", "0", "--format", "json")
    assert run(root, *look).stderr == ""
    journal = root / JOURNAL
    text = journal.read_text()
    hostile = text.replace('"profile": "test"', '"profile": "te\\u001b[2Jst"')
    journal.write_text(hostile.replace('"applied"', '"applying"', 1))
    done = run(root, *look)
    assert done.returncode == 0
    assert json.loads(done.stdout)["schema"] == "netrx-tune/diagnosis/v1"
    assert done.stderr.startswith("note: an apply of te\\x1b[2Jst (")
    assert done.stderr.endswith("was interrupted: netrx-tune rollback puts back what it changed\n")
    assert run(root, *look, "--quiet").stderr == ""
    journal.write_text("{")  # apply, status and rollback say that one
    assert run(root, *look).stderr == ""


def test_a_later_file_that_wins_is_named_with_its_line(root: Path) -> None:
    write(root, "etc/sysctl.d/99-late.conf", "# x\nnet.core.rmem_max = 500000\n")
    done = run(root, "apply", "--yes")
    told = " ".join(done.stdout.split())
    assert "/etc/sysctl.d/99-late.conf:2 sets net.core.rmem_max to 500000 after" in told
    assert "(systemd-sysctl and sysctl --system)" in told
    assert run(root, "status").returncode == 1


def test_a_second_run_at_the_same_time_is_refused(root: Path) -> None:
    write(root, "run/netrx-tune.lock", "")
    with (root / "run/netrx-tune.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(root, "apply", "--yes")
    assert done.returncode == 2
    assert "another netrx-tune is changing this host" in done.stderr
    assert value(root, "net/core/rmem_max") == "400000"


def test_a_journal_that_is_no_journal_stops_everything(root: Path) -> None:
    write(root, JOURNAL, '{"schema": "netrx-tune/journal/v1", "entries": [{}]}')
    before = files(root)
    for name in ("apply", "rollback"):
        done = run(root, name, "--yes")
        assert done.returncode == 2
        assert "not a journal of this tool" in done.stderr
    assert files(root) == before


LIMITED = PROFILE.replace("settings:", "limits: {memory_share: 0.01}\nsettings:")


def test_a_profile_of_a_larger_host_keeps_to_its_share_of_this_ones_memory(root: Path) -> None:
    write(root, "proc/meminfo", "MemTotal: 131072 kB\n")  # 1 % is 1.3 MB, and 800,000 are doubled
    (root.parent / "test.yaml").write_text(LIMITED)
    done = run(root, "apply", "--yes", "--format", "json")
    document = json.loads(done.stdout)
    assert [one["key"] for one in document["changes"]] == ["net.ipv4.ipfrag_time"]
    assert [one["key"] for one in document["not_set"]] == ["net.core.rmem_max"]
    assert "the profile allows 1 % (1,342,177 B)" in document["not_set"][0]["why"]
    assert value(root, "net/core/rmem_max") == "400000"
    assert "rmem_max" not in (root / OURS).read_text()
    write(root, "proc/meminfo", "MemTotal: 1310720 kB\n")
    run(root, "apply", "--yes")
    assert value(root, "net/core/rmem_max") == "800000"


def test_a_key_that_needs_its_module_at_boot_says_so_until_something_loads_it(root: Path) -> None:
    key = "net.netfilter.nf_conntrack_max"
    write(root, "proc/sys/net/netfilter/nf_conntrack_max", "65536\n")
    text = PROFILE.replace("net.core.rmem_max", key)
    (root.parent / "test.yaml").write_text(text)
    notes = json.loads(run(root, "apply", "--dry-run", "--format", "json").stdout)["notes"]
    assert ["echo nf_conntrack > /etc/modules-load.d/" in one for one in notes] == [True]
    assert "Note: keys of nf_conntrack exist" in run(root, "apply", "--dry-run").stdout
    write(root, "etc/modules-load.d/firewall.conf", "# ours\nnf_conntrack\n")
    assert json.loads(run(root, "apply", "--dry-run", "--format", "json").stdout)["notes"] == []
