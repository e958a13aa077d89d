"""The sentences of a fleet's report, the same in text and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.planning.fleet_report import (
    MOST_CHANCE,
    NO_ROLE,
    Difference,
    FleetReport,
    Loser,
    RuleRow,
)
from netrx_tune.planning.fleet_statistics import order_of_magnitude
from netrx_tune.rules.words import about, count, percent

MOST_SHOWN = 3  # roles or kernels of one finding
NO_PROOF = (
    "What losing hosts have in common need not be the cause: try it on one host first"
    " (netrx-tune apply --verify)."
)


def of(part: int, whole: int) -> str:
    """Return "3 of 12"."""
    return f"{count(part)} of {count(whole)}"


def hosts(part: int, whole: int) -> str:
    """Return "3 of 12 hosts (25 %)"."""
    return f"{of(part, whole)} hosts ({percent(part / whole)})" if whole else f"{part} hosts"


def summary(report: FleetReport) -> Iterator[str]:
    """Yield what was looked at, and how much of it loses."""
    if not report.judged:
        yield "No host could be judged."
    elif report.losing:
        yield f"{hosts(report.losing, report.judged)} lose packets that someone can act on."
    else:
        yield f"No host of {count(report.judged)} loses packets that someone can act on."
    left_out = report.inputs - report.judged
    if left_out:
        yield (
            f"{of(left_out, report.inputs)} inputs could not be read or judged, and are in no"
            " figure here."
        )


def lost(row: RuleRow) -> str:
    """Return what a rule's findings lost on all hosts, "" where they lose nothing."""
    return f"{count(row.lost)} lost" if row.lost else ""


def spread(parts: tuple[tuple[str, int, int], ...]) -> str:
    """Return where a finding is: "web 3 of 4, dns 1 of 20"; "" where that tells nothing."""
    if not parts or (len(parts) == 1 and parts[0][0] in {NO_ROLE, "?"}):
        return ""
    shown = ", ".join(f"{name} {of(some, everyone)}" for name, some, everyone in parts[:MOST_SHOWN])
    more = len(parts) - MOST_SHOWN
    return f"{shown}, {count(more)} more" if more > 0 else shown


def fence_line(report: FleetReport) -> str:
    """Return the arithmetic of the fence, "" where no host is beyond it."""
    limits = report.fence
    if limits is None or not report.above_fence:
        return ""
    bound_words = (
        f"more than {percent(limits.share)}. That is the larger of 0.1 %, ten times the median of"
        f" {count(limits.hosts)} hosts ({percent(limits.median)}, taken as 0.001 % where it is"
        " less), and 3.5 robust standard deviations above it (each a factor of"
        f" {about(limits.spread_times)})."
    )
    if not report.outliers:
        so_many = f"{of(report.above_fence, limits.hosts)} hosts lose {bound_words}"
        return f"{so_many} So many are a group, not outliers."
    more = report.above_fence - len(report.outliers)
    also = f"{count(more)} hosts more. " if more else ""
    return f"{also}Far above the others is {bound_words}"


def outlier(one: Loser) -> str:
    """Return a host that is far above the others."""
    where = "" if one.role == NO_ROLE else f", {one.role}"
    return f"{percent(one.share)} ({one.rule}{where}; {one.name}): {one.summary}"


def difference(one: Difference) -> str:
    """Return a value with its counts."""
    split = one.split
    return (
        f"{of(split.losing_with, split.losing)} losing hosts,"
        f" {of(split.others_with, split.others)} others"
    )


def significance(one: Difference) -> str:
    """Return how little chance explains a difference."""
    return f"odds {one.odds_ratio:,.1f} times, by chance {order_of_magnitude(one.chance)}"


def bound(report: FleetReport) -> str:
    """Return what was compared, and what counts."""
    return (
        f"{count(report.comparisons)} values were compared; shown is what chance would give less"
        f" often than once in {1 / MOST_CHANCE:.0f} such reports (Fisher's exact test, Bonferroni),"
        " with at least 3 times the odds."
    )
