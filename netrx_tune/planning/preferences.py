"""A workload profile's say in a diagnosis, before the plan is made of what findings advise.

A key that the profile keeps is not proposed. Where evidence asks for a key that the profile sets,
its floor counts as well. It adds no key: what no evidence asks for stays unsaid.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.plan_values import Values, is_met, rewritten, values_of


def preferred(findings: tuple[Finding, ...], profile: Profile) -> tuple[Finding, ...]:
    """Return findings with advice that a profile agrees with."""
    wishes = {one.key: one for one in profile.settings}
    return tuple(_agreed(one, profile, wishes) for one in findings)


def _agreed(finding: Finding, profile: Profile, wishes: dict[str, ProfileSetting]) -> Finding:
    wanted, kept = [], []
    for item in finding.recommendations:
        if is_met(item):
            wanted.append(item)
        elif item.kind == "sysctl" and item.target in profile.keep:
            kept.append(_kept(item, profile))
        else:
            wanted.append(_wished(item, wishes.get(item.target), profile))
    return finding._replace(recommendations=(*wanted, *kept))


def _kept(item: Recommendation, profile: Profile) -> Recommendation:
    number = f"{item.proposed:,}" if isinstance(item.proposed, int) else item.proposed
    value = "" if number is None else f" at {number}"
    return Recommendation(
        kind="none",
        target=item.target,
        scope=item.scope,
        why=f"Profile {profile.name} has {item.target} kept as it is; else it would be proposed"
        f"{value}. Take it out of the profile's keep for that.",
        cost="none",
        current=item.current,
    )


def _wished(item: Recommendation, wish: ProfileSetting | None, profile: Profile) -> Recommendation:
    values = values_of(item)
    if wish is None or values is None or len(values) != len(wish.values):
        return item
    chosen = _chosen(values, wish)
    if chosen == values:
        return item
    how = "exactly" if wish.mode == "exactly" else "at least"
    wanted = " ".join(f"{value:,}" for value in wish.values)
    return rewritten(item, chosen)._replace(
        why=f"{item.why} Profile {profile.name} wants {how} {wanted}: {wish.why}.",
        cost=f"{item.cost}; that is of the computed value, and the profile's is another",
    )


def _chosen(values: Values, wish: ProfileSetting) -> Values:
    if wish.mode == "exactly":
        return wish.values
    return tuple(map(max, values, wish.values))
