"""What makes a finding the same one in a later run: its rule, its stage, and whom it meets.

Counts, times, causes and sizes differ from run to run and are left out; so are the numbers in
names that container engines draw by lot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256

from netrx_tune.model.finding import Finding
from netrx_tune.model.snapshot import Snapshot

_DIGITS = 16
_EPHEMERAL = 32768  # the least of net.ipv4.ip_local_port_range's default
_DRAWN = re.compile(r"(veth|cali|lxc|tap|vnet|br-|gke|eni).+")
_SUFFIX = re.compile(r"(?:\.tar)?\.(?:tar|tgz|txz|tbz2?|tzst|gz|xz|bz2|zst)$")
_PATH = re.compile("/|::")  # OUTER::INNER is a report in an archive of several
_SOSREPORT = re.compile(r"sosreport-(.+)-[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z]{7}(?:-obfuscated)?")
_NETNS = re.compile(r" \(netns [^()]+\)$")
_OF_PROCESS = re.compile(r"pid [0-9]+$|/proc/[0-9]+/ns/net$")  # of --pid, or of --netns PATH
_BY_NAME = re.compile(r"^(?:/var)?/run/netns/")
_HOSTNAMES = ("/proc/sys/kernel/hostname", "/etc/hostname")


def label_of(name: str, snapshot: Snapshot | None = None, netns: str | None = None) -> str:
    """Return what to call the host of an input: what its files say, else the input's own name.

    A network namespace that is not the host's own stands behind it: "web1 (netns blue)".
    """
    netns = snapshot.host.netns if snapshot else netns
    host = (hostname(snapshot) if snapshot else "") or _named(name)
    return f"{host} ({_netns_words(netns)})" if netns else host


def host_of(label: str) -> str:
    """Return the host of a label, without a network namespace."""
    return _NETNS.sub("", label)


def _named(name: str) -> str:
    last = _SUFFIX.sub("", _PATH.split(name.rstrip("/"))[-1])
    report = _SOSREPORT.fullmatch(last)
    return (report[1] if report else last) or name


def _netns_words(netns: str) -> str:
    """Return a name of a namespace that stays: a process has another number in the next run."""
    if _OF_PROCESS.match(netns):
        return "netns of a process"
    return f"netns {_BY_NAME.sub('', netns)}"


def hostname(snapshot: Snapshot) -> str:
    """Return what a host's own files call it, "" where they do not tell."""
    for path in _HOSTNAMES:
        told = snapshot.files.get(path, "").strip()
        if told:
            return told.partition("\n")[0]
    return ""


def fingerprint(*words: str) -> str:
    """Return 16 hexadecimal digits that stand for some words."""
    text = "\0".join(words).encode("utf-8", "surrogateescape")
    return sha256(text).hexdigest()[:_DIGITS]


def subject(finding: Finding, snapshot: Snapshot) -> str:
    """Return whom a finding meets: its programs, or their ports, and its devices."""
    return " ".join(sorted({*_readers(finding), *_devices(finding, snapshot)}))


def numbered(subjects: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield each with how many of the same came before, so that no two are the same."""
    seen: dict[tuple[str, ...], int] = {}
    for words in subjects:
        count = seen.get(words, 0)
        seen[words] = count + 1
        yield (*words, str(count)) if count else words


def _readers(finding: Finding) -> Iterator[str]:
    for sock in finding.sockets:
        port = sock.local.rpartition(":")[2]
        if sock.process:
            yield sock.process
        elif port.isdigit() and int(port) < _EPHEMERAL:
            yield f"{sock.protocol}:{port}"


def _devices(finding: Finding, snapshot: Snapshot) -> Iterator[str]:
    for item in finding.evidence:
        device = item.counter.partition(".")[0]
        if device in snapshot.devices:
            yield _DRAWN.sub(r"\1*", device)
