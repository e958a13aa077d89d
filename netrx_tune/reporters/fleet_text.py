"""A fleet's report for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.planning.fleet_report import FleetReport, RuleRow
from netrx_tune.reporters import fleet_lines as lines
from netrx_tune.reporters.plain import BLANK, Block, layout
from netrx_tune.rules.words import count


def render_fleet(report: FleetReport, *, width: int, color: bool) -> str:
    """Return the report; a part with nothing to say is not there."""
    return layout(_blocks(report), width=width, color=color)


def _blocks(report: FleetReport) -> Iterator[Block]:
    for line in lines.summary(report):
        yield Block(line, style="good" if report.judged and not report.losing else "plain")
    for row in report.rules:
        if row.severity != "note":
            yield from _rule(row, report.judged)
    yield from _notes(report)
    yield from _outliers(report)
    yield from _differences(report)
    if report.unreadable:
        yield from _title("Not read or judged")
        for name, reason in report.unreadable:
            yield Block(reason, 2, 2, f"{name}:")


def _title(text: str) -> Iterator[Block]:
    yield BLANK
    yield Block(text, style="title")


def _rule(row: RuleRow, judged: int) -> Iterator[Block]:
    yield BLANK
    some = f", {lines.lost(row)}" if row.lost else ""
    text = f"{row.rule} on {lines.hosts(row.hosts, judged)}{some}"
    yield Block(text, 0, 2, f"{row.severity.upper()}:", row.severity)
    for what, parts in (("Roles", row.roles), ("Kernels", row.kernels)):
        text = lines.spread(parts)
        if text:
            yield Block(f"{what}: {text}", 2, 2)


def _notes(report: FleetReport) -> Iterator[Block]:
    notes = [f"{row.rule} ({count(row.hosts)})" for row in report.rules if row.severity == "note"]
    if notes:
        yield BLANK
        yield Block(f"{', '.join(notes)} (number of hosts)", 0, 2, "NOTES:", "note")


def _outliers(report: FleetReport) -> Iterator[Block]:
    line = lines.fence_line(report)
    if not line:
        return
    yield from _title("Hosts far above the others")
    for one in report.outliers:
        yield Block(lines.outlier(one), 2, 2, f"{one.host}:")
    yield Block(line, 2, 2)


def _differences(report: FleetReport) -> Iterator[Block]:
    if not report.differences:
        return
    yield from _title("What losing hosts have more often")
    for one in report.differences:
        text = f"{lines.difference(one)} ({lines.significance(one)})"
        yield Block(text, 2, 2, f"{one.key} {one.value}:")
    yield Block(lines.bound(report), 2, 2)
    yield Block(lines.NO_PROOF, 2, 2)
