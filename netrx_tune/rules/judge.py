"""How bad a loss is: one scale for all rules, so that no rule has its own idea of critical."""

from __future__ import annotations

from netrx_tune.model.finding import Confidence, Evidence, Severity
from netrx_tune.model.ledger import Account
from netrx_tune.model.snapshot import Delta
from netrx_tune.rules.rule import Facts

CRITICAL_SHARE = 0.01  # contract: of what was offered at the stage
# Totals since boot tell nothing of when: one in a thousand is worth a warning.
BOOT_SHARE = 0.001


def severity(facts: Facts, account: Account, *, worst: Severity = "critical") -> Severity:
    """Return the severity of a stage's loss in the window, never above `worst`."""
    if not account.lost:
        return "note"
    share = account.share
    if facts.delta.mode == "since-boot":
        found: Severity = "warning" if share is not None and share >= BOOT_SHARE else "note"
    else:
        found = "critical" if share is not None and share >= CRITICAL_SHARE else "warning"
    order = ("note", "warning", "critical")
    return min(found, worst, key=order.index)


def present(facts: Facts) -> bool | None:
    """Return whether loss in this window is present loss; None for totals since boot."""
    return None if facts.delta.mode == "since-boot" else True


def confidence(facts: Facts, account: Account) -> Confidence:
    """Return how sure the figure and its place are."""
    if facts.delta.mode == "since-boot":
        return "medium"
    return {"exact": "high", "at-least": "high", "at-most": "medium"}.get(account.bound, "low")  # type: ignore[return-value]


def is_noise(facts: Facts, account: Account) -> bool:
    """Tell whether totals since boot hold too few malformed packets to speak of."""
    share = account.share
    return facts.delta.mode == "since-boot" and share is not None and share < 1e-5


def evidence(delta: Delta, *names: str) -> tuple[Evidence, ...]:
    """Return the movement of those counters that moved."""
    return tuple(_evidence(delta, name) for name in names if delta.increases.get(name))


def standing(delta: Delta, *names: str) -> tuple[Evidence, ...]:
    """Return where those of the counters stand that are readable, moved or not."""
    return tuple(_evidence(delta, name) for name in names if name in delta.increases)


def _evidence(delta: Delta, name: str) -> Evidence:
    increase = delta.increases[name]
    after = value(delta, name)
    before = after - increase if after is not None and delta.before is not None else None
    return Evidence(name, before, after, increase, _rate(increase, delta.seconds))


def value(delta: Delta, name: str) -> int | None:
    """Return a counter's value at the end of the window."""
    after = delta.after
    if name in after.counters:
        return after.counters[name]
    if name in after.per_cpu:
        return sum(after.per_cpu[name])
    if name.startswith("softnet.") and after.softnet:
        column = name.removeprefix("softnet.")
        return sum(getattr(row, column, None) or 0 for row in after.softnet)
    device, _, field = name.partition(".")
    if device in after.devices:
        return after.devices[device].statistics.get(field)
    return None


def account_evidence(facts: Facts, account: Account) -> tuple[Evidence, ...]:
    """Return the movement of the counters that an account is built on."""
    known = [entry for entry in account.by if entry.counter in facts.delta.increases]
    plain = evidence(facts.delta, *(entry.counter for entry in known))
    derived = tuple(
        Evidence(e.counter, None, None, e.increase, _rate(e.increase, facts.delta.seconds))
        for e in account.by
        if e.counter not in facts.delta.increases
    )
    return plain + derived


def _rate(increase: int, seconds: float | None) -> float | None:
    return round(increase / seconds, 3) if seconds else None
