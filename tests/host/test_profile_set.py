"""Exports that their real consumers set in a namespace of its own, floors and all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_written import parse_profile
from netrx_tune.reporters.exports import export, joined
from tests.host.consumers import PLAY, PYTHON, needs, root_only, run

OWN = """schema: 1
name: own
summary: "keys that each network namespace has for itself"
settings:
  net.ipv4.ipfrag_time: {exactly: 9, why: w}
  net.core.somaxconn: {at_least: 5000, why: w}
  net.ipv4.tcp_rmem: {at_least: 4096 131072 16777216, why: w}
"""
KEYS = ("net.ipv4.ipfrag_time", "net.core.somaxconn", "net.ipv4.tcp_rmem")
INSIDE = f"""set -e
mount --bind "$1" /etc/sysctl.d
shift
sysctl -qw net.core.somaxconn=6000 net.ipv4.tcp_rmem="8192 65536 1048576"
"$@" >&2
sysctl -n {" ".join(KEYS)}
"""


def set_by(folder: Path, *words: str | Path) -> tuple[list[str], str]:
    """Return the values that a tool sets in a namespace of its own, and what it said."""
    scratch = folder / "sysctl.d"
    scratch.mkdir()
    environment = {**os.environ, "HOME": str(folder), "ANSIBLE_LOCALHOST_WARNING": "False"}
    got = subprocess.run(
        ["unshare", "-mn", "sh", "-c", INSIDE, "sh", scratch, *words],
        capture_output=True, text=True, check=False, env=environment, cwd=folder,
    )  # fmt: skip
    assert got.returncode == 0, got.stderr
    return [" ".join(line.split()) for line in got.stdout.splitlines()], got.stderr


@root_only
@pytest.mark.parametrize("kind", ["sysctl", "shell", "ansible"])
def test_what_is_exported_sets_the_values_of_a_namespace(tmp_path: Path, kind: str) -> None:
    needs("unshare", "sysctl", *(["ansible-playbook"] if kind == "ansible" else []))
    found = resolve(parse_profile(OWN, "own"), lambda _: None, Memory(8 << 30))
    now = {KEYS[1]: (6000,), KEYS[2]: (8192, 65536, 1048576)}  # of the host that it is for
    path = tmp_path / kind
    path.write_text(joined(export(found, now, kind)))
    words: tuple[str | Path, ...] = {"sysctl": ("sysctl", "-p", path)}.get(kind, ("sh", path))
    if kind == "ansible":
        (tmp_path / "play.yml").write_text(PLAY)
        words = ("ansible-playbook", *PYTHON, tmp_path / "play.yml")
    values, said = set_by(tmp_path, *words)
    assert values == ["9", "6000", "8192 131072 16777216"], said
    if kind == "ansible":
        assert "failed=0" in said
        written = (tmp_path / "sysctl.d/90-netrx-tune.conf").read_text()
        assert "net.core.somaxconn=6000" in written.replace(" ", "")


TUNED_INSIDE = f"""set -e
for folder in /etc/tuned /run /var/log; do mount --bind "$1$folder" $folder; done
sysctl -qw net.core.somaxconn="$2"
tuned --no-dbus -p netrx-tune -l /var/log/tuned.log >&2 &
trap 'kill -INT $!; wait' EXIT
for _ in $(seq 200); do
    [ "$(sysctl -n net.ipv4.ipfrag_time)" = 9 ] && break
    sleep 0.1
done
sleep 0.5
sysctl -n {" ".join(KEYS)}
"""


@root_only
@pytest.mark.parametrize(("before", "after"), [(4096, "5000"), (6000, "6000")])
def test_tuned_raises_to_a_floor_and_never_lowers(tmp_path: Path, before: int, after: str) -> None:
    needs("unshare", "sysctl", "tuned")
    for folder in ("etc/tuned/netrx-tune", "run", "var/log"):
        (tmp_path / folder).mkdir(parents=True)
    # What else the host's sysctl.d holds is not to be set again.
    (tmp_path / "etc/tuned/tuned-main.conf").write_text("reapply_sysctl = 0\n")
    found = resolve(parse_profile(OWN, "own"), lambda _: None, Memory(8 << 30))
    text = joined(export(found, {KEYS[2]: (4096, 131072, 33554432)}, "tuned"))
    (tmp_path / "etc/tuned/netrx-tune/tuned.conf").write_text(text)
    words = ("unshare", "-mn", "sh", "-c", TUNED_INSIDE, "sh", tmp_path, str(before))
    got = [" ".join(line.split()) for line in run(*words).splitlines()]
    assert got == ["9", after, "4096 131072 33554432"]
