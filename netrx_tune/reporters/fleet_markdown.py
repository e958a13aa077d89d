"""A fleet's report as Markdown, for a ticket or a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netrx_tune.planning.fleet_report import FleetReport
from netrx_tune.reporters import fleet_lines as lines
from netrx_tune.reporters.checks.markdown import cell


def render_fleet_markdown(report: FleetReport) -> str:
    """Return the report; a part with nothing to say is not there."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: FleetReport) -> Iterator[str]:
    yield "# Packet loss in the fleet"
    yield ""
    yield from (cell(line) for line in lines.summary(report))
    if report.rules:
        rows = (
            (
                row.severity,
                row.rule,
                lines.hosts(row.hosts, report.judged),
                lines.lost(row),
                lines.spread(row.roles),
                lines.spread(row.kernels),
            )
            for row in report.rules
        )
        yield from _table("Findings", ("", "rule", "hosts", "lost", "roles", "kernels"), rows)
    if lines.fence_line(report):
        names = ((one.host, lines.outlier(one)) for one in report.outliers)
        yield from _table("Hosts far above the others", ("host", "share"), names)
        yield from ("", cell(lines.fence_line(report)))
    yield from _differences(report)
    if report.unreadable:
        yield from _table("Not read or judged", ("input", "why"), report.unreadable)


def _differences(report: FleetReport) -> Iterator[str]:
    if not report.differences:
        return
    rows = (
        (one.key, one.value, lines.difference(one), lines.significance(one))
        for one in report.differences
    )
    columns = ("what", "value", "hosts", "how sure")
    yield from _table("What losing hosts have more often", columns, rows)
    yield from ("", cell(lines.bound(report)), cell(lines.NO_PROOF))


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table; with no row there is only its title."""
    yield from ("", f"## {title}")
    for number, row in enumerate(rows):
        if not number:
            yield ""
            yield f"| {' | '.join(columns)} |"
            yield f"|{' --- |' * len(columns)}"
        yield f"| {' | '.join(cell(text) for text in row)} |"
