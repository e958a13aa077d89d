"""The pages of what `check` reports beyond the rules: a policy's demands, inputs without verdict.

They are written as the rules' docstrings are, so that `explain` and SARIF show them alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from netrx_tune.planning.policy import PolicyRule

POLICY_PAGES: Mapping[PolicyRule, str] = {
    "policy-setting": """\
A setting is not what the policy requires.

What it means: the snapshot holds a value below `at_least`, or another than `exactly`, of an entry
of the policy's `require`. It fails whatever `fail-on` says, except never.

How it is counted: from the sysctl's own file in the last sample, or from the listing that a support
archive holds. A setting that the input lacks is not judged, which gives exit code 3.

Remedy: set the value where the finding says it; the command, its cost and its undo stand with it.

When not to act: the host needs no such value. Then lower the policy's, or accept the finding until
a day.
""",
    "policy-loss": """\
A stage lost a larger share than the policy allows.

What it means: of what was offered at the stage, or to the whole path for `all`, more was lost than
the policy's `loss` allows. It fails whatever `fail-on` says, except never.

How it is counted: lost / offered of the stage, in the stage's own unit. A stage that nothing counts
on that host is not judged, which gives exit code 3; one that its kernel lacks loses nothing.

Remedy: that of the rule which speaks for the stage; its finding stands beside this one.

When not to act: the totals are since boot, so that nothing tells when it was lost. Judge
two samples.
""",
    "policy-profile": """\
A setting is not what the policy's profile asks for.

What it means: the policy names a profile, and the snapshot holds a lower value than one of its
floors.

How it is counted: as for policy-setting; shares of memory are those of the host that was sampled. A
setting that the input lacks is left out, since it may be of a module that is not loaded.

Remedy: netrx-tune apply PROFILE on that host, or export the profile for the tool that sets it up.

When not to act: the host has another workload. Then name another profile.
""",
}
INPUT_PAGES: Mapping[str, str] = {
    "input-unreadable": """\
An input cannot be read, or is no snapshot.

What it means: nothing is known of that host. Exit code 2, unless another input fails.

Remedy: what the message says: take the snapshot again, or give the folder or archive that holds it.
""",
    "input-not-judged": """\
An input does not hold what it takes to judge it.

What it means: it reads, and proves nothing for what was asked: no counter of the receive path, a
sandbox that imitates a kernel, or a demand of the policy for what is not in it. Exit code 3, unless
another input fails or cannot be read.

Remedy: take a snapshot with netrx-tune snapshot, as root, on the host itself.
""",
}
