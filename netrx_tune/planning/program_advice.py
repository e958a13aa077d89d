"""A program's buffer by its own setting; for its author, what else this kernel has."""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation, SocketReport
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.planning.plan_values import is_request
from netrx_tune.planning.programs import Setting, candidates

_STAGE = "udp-rcvbuf-full"
_DEFAULT = "net.core.rmem_default"
_MAX = "net.core.rmem_max"
_OWN_SETTING = " Use the program's own setting for its receive buffer if it has one"

# Kernel: SO_BUSY_POLL from 3.11, reuseport programs from 4.5, UDP_GRO from 5.0,
# SO_PREFER_BUSY_POLL from 5.11: the first version whose tree has it.
_MEASURES: tuple[tuple[KernelVersion, str], ...] = (
    (KernelVersion(3, 9), "recvmmsg() takes many datagrams at once"),
    (KernelVersion(3, 9), "SO_REUSEPORT lets several readers share the port, flow by flow"),
    (KernelVersion(4, 5), "SO_ATTACH_REUSEPORT_EBPF chooses among them"),
    (KernelVersion(5, 0), "UDP_GRO hands over datagrams of one flow together"),
    (KernelVersion(5, 11), "SO_PREFER_BUSY_POLL lets the reader poll the card itself"),
)


def alternatives(kernel: KernelVersion | None) -> tuple[str, ...]:
    """Return what a program's author may use on a kernel; of an unknown one, what all have."""
    return tuple(words for since, words in _MEASURES if since <= (kernel or KernelVersion(3, 10)))


def refine(finding: Finding, kernel: KernelVersion | None) -> Finding:
    """Return a finding whose requests for a buffer name the real setting of their program.

    Where the program has one, the default of all sockets is no lever any more; where it has
    none, asking comes last, and with it the limit that only who asks comes to feel.
    """
    if finding.stage != _STAGE:
        return finding
    changed: list[Recommendation] = []
    last: list[Recommendation] = []
    can_ask = never_asks = False
    for item in finding.recommendations:
        if not is_request(item):
            changed.append(_faster(item, finding, kernel))
            continue
        sock = _asker(item, finding.sockets)
        known = _known(sock) if sock else ()
        if sock and len(known) == 1 and not known[0].name:
            last.append(_without_setting(item, known[0]))
            never_asks = never_asks or known[0].default == _DEFAULT
        elif sock and len(known) == 1:
            changed.append(_by_setting(item, known[0], _port(sock)))
            can_ask = True
        else:
            changed.append(_by_author(item, known, kernel))
    idle = {name for name, is_idle in ((_DEFAULT, can_ask), (_MAX, never_asks)) if is_idle}
    kept = [item for item in changed if item.target not in idle]
    last += [item for item in changed if never_asks and item.target == _MAX]
    return finding._replace(recommendations=(*kept, *last))


def _known(sock: SocketReport) -> tuple[Setting, ...]:
    return candidates(sock.process or "", _port(sock))


def _port(sock: SocketReport) -> str:
    return sock.local.rpartition(":")[2]


def _asker(item: Recommendation, sockets: tuple[SocketReport, ...]) -> SocketReport | None:
    """Return the socket that a request speaks of; None where that is not certain."""
    named = [s for s in sockets if s.process and f"{s.local} ({s.process}, " in item.why]
    if named:
        return named[0]
    return sockets[0] if len({s.process for s in sockets}) == 1 else None


def _by_setting(item: Recommendation, known: Setting, port: str) -> Recommendation:
    own = f"{known.title} calls it {known.name}, in {known.where}; its default is {known.default}."
    forces = " As root it may pass net.core.rmem_max (SO_RCVBUFFORCE)." if known.forces else ""
    note = f" {known.note}" if known.note else ""
    return item._replace(
        target=known.name,
        why=f"{_plain(item.why)} {own}{forces}{note} Source: {known.source}.",
        command=known.line.format(bytes=item.proposed, port=port),
        undo=f"take {known.name} back and restart the program",
    )


def _without_setting(item: Recommendation, known: Setting) -> Recommendation:
    """Return the request as what only the program's author can do."""
    return item._replace(
        why=f"{_plain(item.why)} {known.title} has no setting for it. {known.note} Source:"
        f" {known.source}.",
    )


def _by_author(
    item: Recommendation, known: tuple[Setting, ...], kernel: KernelVersion | None
) -> Recommendation:
    if known:
        names = "; ".join(f"in {one.title} it is {one.name} ({one.where})" for one in known)
        return item._replace(why=f"{item.why} {names[0].upper()}{names[1:]}.")
    ways = "; ".join(alternatives(kernel))
    return item._replace(why=f"{item.why} Beside room, its author has on this kernel: {ways}.")


def _faster(item: Recommendation, finding: Finding, kernel: KernelVersion | None) -> Recommendation:
    """Return advice to read faster with the newer ways that this kernel has."""
    newer = [way for way in alternatives(kernel)[2:] if way.split()[0] not in item.why]
    known = any(_known(sock) for sock in finding.sockets)
    if item.kind != "application" or "recvmmsg()" not in item.why or known or not newer:
        return item
    return item._replace(why=f"{item.why} For its author, on this kernel: {'; '.join(newer)}.")


def _plain(why: str) -> str:
    """Return the reason without the general hint that a real name replaces."""
    before, hint, after = why.partition(_OWN_SETTING)
    rest = after.removeprefix(", and").strip() if hint else ""
    if not rest or rest == ".":
        return before
    return f"{before} {rest[0].upper()}{rest[1:]}"
