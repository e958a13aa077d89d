"""The kernel here is a sandbox that imitates one.

What it means: a program (gVisor) answers for the kernel. Many of its network counters and limits
are constants, so that zeros prove nothing and the limits shown are not the ones in force.

How it is counted: by what the kernel says of itself in /proc/version.
Kernel: gVisor, pkg/sentry/fsimpl/proc/task_net.go and tasks_sys.go.

Remedy: diagnose on the host that runs the sandbox, or have the program count what it receives.

When not to act: always act elsewhere: nothing that is set here changes what the host does.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.rule import Facts, Rule, note


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note where counters are no evidence."""
    sandbox = facts.delta.after.host.sandbox
    if not sandbox:
        return
    yield note(
        "udp-unattributed",
        f"the kernel here is a sandbox ({sandbox}): its network counters are no evidence",
        lost=None,
        meaning="Many of its counters are constants and its limits are not those in force: whether"
        " packets are lost cannot be seen from inside.",
        recommendations=(_ELSEWHERE,),
    )


_ELSEWHERE = Recommendation(
    kind="platform",
    target="host",
    scope="platform",
    why="Run the diagnosis on the host that runs this sandbox.",
    cost="none",
    command="netrx-tune diagnose",
)

RULE = Rule((), check)
