"""The playbooks over real hosts: five sshd in namespaces, one whose counters speak against it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fleet.for_everybody import command_for_everybody
from tests.fleet.hosts import SSHD, Hosts
from tests.live.lab import beside, obstacle

NAMES = ("web1", "web2", "web3", "web4", "web5")
LOSER = "web3"
USERS = {"web6": "operator", "web7": "guest"}  # who is let in there, and who may use sudo
HIGH = "net.ipv4.ipfrag_high_thresh"
STOCK = "4194304"
NARROW = """schema: 1
name: narrow
summary: No room for fragments
settings:
  net.ipv4.ipfrag_low_thresh: {exactly: 1024, why: w, source: s}
  net.ipv4.ipfrag_high_thresh: {exactly: 2048, why: w, source: s}
"""
OURS = str(Path(sys.executable).parent / "netrx-tune")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fleet")
    subprocess.run([OURS, "fleet", "init", str(made / "playbooks")], check=True)
    profile = made / "narrow.yaml"
    profile.write_text(NARROW)
    profile.chmod(0o600)
    return made


def test_init_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = subprocess.run(
        [OURS, "fleet", "init", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "something stands there already" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_ansible_lint_finds_nothing_in_its_strictest_profile(folder: Path) -> None:
    if shutil.which("ansible-lint") is None:
        pytest.skip("ansible-lint is not installed")
    done = subprocess.run(
        ["ansible-lint", "--offline", "--nocolor", "--profile", "production", "--strict"],
        cwd=folder / "playbooks",
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def hosts(folder: Path) -> Iterator[Hosts]:
    missing = [name for name in ("ansible-playbook", "ssh-keygen") if not shutil.which(name)]
    why = obstacle() or ("" if SSHD else "sshd is not installed")
    if why or missing:
        pytest.skip(why or f"{missing[0]} is not installed")
    with beside(), Hosts(folder, (*NAMES, *USERS)) as made:
        made.send_fragments(LOSER)
        yield made


def narrowed(hosts: Hosts, folder: Path, names: Sequence[str], *, batches: str) -> tuple[int, str]:
    """Apply a profile that leaves no room for fragments."""
    return hosts.play(
        folder / "playbooks/apply.yml",
        hosts.inventory({"web": names}),
        command=OURS,
        profile_file=folder / "narrow.yaml",
        verify=1,
        batches=batches,
    )


def changed_hosts(hosts: Hosts) -> list[str]:
    """Return who runs with the profile's value; the file for the boot must say the same."""
    changed = [name for name, host in hosts.all.items() if host.sysctl(HIGH) != STOCK]
    assert changed == [name for name, host in hosts.all.items() if host.has_our_file]
    return changed


def recap(printed: str) -> dict[str, dict[str, int]]:
    lines = re.findall(r"^(\w+) +: (ok=.*)$", printed, re.MULTILINE)
    return {
        name: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", figures)}
        for name, figures in lines
    }


def said(printed: str) -> dict[str, str]:
    failed = re.compile(r'^fatal: \[(\w+)\]: FAILED! => .*"msg": "(.*?)"\}?$', re.MULTILINE)
    return dict(failed.findall(printed))


def test_diagnose_fetches_a_snapshot_of_each_host_and_reports_on_all(
    hosts: Hosts, folder: Path
) -> None:
    inventory = hosts.inventory({"edge": NAMES[:2], "web": NAMES[2:]})
    playbook = folder / "playbooks/diagnose.yml"
    code, printed = hosts.play(
        playbook, inventory, command=OURS, local_command=OURS, interval=1, redact=False
    )
    assert code == 0, printed
    assert all(row["changed"] == 0 for row in recap(printed).values()), printed
    (run,) = (folder / "playbooks/fetched").iterdir()
    assert {str(path.relative_to(run)) for path in run.rglob("*.tar.gz")} == {
        f"{'edge' if name in NAMES[:2] else 'web'}/{name}/{name}.tar.gz" for name in NAMES
    }
    judged = [json.loads(line) for line in (run / "check.jsonl").read_text().splitlines()]
    assert sorted(one["host"] for one in judged) == sorted(NAMES)
    one = json.loads((run / "web" / LOSER / f"{LOSER}.json").read_text())
    assert one["schema"] == "netrx-tune/diagnosis/v1"
    assert (run / "report.md").read_text().startswith("# Packet loss in the fleet")


def test_a_host_that_got_worse_stops_the_batches_and_its_own_is_put_back(
    hosts: Hosts, folder: Path
) -> None:
    code, printed = narrowed(hosts, folder, NAMES, batches="1,2,2")
    assert code == 2, printed
    assert changed_hosts(hosts) == ["web1"], printed
    words = said(printed)
    assert words["web3"].startswith("undone by itself"), printed
    assert words["web2"] == "put back, since web3 got worse or failed"
    assert recap(printed).keys() == {"web1", "web2", "web3"}


def test_a_host_that_goes_away_in_the_middle_stops_the_batches_and_the_others_are_put_back(
    hosts: Hosts, folder: Path
) -> None:
    ending = threading.Thread(target=end_when_changed, args=(hosts, "web5"))
    ending.start()
    code, printed = narrowed(hosts, folder, ("web4", "web5", "web2"), batches="2,1")
    ending.join()
    assert code == 2, printed
    assert changed_hosts(hosts) == ["web1", "web5"], printed
    words = said(printed)
    assert words["web4"] == "put back, since web5 got worse or failed", printed
    assert words["web5"].endswith("run rollback.yml --limit web5 when it answers"), printed
    assert "web2" not in recap(printed)


