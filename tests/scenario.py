"""Scenarios: what a host showed, and what must be said of it, as YAML.

A file holds cases by the name of what they prove. A case:

    kernel: "6.12.0"              uname -r
    memory: 8589934592            bytes of RAM
    cpus: 2                       online; default 2
    seconds: 5                    between the samples; default 5
    uptime: 1000                  of the host at the first sample; default 1000
    mode: interval                or between-samples, since-boot (default without `before`)
    netns: blue                   the namespace that the user named
    initial: false                whether it is the initial one; default true
    settings: {net.core.rmem_max: 212992}
    files: {/proc/version: ...}   any other files, in both samples
    before: ...                   what changes between the samples; each may hold
    after: ...
      /proc/net/snmp: "Udp: ..."  the kernel's own text
      counters: {Ip.InReceives: 9}  or numbers, written into the files that have them
      softnet: [[processed, dropped, squeezed, rps, flow limit], ...]   one row for each CPU
      links: {eth0: {rx_packets: 9, kind: veth, xdp: generic, peer: {tx_dropped: 1}}}
      nics: {eth0: {driver: ena, statistics: {...}, ring_rx: 512, ring_rx_max: 4096}}
      sockets: [{protocol: tcp, local: "0.0.0.0:80", drops: 4, ...}]
      rules: [{place: inet filter input handle 7, hook: input, verdict: drop, packets: 9}]
      processes: [{inode: 4711, name: tcpdump}]
    expect: [{rule: ..., lost: ..., advice: [{kind: ..., command: ...}, ...]}]
    skipped: [rule, ...]
    silent: [rule, ...] or all
    says, never_says: [text, ...]

What both samples share may stand beside `before` and `after`. Of an expected finding only the
keys that are given are compared; `advice` is compared from the first on, [] is none; `listed` are
the addresses of its sockets, `evidence` the names of its counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from netrx_tune.model.finding import Diagnosis, Finding
from netrx_tune.model.sample import Link, Nic, Process, RuleCounter, Sample, Socket, SocketTable
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude, measure
from tests.scenario_files import Case, counter_files, host_files, softnet

FOLDER = Path(__file__).parent / "scenarios"
_MOMENT = {"counters", "softnet", "links", "nics", "sockets", "rules", "processes"}
KEYS = _MOMENT | {
    "kernel", "memory", "cpus", "seconds", "uptime", "mode", "netns", "initial", "settings",
    "files", "before", "after", "expect", "skipped", "silent", "says", "never_says",
}  # fmt: skip


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A loader that refuses a key that stands twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"{node.start_mark}: {twice} stands twice")
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, node.value, strict=True)
    }


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load() -> Iterator[tuple[str, Case]]:
    """Yield (file::case, case) of every scenario."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for name, case in read(path).items():
            check_keys(case, KEYS, f"{path.name}: {name}")
            yield f"{path.stem}::{name}", case


def read(path: Path) -> dict[str, Case]:
    """Return the cases of a file by name."""
    cases: dict[str, Case] = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return cases


def check_keys(case: Case, allowed: set[str], place: str) -> None:
    """Refuse a case with a key that nobody reads."""
    unknown = set(case) - allowed
    if unknown:
        raise ValueError(f"{place}: unknown keys {unknown}")


def diagnose(case: Case) -> Diagnosis:
    """Return the diagnosis of a case's samples."""
    return conclude(delta(case))


def delta(case: Case) -> Delta:
    """Return what grew between a case's samples, or the totals of its only one."""
    *earlier, after = samples(case)
    before = earlier[0] if earlier else None
    live = case.get("mode", "interval") == "interval"
    return measure(before, after, live=live, netns=case.get("netns"))


def samples(case: Case) -> tuple[Sample, ...]:
    """Return a case's samples, one or two."""
    up = case.get("uptime", 1000.0)
    after = _sample(case, case.get("after") or {}, seconds=up + case.get("seconds", 5))
    if "before" not in case:
        return (after,)
    return (_sample(case, case["before"], seconds=up), after)


def _sample(case: Case, moment: Mapping[str, Any], *, seconds: float) -> Sample:
    unknown = {key for key in moment if key not in _MOMENT and not key.startswith("/")}
    if unknown:
        raise ValueError(f"unknown keys {unknown}")
    both: dict[str, Any] = {key: case[key] for key in _MOMENT if key in case}
    for key, value in moment.items():
        shared = both.get(key)
        both[key] = _merged(shared, value) if isinstance(shared, dict) else value
    files = {
        **host_files(case, seconds),
        **counter_files(both.get("counters", {})),
        **case.get("files", {}),
        **{key: value for key, value in moment.items() if key.startswith("/")},
    }
    if "softnet" in both:
        files["/proc/net/softnet_stat"] = softnet(both["softnet"])
    return Sample(
        files=files,
        links=_links(both["links"]) if "links" in both else None,
        nics=_nics(both["nics"]) if "nics" in both else None,
        sockets=_sockets(both["sockets"]) if "sockets" in both else None,
        rules=tuple(_rule(one) for one in both["rules"]) if "rules" in both else None,
        processes=tuple(_process(one) for one in both.get("processes", ())),
    )


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(shared)
    for key, value in own.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) else value
    return merged


