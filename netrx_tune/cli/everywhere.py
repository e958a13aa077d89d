"""One window over every network namespace of the host."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from netrx_tune.cli.options import progress
from netrx_tune.host import namespaces
from netrx_tune.host.capture import host_settings, take_sample
from netrx_tune.host.source import Tree
from netrx_tune.host.watch import with_readers
from netrx_tune.model.errors import InputError
from netrx_tune.model.sample import Sample
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import measure
from netrx_tune.rules.words import counted


def all_namespaces(interval: float, *, quiet: bool) -> Iterator[Delta]:
    """Yield what grew in this namespace, then in every other one.

    All are sampled, then all again, so each window is about the interval. A namespace that
    ends meanwhile is left out; what it lost went with it.
    """
    tree = Tree()
    ours = host_settings(tree)
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    home = namespaces.Namespace(f"/proc/self/fd/{own}", 0, "", None)
    places = [home, *namespaces.others()]
    before: dict[str, Sample | None] = dict.fromkeys(place.path for place in places)
    if interval:
        before = {p.path: take_sample(tree) for p in places if _entered(p, home)}
        number = counted(len(before), "namespace")
        progress(f"watching {number} for {interval:g} s", quiet=quiet)
        time.sleep(interval)
    for place in places:
        if place.path in before and _entered(place, home):
            first = before[place.path]
            after = with_readers(tree, first, take_sample(tree))
            if place is not home:
                after = after._replace(files={**ours, **after.files})
            yield measure(first, after, live=True, netns=place.name or None)


def _entered(place: namespaces.Namespace, home: namespaces.Namespace) -> bool:
    try:
        namespaces.enter(place.path)
    except InputError as error:
        if place is home:
            raise InputError(str(error).replace(place.path, "--all-netns")) from None
        return False
    return True
