"""Exports as their real consumers read them; each is skipped where it is not installed.

Nothing is written: procps is asked for a dry run over a read-only /proc/sys, systemd-sysctl for
a prefix that no key has, Ansible for a check, tuned for its loader alone.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from netrx_tune.host import profiles
from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_written import parse_profile
from netrx_tune.reporters.exports import export, joined
from tests.host.consumers import PLAY, PYTHON, needs, root_only, run

ALL = """schema: 1
name: all
summary: "one of each kind {{ x }} ${f:exec:id} $(id)"
settings:
  net.core.rmem_max: {at_least: 8MiB, why: "text {{ lookup('pipe', 'id') }} ${f:exec:id}"}
  net.ipv4.udp_mem: {at_least: [8% of memory, 10% of memory, 12% of memory], why: w, source: s}
  net.ipv4.tcp_rmem: {at_least: 4096 131072 16777216, why: w}
  net.ipv4.conf.all.rp_filter: {exactly: 2, why: w}
  net.netfilter.nf_conntrack_max: {at_least: 1048576, why: w}
application:
  - "echo f > /sys/class/net/eth0/queues/rx-0/rps_cpus: spread"
  - "ethtool -G eth0 rx 512: longer"
"""
VALUES = {
    "net.core.rmem_max": "8388608",
    "net.ipv4.udp_mem": "167772 209715 251658",
    "net.ipv4.tcp_rmem": "4096 131072 16777216",
    "net.ipv4.conf.all.rp_filter": "2",
    "net.netfilter.nf_conntrack_max": "1048576",
}
SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
READ_ONLY = 'mount -o bind,ro /proc/sys /proc/sys && exec "$@"'


def write(folder: Path, kind: str, text: str = ALL) -> Path:
    found = resolve(parse_profile(text, "all"), lambda _: None, Memory(8 << 30))
    path = folder / kind
    path.write_text(joined(export(found, {}, kind)[:1]))
    return path


def ours() -> list[tuple[str, str]]:
    return [(name, Path(path).read_text()) for name, path in profiles.names(profiles.shelf("/x"))]


@root_only
def test_procps_reads_the_values_of_a_sysctl_file(tmp_path: Path) -> None:
    needs("sysctl", "unshare")
    if "--dry-run" not in run("sysctl", "--help"):
        pytest.skip("sysctl is older than procps 4")
    for name, text in [("all", ALL), *ours()]:
        alone = text.replace("extends: base\n", "")
        path = write(tmp_path, "sysctl", alone)
        # The order counts: in 4.0.2 --dry-run behind the file writes.
        line = ("sysctl", "--dry-run", "-p", str(path))
        got = run("unshare", "-m", "sh", "-c", READ_ONLY, "sh", *line)
        want = [row for row in path.read_text().splitlines() if row and row[0] != "#"]
        assert got.splitlines() == want, name
    assert want


@root_only
def test_systemd_sysctl_takes_every_line_of_a_sysctl_file(tmp_path: Path) -> None:
    needs("unshare", SYSTEMD_SYSCTL)
    line = ("unshare", "-m", "sh", "-c", READ_ONLY, "sh", SYSTEMD_SYSCTL, "--prefix=/nothing")
    run(*line, write(tmp_path, "sysctl"))
    wrong = tmp_path / "wrong"
    wrong.write_text("no assignment\n")
    assert subprocess.run([*line, wrong], capture_output=True, check=False).returncode != 0


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    needs("systemd-analyze")
    found = resolve(parse_profile(ALL, "all"), lambda _: None, Memory(8 << 30))
    advice = tuple(line for line in found.application if line.startswith("echo"))
    unit = export(found._replace(application=advice), {}, "systemd")[-1]
    path = tmp_path / Path(unit.path).name
    path.write_text(unit.text)
    run("systemd-analyze", "verify", path)


SETUP_LINK = """set -e
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /etc/systemd/network
cp "$1" /etc/systemd/network/60-netrx-tune.link
SYSTEMD_LOG_LEVEL=debug udevadm test-builtin net_setup_link /sys/class/net/lo 2>&1
"""


@root_only
def test_udev_knows_every_key_of_a_link(tmp_path: Path) -> None:
    needs("udevadm", "unshare")
    if not Path("/etc/systemd/network").is_dir():
        pytest.skip("/etc/systemd/network is missing")
    found = resolve(parse_profile(ALL, "all"), lambda _: None, Memory(8 << 30))
    path = tmp_path / "x.link"
    path.write_text(export(found, {}, "networkd")[-1].text)
    got = subprocess.run(
        ["unshare", "-mn", "sh", "-c", SETUP_LINK, "sh", path],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert 'Parsed configuration file "/etc/systemd/network/60-netrx-tune.link"' in got
    unknown = [line for line in got.splitlines() if "60-netrx-tune.link:" in line]
    assert all("ReceivePacketSteeringCPUMask" in line for line in unknown), unknown


TUNED = """
import json, logging, sys
from tuned.plugins.base import Plugin
from tuned.profiles.factory import Factory
from tuned.profiles.loader import Loader
from tuned.profiles.locator import Locator
from tuned.profiles.merger import Merger
from tuned.profiles.variables import Variables
class Config:
    def get(self, *_):
        return None
    def get_bool(self, *_):
        return False
