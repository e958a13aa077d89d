"""The further network namespaces that an input looks into, each with a judgement of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from netrx_tune.host.saved import SavedWindow
from netrx_tune.model.errors import NetrxError
from netrx_tune.model.judgement import JudgedHost, Judgement
from netrx_tune.model.sample import Gap
from netrx_tune.planning.diagnosis import conclude, why_empty
from netrx_tune.planning.fingerprints import label_of
from netrx_tune.planning.judging import judge
from netrx_tune.planning.policy import Policy


def with_namespaces(
    own: Judgement,
    windows: Mapping[str, Callable[[], SavedWindow]],
    policy: Policy,
    today: date,
) -> tuple[Judgement, ...]:
    """Return the judgement of the host's own namespace, then those of the others.

    One of which the input holds no counter is a gap of the first.
    """
    found: list[Judgement] = []
    gaps: list[Gap] = []
    for netns, window in windows.items():
        try:
            one = _judged(own.name, netns, window(), policy, today)
        except NetrxError as error:
            one = _unreadable(own, netns, str(error))
        if isinstance(one, Gap):
            gaps.append(one)
        else:
            found.append(one)
    names = tuple(one.namespace for one in found if one.namespace is not None)
    return own._replace(gaps=own.gaps + tuple(gaps), namespaces=names), *found


def _judged(
    name: str, netns: str, window: SavedWindow, policy: Policy, today: date
) -> Judgement | Gap:
    diagnosis = conclude(window.delta)
    if why_empty(diagnosis):
        return Gap(f"netns {netns}", "absent", "not judged: the input has no counters of it")
    after, places = window.delta.after, window.places
    return judge(name, diagnosis, after, policy, today, places=places, namespace=netns)


def _unreadable(own: Judgement, netns: str, reason: str) -> Judgement:
    return Judgement(
        name=own.name,
        host=label_of(own.host, netns=netns),
        outcome="unreadable",
        reason=reason,
        about=JudgedHost(netns=netns),
        policy=own.policy,
        namespace=netns,
    )
