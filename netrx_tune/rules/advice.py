"""What to type: commands with this host's names and values, where to run them, how to undo them.

A limit is only ever raised, to what the evidence asks for: never to a multiple of what it is, or
each look at the same counters would raise it again. A value that the whole host shares is set on
the host: where this namespace cannot write it, the advice says so.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.finding import Kind, Recommendation, Scope, TakesEffect
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count
from netrx_tune.rxpath.kernel_features import sysctl_scope

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_")
_WRITE_DOWN = "put back what `sysctl -n {}` printed before: run that first"
_OUTSIDE = " Run it on the host, outside this namespace: the value is the host's."
_MOMENTS_SECONDS = 60.0  # of a longer window, totals tell nothing of moments
_SCOPES: dict[Kind, Scope] = {
    "hardware": "device",
    "netfilter": "netns",
    "placement": "cpu",
    "platform": "platform",
    "route": "netns",
}


def setting(facts: Facts, key: str, place: int = 0) -> int | None:
    """Return one number of a setting, or None where it cannot be seen."""
    values = facts.delta.after.settings.get(key, ())
    return values[place] if place < len(values) else None


def quoted(word: str) -> str:
    """Return a word as a shell takes it: names of devices and rules are anybody's text."""
    if word and _PLAIN.issuperset(word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def run_in(facts: Facts, command: str) -> str:
    """Return a command as it is typed on the host for the namespace that was looked at."""
    netns = facts.delta.after.host.netns
    if not netns:
        return command
    if netns.startswith("pid "):
        return f"nsenter -t {netns.removeprefix('pid ')} -n {command}"
    if "/" in netns:
        return f"nsenter --net={quoted(netns)} {command}"
    return f"ip netns exec {quoted(netns)} {command}"


def write_file(facts: Facts, path: str, value: str) -> str:
    """Return the command that writes a file of sysfs, for the namespace that was looked at.

    sysfs shows the devices of the namespace in which it was mounted; ip netns exec mounts it.
    """
    netns = facts.delta.after.host.netns
    write = f"echo {value} > {path}"
    if netns and (netns.startswith("pid ") or "/" in netns):
        script = f"mount -t sysfs sysfs /sys && {write}"
        return run_in(facts, f"unshare -m sh -c {quoted(script)}")
    return run_in(facts, f"sh -c {quoted(write)}") if netns else write


def is_of_host(facts: Facts, key: str) -> bool:
    """Tell whether one value of a setting serves all namespaces."""
    return sysctl_scope(key, facts.delta.after.host.kernel) != "netns"


def where_to_run(facts: Facts, key: str) -> str:
    """Return a sentence for `why` when a setting cannot be written from this namespace."""
    outside = facts.delta.after.host.initial_netns is False
    return _OUTSIDE if outside and is_of_host(facts, key) else ""


def set_sysctl(
    facts: Facts,
    key: str,
    values: tuple[int, ...],
    *,
    why: str,
    cost: str,
    takes_effect: TakesEffect = "now",
) -> Recommendation:
    """Return the advice to give a setting these values."""
    current = facts.delta.after.settings.get(key, ())
    old = " ".join(map(str, current))
    new = " ".join(map(str, values))
    return Recommendation(
        kind="sysctl",
        target=key,
        scope="host" if is_of_host(facts, key) else "netns",
        why=why + where_to_run(facts, key),
        cost=cost,
        takes_effect=takes_effect,
        current=(current[0] if len(current) == 1 else old) if current else None,
        proposed=values[0] if len(values) == 1 else new,
        command=_write(facts, key, new),
        undo=_write(facts, key, old) if old else _WRITE_DOWN.format(key),
    )


def shows_moments(facts: Facts) -> bool:
    """Tell whether a window is so short that all that it refused may have come at once."""
    seconds = facts.delta.seconds or 0
    return facts.delta.mode != "since-boot" and 0 < seconds <= _MOMENTS_SECONDS


class Need(NamedTuple):
    """What a limit has to be by the evidence, whatever it is today, and how that was found."""

    values: tuple[int, ...]
    arithmetic: str  # a sentence with its numbers


def capped(need: int, most: int, arithmetic: str, bound: str) -> Need:
    """Return a need within a bound, which its arithmetic then names."""
    if need <= most:
        return Need((need,), f"{arithmetic}.")
    return Need((most,), f"{arithmetic}; no more than {count(most)}: {bound}.")


def sysctl_for(
    facts: Facts,
    key: str,
    need: Need,
    *,
    why: str,
    cost: str,
    takes_effect: TakesEffect = "now",
) -> Recommendation | None:
    """Return the advice to let a limit be at least what is needed; to read it where it is hidden.

    Where it is as high already the plan leaves it alone and says so: it has to know of the need
    all the same, since what stands takes its part of the memory.
    """
    current = facts.delta.after.settings.get(key, ())
    if not current:
        return _read_first(facts, key, need, why, cost)
    if len(current) != len(need.values):
        return None
    text = f"{need.arithmetic} {why}".strip()
    return set_sysctl(facts, key, need.values, why=text, cost=cost, takes_effect=takes_effect)


def _read_first(facts: Facts, key: str, need: Need, why: str, cost: str) -> Recommendation:
    where = where_to_run(facts, key)
    values = " ".join(map(str, need.values))
    return Recommendation(
        kind="sysctl",
        target=key,
        scope="host" if is_of_host(facts, key) else "netns",
        why=f"{need.arithmetic} {why} Its value cannot be seen from here: read it, and set {values}"
        f" if it is less.{where}",
        cost=cost,
        command=f"sysctl {key}" if where else run_in(facts, f"sysctl {key}"),
    )


def _write(facts: Facts, key: str, value: str) -> str:
    word = f'{key}="{value}"' if " " in value else f"{key}={value}"
    command = f"sysctl -w {quoted(key) + word.removeprefix(key)}"
    return command if is_of_host(facts, key) else run_in(facts, command)


def look(
    facts: Facts, command: str, *, target: str, why: str, kind: Kind = "none", cost: str = "none"
) -> Recommendation:
    """Return the advice to find out: a command that changes nothing."""
    scope: Scope = "device" if target in facts.delta.after.devices else "netns"
    return Recommendation(
        kind=kind,
        target=target,
        scope="application" if kind == "application" else scope,
        why=why,
        cost=cost,
        command=run_in(facts, command),
    )


def do(
    kind: Kind, target: str, *, why: str, cost: str, takes_effect: TakesEffect = "now"
) -> Recommendation:
    """Return advice that no command carries out."""
    scope = _SCOPES.get(kind, "application")
    return Recommendation(kind, target, scope, why, cost, takes_effect)


def device_of(counter: str) -> str:
    """Return the device of a counter such as "eth0.100.rx_dropped" or "eth0.ethtool.x"."""
    for between in (".ethtool.", ".peer."):
        if between in counter:
            return counter.partition(between)[0]
    return counter.rpartition(".")[0]


def listed(losses: dict[str, int]) -> str:
    """Return "eth0", or "eth0 (12), eth1 (3) and 4 more", the largest first."""
    names = sorted(losses, key=lambda name: -losses[name])
    if len(names) < 2:
        return "".join(names)
    parts = [f"{name} ({count(losses[name])})" for name in names[:4]]
    return ", ".join(parts) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