logging.disable(logging.CRITICAL)
locator = Locator([sys.argv[1]])
found = Loader(locator, Factory(), Merger(), Config(), Variables()).load("netrx-tune")
change = lambda value, now: Plugin._process_assignment_modifiers(None, value, now)
floor = ">8388608"
options = dict(found.units["sysctl"].options)
print(json.dumps([options, change(floor, "212992"), change(floor, "99999999")]))
"""


@pytest.mark.parametrize("kind", ["tuned", "nto"])
def test_tuned_reads_floors_and_values(tmp_path: Path, kind: str) -> None:
    python = "/usr/bin/python3"  # the one that tuned is packaged for
    if not Path(python).exists():
        pytest.skip(f"{python} is not installed")
    probe = subprocess.run(
        [python, "-c", "import tuned.profiles"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("tuned is not installed")
    (tmp_path / "netrx-tune").mkdir()
    text = write(tmp_path, kind).read_text()
    if kind == "nto":  # the operator hands this text to tuned, beside its own profiles
        text = yaml.safe_load(text)["spec"]["profile"][0]["data"]
        (tmp_path / "openshift-node").mkdir()
        (tmp_path / "openshift-node/tuned.conf").write_text("[main]\nsummary=of the operator\n")
    (tmp_path / "netrx-tune" / "tuned.conf").write_text(text)
    options, raised, kept = json.loads(run(python, "-c", TUNED, tmp_path).splitlines()[-1])
    floors = ("net.core.rmem_max", "net.netfilter.nf_conntrack_max")
    assert options == {
        key: f">{value}" if key in floors else value for key, value in VALUES.items()
    }
    assert (raised, kept) == ("8388608", None)


def _play(folder: Path) -> Path:
    write(folder, "ansible")
    path = folder / "play.yml"
    path.write_text(PLAY)
    return path


def test_ansible_takes_the_tasks(tmp_path: Path) -> None:
    needs("ansible-playbook", "ansible-doc")
    known = subprocess.run(
        ["ansible-doc", "-t", "module", "ansible.posix.sysctl"], capture_output=True, check=False
    )
    if known.returncode or b"sysctl_file" not in known.stdout:
        pytest.skip("the collection ansible.posix is not installed")
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_LOCALHOST_WARNING": "False"}
    got = run(
        *("ansible-playbook", *PYTHON, "--check", _play(tmp_path)),
        env=environment,
        cwd=tmp_path,
    )
    assert "failed=0" in got


def test_ansible_lint_has_no_complaint(tmp_path: Path) -> None:
    needs("ansible-lint")
    _play(tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "ansible").rename(tmp_path / "tasks" / "main.yml")
    environment = {**os.environ, "HOME": str(tmp_path)}
    lint = ("ansible-lint", "--offline", "-q", "tasks/main.yml")
    run(*lint, env=environment, cwd=tmp_path)


def test_nix_reads_the_values_of_the_module(tmp_path: Path) -> None:
    needs("nix-instantiate")
    path = write(tmp_path, "nix")
    run("nix-instantiate", "--parse", path)
    call = f"import {path} {{ config = {{}}; lib = {{}}; pkgs = {{}}; }}"
    # No store is made; nix still wants a home.
    options = ("--store", "dummy://", "--eval", "--strict", "--json")
    environment = {**os.environ, "HOME": str(tmp_path)}
    got = json.loads(run("nix-instantiate", *options, "-E", call, env=environment))["boot"]
    single = {key: int(value) for key, value in VALUES.items() if " " not in value}
    assert got == {"kernel": {"sysctl": {**VALUES, **single}}, "kernelModules": ["nf_conntrack"]}


def test_shellcheck_has_no_complaint(tmp_path: Path) -> None:
    needs("shellcheck")
    run("shellcheck", write(tmp_path, "shell"))


FAKE = """#!/bin/sh
cd "$KEYS" || exit 1
case $1 in
-n) tr ' ' '\\t' < "$2" ;;
-w) key=${2%%=*}; printf '%s\\n' "${2#*=}" > "$key"; echo "$key" >> written ;;
esac
"""


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "busybox"])
def test_the_script_raises_and_never_lowers(tmp_path: Path, shell: str) -> None:
    needs(shell)
    keys, tools = tmp_path / "keys", tmp_path / "tools"
    keys.mkdir()
    tools.mkdir()
    (tools / "sysctl").write_text(FAKE)
    (tools / "sysctl").chmod(0o755)
    now = {
        **VALUES,
        "net.core.rmem_max": "212992",
        "net.ipv4.tcp_rmem": "8192 65536 33554432",
        "net.netfilter.nf_conntrack_max": "2000000",
        "net.ipv4.conf.all.rp_filter": "1",
    }
    for key, value in now.items():
        (keys / key).write_text(f"{value}\n")
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "KEYS": str(keys)}
    words = ("busybox", "sh") if shell == "busybox" else (shell,)
    run(*words, write(tmp_path, "shell"), env=environment)
    after = {key: (keys / key).read_text().strip() for key in now}
    assert after == {
        "net.core.rmem_max": "8388608",
        "net.ipv4.udp_mem": VALUES["net.ipv4.udp_mem"],
        "net.ipv4.tcp_rmem": "8192 131072 33554432",
        "net.ipv4.conf.all.rp_filter": "2",
        "net.netfilter.nf_conntrack_max": "2000000",
    }
    run(*words, write(tmp_path, "shell"), env=environment)
    written = (keys / "written").read_text().split()
    assert written.count("net.core.rmem_max") == 1  # the second time there is nothing to raise
    assert "net.netfilter.nf_conntrack_max" not in written