def end_when_changed(hosts: Hosts, name: str) -> None:
    for _ in range(400):
        if hosts.all[name].sysctl(HIGH) != STOCK and hosts.all[name].has_our_file:
            break
        time.sleep(0.05)
    hosts.power_off(name)


def test_a_host_that_is_away_stops_its_batch_before_anything_is_changed(
    hosts: Hosts, folder: Path
) -> None:
    code, printed = narrowed(hosts, folder, ("web4", "web5", "web2"), batches="2,1")
    assert code != 0, printed
    assert changed_hosts(hosts) == ["web1", "web5"], printed
    assert recap(printed)["web5"]["unreachable"] == 1
    assert said(printed) == {"web4": "nothing was changed here; web5 cannot be reached or prepared"}


def test_rollback_puts_back_what_was_kept_and_what_was_left_in_the_middle(
    hosts: Hosts, folder: Path
) -> None:
    hosts.boot("web5")
    inventory = hosts.inventory({"web": NAMES})
    code, printed = hosts.play(folder / "playbooks/rollback.yml", inventory, command=OURS)
    assert code == 0, printed
    assert changed_hosts(hosts) == [], printed
    assert [name for name, row in recap(printed).items() if row["changed"]] == ["web1", "web5"]


@pytest.fixture
def by_sudo(hosts: Hosts) -> Path:
    """Give an inventory of hosts whose root is not let in; on the second sudo is refused."""
    if shutil.which("sudo") is None:
        pytest.skip("sudo is not installed")
    return hosts.inventory({"edge": tuple(USERS)}, USERS)


def test_a_user_with_sudo_looks_applies_and_rolls_back(
    hosts: Hosts, folder: Path, by_sudo: Path
) -> None:
    more = {"command": OURS, "local_command": OURS, "interval": 1, "redact": False}
    code, printed = hosts.play(folder / "playbooks/diagnose.yml", by_sudo, limit="web6", **more)
    assert code == 0, printed
    run = max((folder / "playbooks/fetched").iterdir())
    diagnosis = json.loads((run / "edge/web6/web6.json").read_text())
    assert not [gap for gap in diagnosis["gaps"] if gap["why"] == "denied"]
    more = {"command": OURS, "profile_file": folder / "narrow.yaml", "verify": 1}
    code, printed = hosts.play(folder / "playbooks/apply.yml", by_sudo, limit="web6", **more)
    assert code == 0, printed
    assert changed_hosts(hosts) == ["web6"], printed
    rollback = folder / "playbooks/rollback.yml"
    code, printed = hosts.play(rollback, by_sudo, limit="web6", command=OURS)
    assert code == 0, printed
    assert changed_hosts(hosts) == [], printed


def test_where_sudo_is_refused_nothing_is_changed_in_the_batch_and_it_is_said_what_to_do(
    hosts: Hosts, folder: Path, by_sudo: Path
) -> None:
    more = {"command": OURS, "profile_file": folder / "narrow.yaml", "verify": 1, "batches": "2"}
    code, printed = hosts.play(folder / "playbooks/apply.yml", by_sudo, **more)
    assert code == 2, printed
    assert changed_hosts(hosts) == [], printed
    assert said(printed) == {
        "web6": "nothing was changed here; web7 cannot be reached or prepared",
        "web7": "root is refused (Missing sudo password): let guest run sudo without a password"
        " there, or add --ask-become-pass; diagnose.yml can do without, and sees less:"
        " -e netrx_tune_become=false",
    }
    more = {"command": OURS, "local_command": OURS, "interval": 1, "redact": False}
    diagnose = folder / "playbooks/diagnose.yml"
    code, printed = hosts.play(diagnose, by_sudo, **more)
    assert code == 2, printed
    assert said(printed)["web7"].startswith("root is refused (Missing sudo password): let guest")
    run = max((folder / "playbooks/fetched").iterdir())
    assert [path.name for path in run.rglob("*.tar.gz")] == ["web6.tar.gz"]
    assert "/report.md" in printed


def test_without_root_a_host_is_looked_at_as_far_as_its_user_may(
    hosts: Hosts, folder: Path, by_sudo: Path
) -> None:
    diagnose = folder / "playbooks/diagnose.yml"
    with command_for_everybody() as theirs:
        more = {"command": theirs, "local_command": OURS, "interval": 1, "redact": False}
        code, printed = hosts.play(diagnose, by_sudo, limit="web7", become=False, **more)
    assert code == 0, printed
    run = max((folder / "playbooks/fetched").iterdir())
    gaps = json.loads((run / "edge/web7/web7.json").read_text())["gaps"]
    assert [gap for gap in gaps if gap["why"] == "denied"]


def test_a_program_that_is_not_there_is_said_so(hosts: Hosts, folder: Path, by_sudo: Path) -> None:
    rollback = folder / "playbooks/rollback.yml"
    code, printed = hosts.play(rollback, by_sudo, limit="web6", command="/nowhere/netrx-tune")
    assert code == 2, printed
    assert said(printed)["web6"].startswith(
        "/nowhere/netrx-tune does not answer (Error executing command): install it with -e"
    )
