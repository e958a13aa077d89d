"""From a diagnosis' plan to a profile: what evidence asks for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune.model.finding import Diagnosis, Finding, Recommendation
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.plan_values import Host, is_limit, values_of
from netrx_tune.planning.profile_amounts import key_complaint, memory_units
from netrx_tune.planning.profile_bounds import complaint
from netrx_tune.planning.tunables import tunable
from netrx_tune.rxpath.kernel_features import sysctl_scope

_MOST_TEXT = 900  # a profile takes lines of 1000 characters
# They show, and are set back after a look: advice, no setting to keep.
_LOOKS = (".log_martians", ".nf_conntrack_log_invalid")

Values = tuple[int, ...]


class Origin(NamedTuple):
    """What a profile is made from."""

    name: str  # of the profile
    generated: Mapping[str, str]  # from, when, kernel


def generate(
    diagnosis: Diagnosis, now: Mapping[str, Values], origin: Origin, base: Profile | None = None
) -> Profile:
    """Return the profile that a diagnosis with its plan asks for, of a host with settings `now`.

    The advice of `base`, the workload profile that had its say in the diagnosis, comes along.
    """
    host = Host(
        now, diagnosis.host.memory_bytes, diagnosis.host.page_bytes, diagnosis.host.cpus or 1
    )
    settings, rest = _divided(diagnosis, host, base)
    many = f"{len(settings)} setting{'s' * (len(settings) != 1)}"
    summary = (
        f"{many} that a diagnosis asks for"
        if settings
        else "Nothing to set: no evidence asks for it"
    )
    left = (item for item in rest if item.kind != "sysctl" or item.target not in settings)
    own = (line for item in left for line in _advice(item))
    return Profile(
        name=origin.name,
        summary=summary,
        path="",
        extends=None,
        settings=tuple(settings.values()),
        application=tuple(dict.fromkeys((*own, *(base.application if base else ())))),
        keep=base.keep if base else (),
        memory_share=base.memory_share if base else None,
        generated=dict(origin.generated),
    )


def _divided(
    diagnosis: Diagnosis, host: Host, base: Profile | None
) -> tuple[dict[str, ProfileSetting], list[Recommendation]]:
    """Return the plan's settings by key, and what is no setting."""
    settings: dict[str, ProfileSetting] = {}
    rest: list[Recommendation] = []
    for item in diagnosis.plan:
        found = _setting(item, diagnosis, host, base)
        if found is None:
            rest.append(item)
        elif found.values != host.settings.get(found.key):
            settings.setdefault(found.key, found)
    return settings, rest


def _setting(
    item: Recommendation, diagnosis: Diagnosis, host: Host, base: Profile | None
) -> ProfileSetting | None:
    """Return a sysctl of the plan as a setting, None for what cannot be one."""
    values, one = values_of(item), tunable(item.target)
    if values is None or one is None or key_complaint(item.target) or one.name.endswith(_LOOKS):
        return None
    wish = next((s for s in base.settings if s.key == item.target), None) if base else None
    mode = wish.mode if wish else "at_least" if is_limit(item.target) else "exactly"
    if mode == "at_least":
        now = host.settings.get(item.target, ())
        values = tuple(map(max, values, now)) if len(now) == len(values) else values  # never lower
    wrong = complaint(one, values, memory_units(one, host.memory_bytes, host.page_bytes))
    if wrong:
        return None
    why, source = _line(item.why + _inside(item, diagnosis)), _evidence(item, diagnosis)
    previous = host.settings.get(item.target)
    return ProfileSetting(item.target, mode, values, why, source, previous)


def _inside(item: Recommendation, diagnosis: Diagnosis) -> str:
    """Return where a value of a namespace's own belongs."""
    netns = diagnosis.host.netns
    if not netns or sysctl_scope(item.target, diagnosis.host.kernel) != "netns":
        return ""
    return f" It is the own value of namespace {netns}: apply it in there."


def _evidence(item: Recommendation, diagnosis: Diagnosis) -> str:
    """Return the findings that ask for a change, with the counters that moved."""
    asking = [one for one in diagnosis.findings if _asks(one, item)]
    return _line("; ".join(f"{one.rule}: {', '.join(_counters(one))}" for one in asking))


def _asks(finding: Finding, item: Recommendation) -> bool:
    return finding.present is not False and any(
        other.kind == item.kind and other.target == item.target for other in finding.recommendations
    )


def _counters(finding: Finding) -> Iterator[str]:
    if finding.lost is not None:
        yield f"lost {finding.lost}"
    for one in finding.evidence:
        if one.increase:
            yield f"{one.counter} +{one.increase}"


def _advice(item: Recommendation) -> Iterator[str]:
    """Yield what no sysctl expresses: the command first, so that an export can find it."""
    if item.kind != "none":
        yield _line(f"{item.command or item.target}: {item.why}")


def _line(text: str) -> str:
    """Return text as one line that a profile can hold."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:_MOST_TEXT]
