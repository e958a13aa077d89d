"""The reverse-path filter refused packets.

What it means: with rp_filter at 1 a packet is dropped when the route back to its source does not
leave by the device that it came in on. It guards against forged sources, and hits asymmetric
routing, several uplinks, and multicast senders without a route.

How it is counted: TcpExt.IPReversePathFilter. IPv6 has no such filter outside the firewall.
Kernel: net/ipv4/fib_frontend.c, fib_validate_source().

Remedy: add the route back to the source. Where routing is asymmetric on purpose set rp_filter to 2
(loose) on that device: the larger of net.ipv4.conf.all.rp_filter and the device's own counts. Loose
takes any route, and refuses a source that has none: then only the route helps, or 0.

When not to act: forged sources at the edge of a network are what the filter is for.

References: RFC 3704; Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do, set_sysctl, setting
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of

_OF_DEVICE, _FILTER = "net.ipv4.conf.", ".rp_filter"
_ALL = f"{_OF_DEVICE}all{_FILTER}"
_LOG = "net.ipv4.conf.all.log_martians"
_STRICT, _LOOSE = 1, 2


def check(facts: Facts, account: Account) -> Finding:
    """Return the note when the filter refused packets."""
    strict = _suspects(facts, _STRICT, account.lost)
    on = f" on {', '.join(strict)}" if 0 < len(strict) <= 4 else ""
    known = strict or setting(facts, _ALL) == _STRICT
    said = f" The filter is strict{on}." if known else ""
    no_route = _have_no_route(facts, strict, account.lost)
    why = (
        "No route leads back to their sources."
        if no_route
        else "The route back to their sources leaves by another device than they came in on, or"
        " there is none."
    )
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were refused by the reverse-path filter",
        meaning=why + said,
        severity="note",
        recommendations=_missing_route(facts)
        if no_route
        else _advice(facts, strict, _may_be_over(facts, account.lost)),
    )


def _have_no_route(facts: Facts, strict: list[str], lost: int | None) -> bool:
    """Tell sources to which there is no route at all, so that a loose filter refuses them, too.

    A loose filter refuses no others. Where there is one device alone, no route leaves by another.
    Kernel: net/ipv4/fib_frontend.c, __fib_validate_source(), its label last_resort.
    """
    devices = facts.delta.after.devices.keys() - {"lo"}
    if facts.delta.mode == "since-boot" or not devices:
        return False
    return [*devices] == strict if strict else bool(_suspects(facts, _LOOSE, lost))


def _suspects(facts: Facts, mode: int, lost: int | None) -> list[str]:
    """Return the devices in that mode that can have refused it all, the busiest first.

    A device that received fewer packets was not alone; one that received none had no part, nor
    had all of them where they received fewer together.
    """
    everywhere = setting(facts, _ALL) or 0
    received: dict[str, int | None] = {}
    for name in facts.delta.after.devices or _named_by_settings(facts):
        got = facts.delta.increase(f"{name}.rx_packets")
        own = setting(facts, _key(name)) or 0
        if name != "lo" and max(everywhere, own) == mode and got != 0:
            received[name] = got
    known = [got for got in received.values() if got is not None]
    if len(known) == len(received) and sum(known) < (lost or 0):
        return []
    alone = {name: got for name, got in received.items() if got is None or got >= (lost or 0)}
    found = alone or received
    return sorted(found, key=lambda name: -(found[name] or 0))


def _named_by_settings(facts: Facts) -> Iterator[str]:
    """Yield the devices that `sysctl -a` names where nothing else does."""
    for key in facts.delta.after.settings:
        name = key.removeprefix(_OF_DEVICE).removesuffix(_FILTER)
        if key == f"{_OF_DEVICE}{name}{_FILTER}" and name not in ("all", "default"):
            yield name.replace("/", ".")


def _may_be_over(facts: Facts, lost: int | None) -> bool:
    """Tell whether totals may be of a device that was loosened since."""
    return facts.delta.mode == "since-boot" and bool(_suspects(facts, _LOOSE, lost))


def _key(device: str) -> str:
    """Return the sysctl's name: a dot in a device's name is written as a slash."""
    return f"{_OF_DEVICE}{device.replace('.', '/')}{_FILTER}"


def _advice(facts: Facts, strict: list[str], may_be_over: bool) -> Iterator[Recommendation]:
    """Yield the loose filter on the one device it can be, else how to learn which it is."""
    loose = [] if may_be_over else [_loosen(facts, name) for name in strict[:1]]
    log = [*_log(facts)]
    yield from (loose + log) if len(strict) == 1 else (log + loose)
    yield do(
        "route",
        "ip route",
        why="Best where the sources are known: a route back to them by the device that they come in"
        " on keeps the filter strict.",
        cost="replies take that route, too",
    )


def _missing_route(facts: Facts) -> Iterator[Recommendation]:
    """Yield the route that is missing, and how to learn for which sources."""
    yield do(
        "route",
        "ip route",
        why="A route back to the sources by the device that they come in on lets them in:"
        " `ip route add NETWORK dev DEVICE`. A loose filter (2) would refuse them as well. Where"
        " nothing is ever answered, as to senders of multicast, 0 for the device and for"
        f" {_ALL} switches the filter off.",
        cost="replies take that route, too; without the filter forged sources are let in",
    )
    yield from _log(facts)


def _loosen(facts: Facts, device: str) -> Recommendation:
    return set_sysctl(
        facts,
        _key(device),
        (_LOOSE,),
        why="Loose: any route to the source will do, a default route as well. For asymmetric"
        " routing that is meant; not for a device that faces strangers. To a source without any"
        " route it makes no difference.",
        cost="forged sources that have a route elsewhere are let in",
    )


def _log(facts: Facts) -> Iterator[Recommendation]:
    """Yield how to learn the sources, unless they are logged already."""
    if not setting(facts, _LOG):
        yield set_sysctl(
            facts,
            _LOG,
            (1,),
            why="The kernel log then names the sources and the device; set it back afterwards.",
            cost="lines in the log, at a limited rate",
        )


RULE = loss_rule(("route-rpfilter",), check, requires=("TcpExt.IPReversePathFilter",))
