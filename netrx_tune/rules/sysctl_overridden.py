"""A sysctl file asks for more than the host will have after boot, since a later file wins.

What it means: someone raised a limit in one file, and another file, read later, sets it lower. The
change is gone at the next boot, or is not in force now.

How it is counted: files of sysctl.d in the order in which systemd-sysctl and procps read them; the
two differ by /etc/sysctl.conf, which procps reads once more at the end.
Sources: sysctl.d(5), sysctl(8).

Remedy: remove the line that wins, or move the wanted one to a file whose name sorts after it.

When not to act: if the lower value is the wanted one, remove the other line.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.sysctl_d import CONF, FOLDERS, Assignment, assignments
from netrx_tune.collectors.text import below
from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.rule import Facts, Rule, note

# Limits of the receive path, where a lower value that wins is a loss of what was asked for.
_KEYS = (
    "net.core.rmem_max",
    "net.core.rmem_default",
    "net.core.netdev_max_backlog",
    "net.core.netdev_budget",
    "net.core.somaxconn",
    "net.ipv4.udp_mem",
    "net.ipv4.tcp_rmem",
    "net.ipv4.ipfrag_high_thresh",
    "net.netfilter.nf_conntrack_max",
)
_PLACES = (*FOLDERS, CONF)
# As a file has them, with dots or slashes before.
_NAMES = tuple(key.rpartition(".")[2] for key in _KEYS)


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for each limit that a later file lowers again."""
    files = facts.delta.after.files
    texts = {files[path] for path in below(files, _PLACES)}
    if not any(name in text for text in texts for name in _NAMES):
        return
    for procps in (False, True):
        found = assignments(files, procps=procps)
        for key in _KEYS:
            lowered = _lowered(found.get(key, []))
            if lowered and not (procps and _lowered(assignments(files, procps=False).get(key, []))):
                yield _finding(key, *lowered, loader="sysctl --system" if procps else "systemd")


def _lowered(lines: list[Assignment]) -> tuple[Assignment, Assignment] | None:
    """Return (the larger setting, the one that wins over it) if the last is not the largest."""
    known = [(value, line) for line in lines if (value := _numbers(line.value)) is not None]
    if len(known) < 2:
        return None
    largest = max(known, key=lambda pair: pair[0])
    return None if known[-1][0] >= largest[0] else (largest[1], known[-1][1])


def _numbers(text: str) -> tuple[int, ...] | None:
    words = text.split()
    return tuple(map(int, words)) if words and all(w.isdecimal() for w in words) else None


def _finding(key: str, wanted: Assignment, winner: Assignment, *, loader: str) -> Finding:
    return note(
        "udp-rcvbuf-full" if "rmem" in key else "cpu-backlog-overflow",
        f"{wanted.path}:{wanted.line} sets {key} to {wanted.value}, and"
        f" {winner.path}:{winner.line} sets it back to {winner.value} at boot ({loader})",
        meaning="The later file wins, so the larger value does not outlive a reboot.",
        recommendations=(
            Recommendation(
                kind="sysctl",
                target=key,
                scope="host",
                why=f"remove line {winner.line} of {winner.path}, or set the key in a file of"
                " /etc/sysctl.d whose name sorts after it",
                cost="none",
                takes_effect="boot",
            ),
        ),
    )


RULE = Rule((), check)
