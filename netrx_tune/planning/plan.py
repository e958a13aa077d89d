"""From what each finding advises to one plan that does not contradict itself.

One value for each tunable, the largest that any finding needs; never lower than what stands;
all of it within a share of memory; buffers are not raised while the pool that they share is
empty. The findings carry the same values as the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.plan_values import (
    BUFFERS,
    MEMORY_SHARE,
    Decided,
    Host,
    decide,
    is_limit,
    is_met,
    is_request,
    rewritten,
    values_of,
)
from netrx_tune.rxpath.kernel_features import somaxconn_default

_RMEM_MAX, _RMEM_DEFAULT = BUFFERS
# A value that was a mistake is put right: the one case in which less is better.
_CORRECTIONS = frozenset({"udp-mem-unit"})
# Kernel: net/core/dev.c, net/ipv4/ip_fragment.c, net/ipv6/reassembly.c.
_DEFAULTS = (
    ("net.core.netdev_max_backlog", 1000),
    ("net.ipv4.ipfrag_high_thresh", 4 << 20),
    ("net.ipv6.ip6frag_high_thresh", 4 << 20),
)
_OUTSIDE = " Run it on the host, outside this namespace: the value is the host's."
_BOUNDED = " Bounded: all queues of this plan together may take {:.3g} % of memory."

Plan = tuple[Recommendation, ...]


def reconcile(
    findings: tuple[Finding, ...], delta: Delta, share: float = MEMORY_SHARE
) -> tuple[tuple[Finding, ...], Plan]:
    """Return the findings with reconciled recommendations, and the plan, best first.

    The plan uses no more of memory than `share`.
    """
    host = delta.after.host
    place = Host(delta.after.settings, host.memory_bytes, host.page_bytes, host.cpus or 1, share)
    refined = _without_conflicts(_by_program(findings, host.kernel))
    advised = [item for one in refined if _counts(one) for item in one.recommendations]
    sockets = _sockets(refined)
    decided = decide(advised, place, sockets)
    decided.update(dict.fromkeys(_raised_meanwhile(delta)))
    top = Ceilings(_allowed_request(decided, place), place.bound_bytes // (2 * sockets))
    switches: dict[str, str] = {}
    outside = host.initial_netns is False
    done = []
    for one in refined:
        if not _counts(one):
            done.append(one)
            continue
        settled = _settled(_unset(one.recommendations, place, switches), decided, top, place)
        placed = tuple(_placed(item, outside=outside) for item in settled)
        if not any(item.proposed is not None for item in placed):
            placed += tuple(_enough(one.recommendations))
        left = placed or (_WATCH_AGAIN,) * bool(one.recommendations)
        done.append(one._replace(recommendations=left))
    return tuple(done), tuple(_plan(done))


def _by_program(findings: tuple[Finding, ...], kernel: KernelVersion | None) -> tuple[Finding, ...]:
    """Return the findings with the settings of the programs that lose."""
    if not any(one.stage == "udp-rcvbuf-full" and one.recommendations for one in findings):
        return findings
    from netrx_tune.planning.program_advice import refine  # noqa: PLC0415 - seldom

    return tuple(refine(one, kernel) for one in findings)


def _raised_meanwhile(delta: Delta) -> Iterator[str]:
    """Yield limits that may have been raised since the loss, which then was the old value's.

    That is what rose within the window; for totals since boot, what is above the kernel's own
    default: one step from there is all that totals of a long time allow.
    """
    if delta.mode == "since-boot":
        kernel = delta.after.host.kernel
        for key, default in (*_DEFAULTS, ("net.core.somaxconn", somaxconn_default(kernel))):
            if delta.after.settings.get(key, (0,))[0] > default:
                yield key
    old = delta.before.settings if delta.before else {}
    for key, values in delta.after.settings.items():
        if key in old and len(old[key]) == len(values) and old[key] < values:
            yield key


def _counts(finding: Finding) -> bool:
    return finding.rule not in _CORRECTIONS


def _sockets(findings: tuple[Finding, ...]) -> int:
    """Return how many sockets may fill a raised buffer: those that lost something."""
    inodes = {
        sock.inode
        for one in findings
        if any(item.target in BUFFERS or is_request(item) for item in one.recommendations)
        for sock in one.sockets
    }
    return max(1, len(inodes))


def _raises_buffer(item: Recommendation) -> bool:
    return (item.target in BUFFERS and item.kind == "sysctl") or is_request(item)


def _without_conflicts(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings without advice that another finding forbids.

    More buffer fills an exhausted pool sooner: above udp_mem[0] an allocation is refused.
    Kernel: __sk_mem_raise_allocated() in net/core/sock.c.
    """
    exhausted = any(
        one.stage == "udp-proto-mem" and one.lost and one.present is not False for one in findings
    )
    huge = any(one.rule == "default-buffer-huge" for one in findings)
    return tuple(_allowed(one, exhausted=exhausted, huge=huge) for one in findings)


def _allowed(finding: Finding, *, exhausted: bool, huge: bool) -> Finding:
    """Return a finding without that advice; a buffer that is not raised takes no memory."""
    later = [item for item in finding.recommendations if exhausted and _raises_buffer(item)]
    kept = tuple(
        item
        for item in finding.recommendations
        if item not in later and not (huge and item.target == _RMEM_DEFAULT)
    )
    if not all(map(is_met, later)):
        kept = (_NOT_NOW, *kept)
    return finding._replace(recommendations=kept)


