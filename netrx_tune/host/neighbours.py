"""The other network namespaces of the host, as far as /proc shows them without entering.

A process's /proc/PID/net is its namespace's, so one process for each is enough.
"""

from __future__ import annotations

from netrx_tune.collectors.neighbours import FOLDER
from netrx_tune.host import namespaces
from netrx_tune.host.source import Tree

_MOST = 256  # namespaces; a node with more pods than that is looked at pod by pod
_FILES = ("snmp", "snmp6")


def read_neighbours(tree: Tree) -> dict[str, str]:
    """Return each other namespace's UDP counters and who lives there, as files of a sample."""
    files: dict[str, str] = {}
    if not tree.is_live:
        return files
    for number, found in enumerate(namespaces.others()):
        if number >= _MOST:
            break
        if found.pid is None:
            continue
        folder = f"{FOLDER}{found.inode}"
        for name in _FILES:
            text = tree.read(f"/proc/{found.pid}/net/{name}")
            if isinstance(text, str):
                files[f"{folder}/{name}"] = text
        files[f"{folder}/who"] = _who(tree, found)
    return files


def _who(tree: Tree, found: namespaces.Namespace) -> str:
    """Return the lines pid, name and cgroup of the process that stands for a namespace."""
    lines = []
    for file in ("comm", "cgroup"):
        first = tree.text(f"/proc/{found.pid}/{file}").strip().splitlines()
        lines.append(first[-1] if first else "")
    return f"{found.pid}\n{lines[0]}\n{lines[1]}\n"
