"""Trees that stand for a host, and the tool run on them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROFILE = """\
schema: 1
name: test
summary: s
settings:
  net.core.rmem_max: {at_least: 800000, why: "room", source: "s"}
  net.ipv4.ipfrag_time: {exactly: 3, why: "short", source: "s"}
"""
OURS = "etc/sysctl.d/90-netrx-tune.conf"
JOURNAL = "var/lib/netrx-tune/journal.json"
TOOL = (sys.executable, "-m", "netrx_tune")


def made(tmp_path: Path) -> Path:
    """Return a tree that stands for a host, beside the profile."""
    tree = tmp_path / "root"
    write(tree, "proc/sys/net/core/rmem_max", "400000\n")
    write(tree, "proc/sys/net/ipv4/ipfrag_time", "30\n")
    write(tree, "etc/sysctl.d/60-other.conf", "vm.swappiness = 1\n")
    profile = tmp_path / "test.yaml"
    profile.write_text(PROFILE)
    profile.chmod(0o600)
    return tree


def write(tree: Path, path: str, text: str) -> None:
    place = tree / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def run(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    arguments = [*TOOL, words[0]]
    if words[0] == "apply":
        arguments.append(str(tree.parent / "test.yaml"))
    arguments += ["--root", str(tree), *words[1:]]
    return subprocess.run(
        arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def files(tree: Path) -> Mapping[str, str]:
    return {
        str(path.relative_to(tree)): path.read_text()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and path.name != "netrx-tune.lock"
    }


def value(tree: Path, key: str) -> str:
    return (tree / "proc/sys" / key).read_text().strip()
