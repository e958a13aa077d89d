"""The receive path from the wire to the program, drawn in words, with the loss where it is.

One line for each place a packet passes. A place that lost nothing is one line with all its
stages; a stage that lost something has a line of its own below its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.model.ledger import Account, Ledger
from netrx_tune.model.stage import Stage, StageKind
from netrx_tune.reporters.plain import Block, Style
from netrx_tune.rules.words import BOUND_WORDS, count, percent
from netrx_tune.rxpath.ledger import lost_of
from netrx_tune.rxpath.stages import stage

_COLUMN = 24
_ALIGNED_FROM = 60  # columns; on a narrower terminal the words just follow the place


class Place(NamedTuple):
    """Some neighbouring stages: those whose order lies from `first` to `last`."""

    label: str
    first: int
    last: int
    unit: str  # what comes in, in the words of that layer
    also: str = ""  # the stage of the books that belongs here
    remark: str = ""


PLACES = (
    Place("NIC and driver", 10, 19, "frames"),
    Place("Softirq, CPU backlog", 20, 29, "packets", remark=" (whole host)"),
    Place("XDP, taps, tc", 30, 39, "frames", "device-unattributed"),
    Place("IP", 40, 49, "packets"),
    Place("Firewall, conntrack", 50, 53, "packets"),
    Place("Reassembly", 54, 59, "fragments"),
    Place("Routing", 60, 69, "packets"),
    Place("Delivery to UDP, TCP", 70, 79, "packets", "ip-unattributed"),
    Place("UDP", 80, 89, "datagrams", "udp-unattributed"),
    Place("Socket buffer", 90, 93, "datagrams"),
    Place("Reader", 94, 99, "datagrams"),
    Place("TCP", 100, 119, "segments"),
)

_LABELS: dict[StageKind, tuple[str, Style]] = {
    "loss": ("LOST", "critical"),
    "policy": ("POLICY dropped", "warning"),
    "pressure": ("PRESSURE", "note"),
    "copy": ("COPY LOST", "warning"),
    "stray": ("STRAY", "note"),
}


def draw(ledger: Ledger, *, width: int, verbose: bool) -> Iterator[Block]:
    """Yield the path's blocks, in path order."""
    yield Block("Receive path, from the wire to the program", style="title")
    shown: dict[str, int] = {}  # by unit: a figure is said again only when it changed
    for place in PLACES:
        accounts = at(place, ledger)
        offered = _offered(place, accounts)
        unit = place.unit + place.remark
        text = _summary(place, accounts, None if offered == shown.get(unit) else offered)
        label = f"{place.label}:"
        aligned = width >= _ALIGNED_FROM
        label = label.ljust(_COLUMN) if aligned else label
        yield Block(text, indent=2, hang=_COLUMN if aligned else 2, label=label)
        yield from _stages(accounts, ledger, verbose=verbose)
        if offered is not None:
            shown[unit] = offered
    if not verbose:
        yield from _unseen(ledger)


def at(place: Place, ledger: Ledger) -> tuple[Account, ...]:
    """Return the accounts of a place."""
    return tuple(
        account
        for account in ledger.accounts
        if place.first <= stage(account.stage).order <= place.last or account.stage == place.also
    )


def is_counted(account: Account) -> bool:
    """Tell whether the ledger's `lost` holds this account's loss, and there is some."""
    return lost_of(account) > 0


def _offered(place: Place, accounts: tuple[Account, ...]) -> int | None:
    """Return what came to a place, from the stages that count in its unit."""
    units = ("packets", "datagrams") if place.unit == "frames" else (place.unit,)
    figures = [
        a.offered for a in accounts if a.offered is not None and stage(a.stage).unit in units
    ]
    return max(figures, default=None)


def _summary(place: Place, accounts: tuple[Account, ...], offered: int | None) -> str:
    """Return a place's line: what came in, and how much of it stayed here."""
    arrived = "" if offered is None else f"{count(offered)} {place.unit} in{place.remark}, "
    unseen = sum(account.bound == "unseen" for account in accounts)
    if unseen == len(accounts):
        return f"{arrived}losses are not visible here"
    lost = sum(map(lost_of, accounts))
    if lost:
        return f"{arrived}{count(lost)} lost"
    partly = sum(account.bound == "at-least" for account in accounts)
    if unseen or partly:
        what = "1 stage is" if unseen + partly == 1 else f"{unseen + partly} stages are"
        return f"{arrived}no loss seen, {what} not {'wholly ' if partly else ''}visible"
    return f"{arrived}nothing lost"


def _stages(accounts: tuple[Account, ...], ledger: Ledger, *, verbose: bool) -> Iterator[Block]:
    for account in accounts:
        total = ledger.total(account.stage) if verbose else None
        past = f"; {count(total)} since boot" if total else ""
        if account.lost:
            yield _lossy(account, stage(account.stage), past, verbose=verbose)
        elif verbose:
            text = _quiet(account) + (past if account.lost == 0 else "")
            yield Block(text, indent=4, hang=2, label=f"{account.stage}:")


def _lossy(account: Account, place: Stage, past: str, *, verbose: bool) -> Block:
    label, style = _LABELS[place.kind]
    text = f"{_amount(account, place)}{_remark(account, place)}: {place.title} ({account.stage})"
    if account.why and (verbose or account.bound != "exact"):
        text += f"; {account.why}"
    return Block(text + past, 4, 5, label, style)


def _remark(account: Account, place: Stage) -> str:
    """Return in words what the kind of stage means for the number."""
    if place.kind == "pressure":
        return ", nothing lost by it"
    return "" if is_counted(account) else ", not counted as lost"


def _amount(account: Account, place: Stage) -> str:
    """Return "at least 30 of 5,030 datagrams (0.6 %)"."""
    lost = account.lost or 0
    text = BOUND_WORDS[account.bound] + count(lost)
    if place.kind == "pressure":
        return f"{text} {'time' if lost == 1 else 'times'}"
    if account.share is not None and account.offered:
        return f"{text} of {count(account.offered)} {place.unit} ({percent(account.share)})"
    return f"{text} {place.unit.removesuffix('s') if lost == 1 else place.unit}"


def _quiet(account: Account) -> str:
    """Return what -v says of a stage that lost nothing, or cannot be seen."""
    if account.lost is None:
        return f"not visible: {account.why}" if account.why else "not visible"
    if account.bound == "at-least":
        return f"no loss seen: {account.why}" if account.why else "no loss seen"
    return "nothing lost"


_MOST_REASONS = 4  # more are an input that holds little


def _unseen(ledger: Ledger) -> Iterator[Block]:
    """Yield the stages that cannot be seen, once for each reason."""
    reasons: dict[str, list[str]] = {}
    for account in ledger.accounts:
        if account.bound == "unseen":
            reasons.setdefault(account.why, []).append(account.stage)
    if len(reasons) > _MOST_REASONS:
        names = [name for group in reasons.values() for name in group]
        text = f"{len(names)} stages, since this input lacks their counters: {', '.join(names)}"
        yield Block(text, indent=2, hang=2, label="Not visible here:")
        return
    for why, names in reasons.items():
        text = ", ".join(names) + (f": {why}" if why else "")
        yield Block(text, indent=2, hang=2, label="Not visible here:")
