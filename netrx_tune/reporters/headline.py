"""The verdict of a diagnosis in one or two sentences."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Diagnosis
from netrx_tune.model.ledger import Account, Ledger
from netrx_tune.model.snapshot import HostFacts
from netrx_tune.reporters.drawn_path import is_counted
from netrx_tune.rules.words import BOUND_WORDS, count, counted, percent, were
from netrx_tune.rxpath.books.drivers import xdp_failures
from netrx_tune.rxpath.ledger import came
from netrx_tune.rxpath.stages import stage


def headline(diagnosis: Diagnosis) -> str:
    """Return the verdict in one or two sentences."""
    ledger, when = diagnosis.ledger, _when(diagnosis)
    if diagnosis.host.sandbox:
        where = f"this is a {diagnosis.host.sandbox} sandbox, whose counters are constants"
        return f"Nothing can be told of packet loss: {where}."
    suffix = ""
    if diagnosis.window.mode == "since-boot":
        suffix = " These are totals: nothing tells when."
    if ledger.lost:
        return _loss(ledger, when) + suffix
    if ledger.accounts and ledger.is_blank:
        return (
            "No counter of the receive path could be read: nothing tells whether packets are lost."
        )
    if ledger.offered is None:
        unread = "the UDP counters could not all be read, so loss there would not show."
        return f"No loss was seen {when}, but {unread}{suffix}"
    if not ledger.offered:
        return f"No packet came {when}, so none was lost.{suffix}"
    return f"No packet was lost {when}.{suffix}"


def _loss(ledger: Ledger, when: str) -> str:
    lossy = [account for account in ledger.accounts if is_counted(account)]
    if {(account.stage, account.bound) for account in lossy} == {("ip-unattributed", "at-most")}:
        return _no_certain_loss(ledger, when)
    text = _bound(lossy) + count(ledger.lost)
    share, offered = "", came(ledger)
    if offered:
        text += f" of {count(offered)}"
        share = f" ({percent(min(1.0, ledger.lost / offered))})"
    packets = "packet" if ledger.lost == 1 and not offered else "packets"
    stages = f"{len(lossy)} stage" if len(lossy) == 1 else f"{len(lossy)} stages"
    text += f" {packets} lost {when}{share}, {', '.join((stages, *_harmless(ledger, lossy)))}."
    return text[0].upper() + text[1:]


def _harmless(ledger: Ledger, lossy: list[Account]) -> Iterator[str]:
    """Yield how many of the lost were meant to be, and how many no program wanted."""
    for kind, words in (("policy", "by policy"), ("stray", "strays")):
        of_kind = [account for account in lossy if stage(account.stage).kind == kind]
        lost = sum((account.lost or 0) - xdp_failures(account.by) for account in of_kind)
        if lost:
            yield f"{'all' if lost == ledger.lost else count(lost)} of them {words}"


def _no_certain_loss(ledger: Ledger, when: str) -> str:
    """Return the verdict where so few are missing that counters may be apart by them."""
    of = f" of {count(ledger.offered)}" if ledger.offered else ""
    return (
        f"No packet was lost for certain {when}: {count(ledger.lost)}{of} reached IP and"
        f" {were(ledger.lost)} not delivered by its counters, as few as multicast that nobody"
        " joined makes, or counters that are read one after the other."
    )


def _bound(lossy: list[Account]) -> str:
    """Return how the sum of these losses is bounded."""
    bounds = {account.bound for account in lossy} - {"exact"}
    if len(bounds) > 1:
        return "about "
    return BOUND_WORDS[bounds.pop()] if bounds else ""


def _when(diagnosis: Diagnosis) -> str:
    window = diagnosis.window
    if window.mode == "since-boot":
        inside = diagnosis.host.netns or diagnosis.host.initial_netns is False
        return "since this namespace was made" if inside else f"since boot{_uptime(diagnosis.host)}"
    if window.seconds is None:
        return "between the two samples"
    if window.mode == "between-samples":
        return f"in the {window.seconds:,.1f} s between the samples"
    return f"in {window.seconds:,.1f} s"


def _uptime(host: HostFacts) -> str:
    if host.uptime_seconds is None:
        return ""
    minutes = host.uptime_seconds / 60
    for unit, least, scale in (("days", 2880, 1440), ("hours", 120, 60)):
        if minutes >= least:
            return f", {minutes / scale:,.0f} {unit} ago"
    return f", {counted(round(minutes), 'minute')} ago"
