"""Numbers as people read them, for every rule's sentences."""

from __future__ import annotations

from netrx_tune.model.ledger import Account
from netrx_tune.rules.rule import Facts

BOUND_WORDS = {"exact": "", "at-least": "at least ", "at-most": "at most ", "unseen": ""}


def count(number: int) -> str:
    """Return 12,400."""
    return f"{number:,}"


def counted(number: int, what: str) -> str:
    """Return "1 datagram" or "12,400 datagrams"."""
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def were(number: int) -> str:
    """Return the verb of so many."""
    return "was" if number == 1 else "were"


def percent(share: float) -> str:
    """Return a share with enough digits to tell it from nothing."""
    value = share * 100
    if value >= 10:
        return f"{value:.0f} %"
    if value >= 0.1:
        return f"{value:.1f} %"
    if value < 0.0001:
        return "less than 0.0001 %" if value else "0 %"
    return f"{value:.2g} %"


def rate(per_second: float) -> str:
    """Return events per second with enough digits to tell them from nothing."""
    if per_second >= 100:
        return f"{per_second:,.0f}"
    if per_second >= 0.1:
        return f"{per_second:.1f}"
    return "less than 0.001" if 0 < per_second < 0.001 else f"{per_second:.2g}"


def about(number: float) -> str:
    """Return a number to two digits, never with an exponent: 0.058, 2.4, 120, 1,000."""
    return f"{float(f'{number:.2g}'):,.10g}"


def size(number_bytes: int) -> str:
    """Return bytes as KiB or MiB where that is shorter to read."""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number_bytes >= scale:
            text = f"{number_bytes / scale:.1f}".removesuffix(".0")
            return f"{text} {unit}"
    return f"{number_bytes} B"


def lost_of(facts: Facts, account: Account, unit: str = "datagrams") -> str:
    """Return "at least 12,400 of 1,200,000 datagrams (1.0 %)"."""
    text = BOUND_WORDS[account.bound] + count(account.lost or 0)
    if account.offered and account.share is not None:
        text += f" of {count(account.offered)} {unit} ({percent(account.share)})"
    else:
        text += f" {unit.removesuffix('s') if account.lost == 1 else unit}"
    return text + when(facts)


def when(facts: Facts) -> str:
    """Return the window in words."""
    if facts.delta.mode == "since-boot":
        return " since boot"
    seconds = facts.delta.seconds
    return f" in {seconds:,.1f} s" if seconds else ""
