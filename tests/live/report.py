"""What the tool said, read from its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """One finding, as far as the lab judges it."""

    rule: str
    stage: str
    severity: str
    lost: int | None
    cause: str | None
    present: bool | None
    drops: tuple[int, ...]  # of the sockets that it names
    text: str = ""  # its summary and what that means


class Report(NamedTuple):
    """One diagnosis: what was lost by stage, the totals, and the findings."""

    stages: Mapping[str, int]
    lost: int
    delivered: int | None
    queued: int | None
    findings: tuple[Finding, ...]
    impossible: tuple[str, ...] = ()  # figures that contradict each other


def parse_report(text: str) -> Report:
    """Return the report in the output of `netrx-tune diagnose --format json`."""
    whole = json.loads(text)
    ledger = whole["ledger"]
    return Report(
        stages={each["stage"]: each["lost"] for each in ledger["stages"] if each["lost"]},
        lost=ledger["lost"],
        delivered=ledger["delivered"],
        queued=ledger["queued"],
        findings=tuple(
            Finding(
                each["rule"],
                each["stage"],
                each["severity"],
                each["lost"],
                each["cause"],
                each["present"],
                tuple(socket["drops"] for socket in each["sockets"]),
                f"{each['summary']}. {each['meaning']}",
            )
            for each in whole["findings"]
        ),
        impossible=tuple(_impossible(ledger)),
    )


def _impossible(ledger: Mapping[str, Any]) -> Iterator[str]:
    """Yield stages that lost more than came to them, and books that do not close."""
    for each in ledger["stages"]:
        if None not in (each["lost"], each["offered"]) and each["lost"] > each["offered"]:
            yield f"{each['stage']} lost {each['lost']} of {each['offered']}"
    parts = [ledger[name] for name in ("delivered", "queued", "lost")]
    if None not in (ledger["offered"], *parts) and ledger["offered"] != sum(parts):
        yield f"{ledger['offered']} offered are not {parts} delivered, queued and lost"