def _links(links: Mapping[str, Mapping[str, Any]]) -> tuple[Link, ...]:
    found = []
    for number, (name, fields) in enumerate(links.items(), 1):
        statistics = {k: v for k, v in fields.items() if k not in ("kind", "xdp", "peer")}
        found.append(
            Link(
                name,
                number,
                fields.get("kind", ""),
                statistics,
                fields.get("peer"),
                fields.get("xdp", "none"),
            )
        )
    return tuple(found)


def _nics(nics: Mapping[str, Mapping[str, Any]]) -> tuple[Nic, ...]:
    empty = dict.fromkeys(Nic._fields)
    return tuple(
        Nic(**{**empty, "device": name, "driver": "", "statistics": {}, **fields})
        for name, fields in nics.items()
    )


def _sockets(sockets: list[Mapping[str, Any]]) -> SocketTable:
    empty = dict.fromkeys(Socket._fields)
    usual = {"family": "inet", "protocol": "udp", "local": "0.0.0.0:9000", "remote": ""}
    found = tuple(
        Socket(**{**empty, **usual, "inode": number, "interface": 0, "drops": 0, **fields})
        for number, fields in enumerate(sockets, 1)
    )
    return SocketTable(found, {}, "sock_diag")


def _rule(fields: Mapping[str, Any]) -> RuleCounter:
    usual = {"source": "nft", "hook": "input", "verdict": "drop", "packets": 0}
    return RuleCounter(**{**usual, **fields})


def _process(fields: Mapping[str, Any]) -> Process:
    return Process(**{"pid": 1, "name": "", "cgroup": "/", "state": "S", **fields})


def problems(case: Case, diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what a diagnosis says other than the case expects."""
    for want in case.get("expect", ()):
        near = [f for f in diagnosis.findings if f.rule == want["rule"]]
        if not any(_matches(finding, want) for finding in near):
            yield f"no finding {want}"
    rules = {finding.rule for finding in diagnosis.findings}
    silent = case.get("silent", ())
    for rule in sorted(rules if silent == "all" else rules & set(silent)):
        yield f"{rule} is not silent"
    for rule in case.get("skipped", ()):
        if rule not in {skipped.rule for skipped in diagnosis.skipped}:
            yield f"{rule} is not skipped"
    text = "\n".join(words(diagnosis))
    yield from (f"does not say {part!r}" for part in case.get("says", ()) if part not in text)
    yield from (f"says {part!r}" for part in case.get("never_says", ()) if part in text)


def _matches(finding: Finding, want: Mapping[str, Any]) -> bool:
    lists = {
        "listed": [sock.local for sock in finding.sockets],
        "evidence": [item.counter for item in finding.evidence],
    }
    for key, value in want.items():
        if key == "advice":
            if not _advises(finding, value):
                return False
        elif key == "share":
            if finding.share is None or abs(finding.share - value) > 1e-6:
                return False
        elif lists.get(key, getattr(finding, key, None)) != value:
            return False
    return True


def _advises(finding: Finding, want: list[Mapping[str, Any]]) -> bool:
    got = finding.recommendations
    if not want or len(got) < len(want):
        return not want and not got
    return all(
        getattr(advice, key) == value
        for advice, keys in zip(got, want, strict=False)
        for key, value in keys.items()
    )


def words(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield every text of a diagnosis that a user reads."""
    for finding in diagnosis.findings:
        yield finding.summary
        yield finding.meaning
        for advice in finding.recommendations:
            for text in (advice.target, advice.why, advice.cost, advice.command, advice.undo):
                yield text or ""


def shown(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as a failed test shows it."""
    lines = []
    for finding in diagnosis.findings:
        lines.append(f"{finding.rule} {finding.severity} lost={finding.lost} share={finding.share}")
        lines += [f"    {finding.summary}", f"    {finding.meaning}"]
        for a in finding.recommendations:
            lines.append(f"    - {a.kind} {a.target}: {a.current} -> {a.proposed}: {a.command}")
            lines.append(f"      {a.why} ({a.cost}; undo: {a.undo})")
    lines.append("skipped: " + ", ".join(skipped.rule for skipped in diagnosis.skipped))
    lines += [f"gap {gap}" for gap in diagnosis.gaps]
    return "\n".join(lines)
