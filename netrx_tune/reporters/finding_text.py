"""A finding as text: what was seen, what it means, what to type, what it costs, how to undo it."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import (
    Cause,
    Evidence,
    Finding,
    Kind,
    Limit,
    Recommendation,
    Scope,
    SocketReport,
    TakesEffect,
)
from netrx_tune.model.snapshot import HostFacts
from netrx_tune.reporters.plain import BLANK, Block, capitalised
from netrx_tune.rules.words import count, counted, rate, size

_MOST_LISTED = 6  # counters or sockets of one finding, unless -v

_CAUSES: dict[Cause, str] = {
    "sustained-overload": "arrival is faster than the reader over the whole window",
    "burst": "the reader keeps up on average, single bursts are larger than the buffer",
    "reader-stall": "the reader pauses, then catches up",
    "reader-stopped": "the reader did not read at all in the window",
    "reader-starved": "the reader is ready to run and gets no CPU",
    "unknown": "not enough samples to tell",
}
# What reads a ring or a backlog is the CPU.
_CPU_STAGES = ("nic-ring-overflow", "cpu-backlog-overflow")
_CPU_CAUSES: dict[Cause, str] = {
    "sustained-overload": "packets come faster than the CPU can take them",
    "burst": "the CPU keeps up on average, single bursts are longer than the queue",
}
_LIMITS: dict[Limit, str] = {
    "app-request": "the size that the program asked for",
    "rmem-max": "the program asked for more and net.core.rmem_max capped it",
    "rmem-default": "net.core.rmem_default, because the program never asked for a size",
    "forced": "forced by a privileged program, above net.core.rmem_max",
    "unknown": "what set this size is not known",
}
_KINDS: dict[Kind, str] = {
    "sysctl": "Set",
    "setsockopt": "In the program, call setsockopt:",
    "sysfs": "Write",
    "ethtool": "On the network card:",
    "netfilter": "In the firewall:",
    "route": "In addresses, routes, IPsec:",
    "placement": "Place the work on other CPUs:",
    "application": "In the program:",
    "sender": "At the sender:",
    "hardware": "In the hardware:",
    "platform": "At the cloud provider or hypervisor:",
    "none": "Change nothing",
}
# Kinds whose command, if any, only shows more: the change itself is made elsewhere.
_ELSEWHERE: frozenset[Kind] = frozenset({"application", "sender", "hardware", "platform", "none"})
_EFFECTS: dict[TakesEffect, str] = {
    "now": "takes effect at once",
    "new-sockets": "takes effect for sockets opened afterwards, so restart the program",
    "restart": "takes effect when the program is restarted",
    "boot": "takes effect at the next boot",
}
_SCOPES: dict[Scope, str] = {
    "host": "on the host",
    "netns": "in this network namespace",
    "device": "for this device",
    "cpu": "for these CPUs",
    "socket": "for this socket, in its program",
    "application": "in the program",
    "platform": "at the cloud provider or hypervisor",
}
_BYTES = frozenset(
    {"net.core.rmem_max", "net.core.rmem_default", "net.core.optmem_max", "SO_RCVBUF",
     "SO_RCVBUFFORCE", "net.ipv4.ipfrag_high_thresh", "net.ipv6.ip6frag_high_thresh",
     "net.ipv4.udp_rmem_min"}
)  # fmt: skip


def full(finding: Finding, host: HostFacts, *, verbose: bool) -> Iterator[Block]:
    """Yield a finding with all that is known of it."""
    yield Block(finding.summary, 0, 2, f"{finding.severity.upper()}:", finding.severity)
    yield Block(_place(finding), 2, 2)
    if finding.cause:
        words = _CPU_CAUSES if finding.stage in _CPU_STAGES else _CAUSES
        text = words.get(finding.cause, _CAUSES[finding.cause])
        yield Block(f"{text} ({finding.cause}).", 2, 2, "Cause:", "title")
    if finding.meaning:
        yield Block(finding.meaning, 2, 2, "Why:", "title")
    yield from _list("Seen:", [evidence_words(e) for e in finding.evidence], verbose=verbose)
    sockets = [socket_words(s, host) for s in finding.sockets]
    yield from _list("Sockets:", sockets, verbose=verbose)
    yield from _advice(_briefer(finding), host)
    yield BLANK


def _briefer(finding: Finding) -> tuple[Recommendation, ...]:
    """Return the advice without the evidence that it begins with where "Why:" has said it."""
    said = finding.meaning.partition(". ")[0] + ". "
    return tuple(
        item._replace(why=item.why[len(said) :])
        if item.why[: len(said)].lower() == said.lower()
        else item
        for item in finding.recommendations
    )


def short(finding: Finding, host: HostFacts) -> Iterator[Block]:
    """Yield a note in a few lines; loss that is over, in one."""
    label = "PAST LOSS:" if finding.present is False else "NOTE:"
    yield Block(f"{finding.summary} ({finding.rule})", 0, 2, label, "note")
    if finding.present is False:
        return
    if finding.meaning:
        yield Block(finding.meaning, 2)
    for item in finding.recommendations[:1]:
        yield Block(f"{change_words(item)} {why_words(item)}", 2, 2, "Do:", "title")
        yield from _how(item, host, 4)
        if item.command and item.kind not in _ELSEWHERE:
            yield Block(item.cost, 4, 2, "Costs:")
            yield from _undo(item, 4)


def evidence_words(item: Evidence) -> str:
    """Return "Udp.RcvbufErrors: 0 -> 3,956 (+3,956, 1,306 per second)"."""
    gained = [] if item.increase is None else [f"{item.increase:+,}"]
    if item.per_second is not None:
        gained.append(f"{rate(item.per_second)} per second")
    if item.before is None and item.after == item.increase and item.after is not None:
        return f"{item.counter}: {count(item.after)}"
    values = f" {_known(item.before)} -> {_known(item.after)}"
    if item.before is None and item.after is None:
        return f"{item.counter}: {', '.join(gained) or 'unknown'}"
    return f"{item.counter}:{values}" + (f" ({', '.join(gained)})" if gained else "")


def socket_words(sock: SocketReport, host: HostFacts) -> str:
    """Return a socket, its reader, its drops, and its buffer with who limits it."""
    reader = sock.process or "process unknown"
    if sock.pid is not None:
        reader += f" (pid {sock.pid})"
    elsewhere = f" in namespace {sock.netns}" if sock.netns and sock.netns != host.netns else ""
    text = f"{sock.protocol} {sock.local}{elsewhere}, {reader}: {counted(sock.drops, 'drop')}"
    if sock.rcvbuf_bytes is not None:
        text += f"; buffer {exact_size(sock.rcvbuf_bytes)}"
    return text + (f": {_LIMITS[sock.limit]}" if sock.limit else "")


def exact_size(number_bytes: int) -> str:
    """Return "212,992 B (208 KiB)"."""
    exact = f"{count(number_bytes)} B"
    return exact if number_bytes < 1 << 10 else f"{exact} ({size(number_bytes)})"


def namespace_prefix(netns: str) -> str:
    """Return what to type before a command to run it in that network namespace."""
    from shlex import quote  # noqa: PLC0415 - only for other namespaces

    if netns.startswith("pid "):
        return f"nsenter -t {quote(netns.removeprefix('pid '))} -n"
    return f"nsenter --net={quote(netns)}" if "/" in netns else f"ip netns exec {quote(netns)}"


def _place(finding: Finding) -> str:
    when = "" if finding.present is not None else "; when it was lost is not known"
    return f"Rule {finding.rule}, stage {finding.stage}, confidence {finding.confidence}{when}."


def _list(label: str, items: list[str], *, verbose: bool) -> Iterator[Block]:
    """Yield one item beside the label, or several below it."""
    if len(items) == 1:
        yield Block(items[0], 2, 2, label, "title")
        return
    if items:
        yield Block("", 2, 2, label, "title")
    shown = len(items) if verbose else _MOST_LISTED
    for item in items[:shown]:
        yield Block(item, 4, 2)
    if items[shown:]:
        yield Block(f"and {count(len(items) - shown)} more; -v lists them", 4)


def _known(number: int | None) -> str:
    return "unknown" if number is None else count(number)


def _advice(recommendations: tuple[Recommendation, ...], host: HostFacts) -> Iterator[Block]:
    if recommendations:
        yield Block("", 2, label="Do:", style="title")
    for number, item in enumerate(recommendations, 1):
        label = f"{number}."
        inner = 4 + len(label) + 1
        yield Block(f"{change_words(item)} {why_words(item)}", 4, len(label) + 1, label, "title")
        yield from _how(item, host, inner)
        if item.cost:
            yield Block(item.cost, inner, 2, "Costs:")
        yield from _undo(item, inner)


def change_words(item: Recommendation) -> str:
    """Return "Set net.core.rmem_max from 212,992 B (208 KiB) to 8,388,608 B (8 MiB)."."""
    if item.kind == "none":
        return f"{_KINDS['none']}."
    text = f"{_KINDS[item.kind]} {item.target}"
    if item.kind == "setsockopt" and not item.target.startswith("SO_"):
        text = f"In the program's own configuration, set {item.target}"
    if item.target == item.kind:  # "At the sender: sender"
        text = _KINDS[item.kind].removesuffix(":")
    if item.proposed is None:
        return f"{text}." if item.current is None else f"{text}, now {_value(item, item.current)}."
    before = "" if item.current is None else f" from {_value(item, item.current)}"
    return f"{text}{before} to {_value(item, item.proposed)}."


def why_words(item: Recommendation) -> str:
    """Return the reason as sentences; one that begins with Shows is said of the command."""
    text = item.why
    first, _, rest = text.partition(" ")
    if item.command and first == "Shows":
        text = f"The command below shows {rest}"
    else:
        text = capitalised(text)
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def _value(item: Recommendation, number: int | str) -> str:
    if isinstance(number, str):
        return number
    return exact_size(number) if _is_size(item) else count(number)


def _is_size(item: Recommendation) -> bool:
    return item.target in _BYTES or (item.kind == "setsockopt" and item.command is not None)


def _how(item: Recommendation, host: HostFacts, indent: int) -> Iterator[Block]:
    """Yield where and when the change is made, then the command alone on its line."""
    if item.kind in _ELSEWHERE:
        if item.command:
            yield Block("To see more, run:", indent)
    elif item.command and item.kind == "setsockopt":
        yield Block(f"Write {_where(item, host)}; {_EFFECTS[item.takes_effect]}:", indent, 2)
    elif item.command:
        # What proposes no value and has nothing to undo only looks.
        changes = item.proposed is not None or item.undo is not None
        effect = f"; {_EFFECTS[item.takes_effect]}" if changes else ""
        yield Block(f"Run {_where(item, host)}{effect}:", indent, 2)
    else:
        yield Block(f"It is done {_where(item, host)}; {_EFFECTS[item.takes_effect]}.", indent, 2)
    if item.command:
        yield Block(item.command, indent + 2, style="command", verbatim=True)


def _where(item: Recommendation, host: HostFacts) -> str:
    inside = host.netns is not None or host.initial_netns is False
    if item.scope == "host" and inside:
        return "on the host itself"
    if item.scope == "netns" and host.netns and host.netns not in (item.command or ""):
        return f"in namespace {host.netns} (type {namespace_prefix(host.netns)} before it)"
    if item.scope == "netns" and not inside:
        return _SCOPES["host"]
    return _SCOPES[item.scope]


def _undo(item: Recommendation, indent: int) -> Iterator[Block]:
    if item.undo:
        yield Block("Undo:", indent)
        yield Block(item.undo, indent + 2, style="command", verbatim=True)