_NOT_NOW = Recommendation(
    kind="none",
    target="SO_RCVBUF",
    scope="host",
    why="Raise no buffer while net.ipv4.udp_mem is exhausted: larger buffers empty the pool that"
    " all UDP sockets share even sooner. First do what stands at the loss for want of memory.",
    cost="none",
)


_WATCH_AGAIN = Recommendation(
    kind="none",
    target="netrx-tune diagnose",
    scope="host",
    why="What could be raised for it stands high enough, was raised while this was watched, or"
    " memory allows no more: see whether it goes on.",
    cost="none",
    command="netrx-tune diagnose --interval 30",
)


class Ceilings(NamedTuple):
    """The most that one program may ask for."""

    allowed: int | None  # net.core.rmem_max once the plan is carried out; None if hidden
    affordable: int  # what memory bears, doubled, for every socket that loses


def _allowed_request(decided: dict[str, Decided | None], host: Host) -> int | None:
    chosen = decided.get(_RMEM_MAX)
    if chosen is not None:
        return chosen.values[0]
    now = host.settings.get(_RMEM_MAX, ())
    return now[0] if now else None


def _unset(
    items: tuple[Recommendation, ...], host: Host, switches: dict[str, str]
) -> Iterator[Recommendation]:
    """Yield all but the switches that stand so already, or that were to stand otherwise."""
    for item in items:
        values = values_of(item)
        if item.kind != "sysctl" or item.proposed is None or (values and is_limit(item.target)):
            yield item
            continue
        first = switches.setdefault(item.target, str(item.proposed))
        if first == str(item.proposed) and values != host.settings.get(item.target):
            yield item


def _settled(
    items: Iterable[Recommendation],
    decided: dict[str, Decided | None],
    top: Ceilings,
    place: Host,
) -> Iterator[Recommendation]:
    """Yield recommendations with the plan's values."""
    for item in items:
        if is_request(item):
            yield from _request(item, top)
        elif values_of(item) is not None and is_limit(item.target):
            chosen = decided.get(item.target)
            if chosen is not None:
                yield _limit(item, chosen, place.memory_share)
        else:
            yield item


def _enough(items: Plan) -> Iterator[Recommendation]:
    """Yield why the limits stay that stand as high already as a finding needs.

    Of buffers the finding itself says it.
    """
    for item in items:
        if is_met(item) and item.target not in BUFFERS:
            yield Recommendation(
                kind="none",
                target=item.target,
                scope=item.scope,
                why=f"{item.target} stands at {item.current}, which is enough: raise it no"
                f" further for this. How that is known: {item.why}",
                cost="none",
            )


def _limit(item: Recommendation, chosen: Decided, share: float) -> Recommendation:
    """Return a limit with the value that serves all findings."""
    changed = rewritten(item, chosen.values)
    why = item.why
    if chosen.bounded:
        why += _BOUNDED.format(100 * share)
    elif changed is not item:
        why += f" Another finding needs {changed.proposed}, and one value serves both."
    cost = chosen.winner.cost if changed is not item else item.cost
    return changed._replace(why=why, cost=cost)


def _request(item: Recommendation, top: Ceilings) -> Iterator[Recommendation]:
    """Yield what a program is to ask for, cut to what it will be allowed; never less than now."""
    asked = item.proposed
    forced = item.target == "SO_RCVBUFFORCE" or "SO_RCVBUFFORCE" in item.why
    if not isinstance(asked, int):
        return
    most = top.affordable if forced or top.allowed is None else min(top.allowed, top.affordable)
    if isinstance(item.current, int) and min(asked, most) <= item.current:
        return
    if asked <= most:
        yield item
    else:
        cut = rewritten(item, (most,))
        yield cut._replace(
            why=f"{item.why} Cut to {most:,} B: {_RMEM_MAX} or memory allow no more."
        )


def _placed(item: Recommendation, *, outside: bool) -> Recommendation:
    """Say where a value of the host is set, for who looks from another namespace."""
    if outside and item.kind == "sysctl" and item.scope == "host" and "on the host" not in item.why:
        return item._replace(why=item.why + _OUTSIDE)
    return item


def _plan(findings: list[Finding]) -> Iterator[Recommendation]:
    """Yield what to do for all findings that are not over, each once, best first.

    Of each finding that is the changes; of a loss without one, its first advice. The default
    for all sockets is left out where the program itself can ask.
    """
    seen: set[tuple[str, ...]] = set()
    for one in sorted(findings, key=lambda finding: finding.severity == "note"):
        if one.present is False or one.rule in _CORRECTIONS:
            continue
        asks = any(is_request(item) for item in one.recommendations)
        changes = [
            item
            for item in one.recommendations
            if item.proposed is not None and not (asks and item.target == _RMEM_DEFAULT)
        ]
        if not changes and one.severity != "note":
            changes = list(one.recommendations[:1])
        for item in changes:
            key = (item.kind, item.target, item.command or item.why)
            if key not in seen:
                seen.add(key)
                yield item
