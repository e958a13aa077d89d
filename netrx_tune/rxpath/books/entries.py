"""Small steps that every layer's books share."""

from __future__ import annotations

from collections.abc import Iterable

from netrx_tune.collectors.text import below
from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.snapshot import Delta

_XFRM_IN = "xfrm.XfrmIn"


def gained(delta: Delta, *names: str) -> int | None:
    """Return the sum of the counters that are readable, or None if none is."""
    gains = [gain for gain in map(delta.increases.get, names) if gain is not None]
    return sum(gains) if gains else None


def entries(delta: Delta, *names: str) -> tuple[Entry, ...]:
    """Return those of the counters that moved."""
    get = delta.increases.get
    return tuple([Entry(name, gain) for name in names if (gain := get(name))])


def entry(name: str, gain: int) -> tuple[Entry, ...]:
    """Return the part of one counter in an account, none where that is nothing."""
    return (Entry(name, gain),) if gain else ()


def total(by: Iterable[Entry]) -> int:
    """Return what some counters gained together."""
    return sum([one.increase for one in by])


def counted(
    delta: Delta,
    stage: str,
    *names: str,
    offered: int | None = None,
    bound: Bound = "exact",
    why: str = "",
) -> Account:
    """Return the account of a stage whose loss is just the sum of some counters."""
    lost = gained(delta, *names)
    if lost is None:
        return Account(stage, None, "unseen", (), offered, why=f"needs {' or '.join(names)}")
    by = entries(delta, *names) if lost else ()
    return Account(stage, lost, bound, by, offered, why=why)


def noise(delta: Delta) -> int:
    """Return how many packets a difference between counters may be off without any loss.

    Counters are per CPU and summed without a lock, so each CPU can hold a few packets between
    two of them. Kernel: net/ipv4/proc.c, snmp_seq_show_ipstats().
    """
    return 2 * (delta.after.host.cpus or 1)


def xfrm_counters(delta: Delta) -> tuple[str, ...]:
    """Return the names of what IPsec refused, none where it is not readable."""
    names = below(delta.after.counters, _XFRM_IN)
    return tuple([name for name in names if name in delta.increases])
