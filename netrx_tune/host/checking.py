"""Judging saved inputs by a policy: one, or many on all cores.

    judge_input("web7.tar.gz", policy, date(2026, 12, 1))
    for judgement in judge_all(paths, policy, today, jobs=8): ...

A worker that is killed, as by the kernel when memory is short, costs the input that it was at:
that one is unreadable, and the others go on with a new worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from itertools import chain

from netrx_tune.host.check_inputs import is_remote
from netrx_tune.host.nested import split
from netrx_tune.host.resuming import Earlier
from netrx_tune.model.errors import NetrxError, NotEnoughData
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.fingerprints import label_of
from netrx_tune.planning.policy import Policy

__all__ = ["judge_all", "judge_input", "stamp_of", "unreadable"]


def judge_input(
    path: str, policy: Policy, today: date, *, stamp: str | None = None
) -> tuple[Judgement, ...]:
    """Return what a policy makes of one input; a bad input is a judgement, never an error.

    The first is of the host, or of its own network namespace; those of further namespaces that
    the input looks into follow.

    Args:
        path: of the input.
        policy: what to judge by.
        today: the day for acceptances.
        stamp: what `stamp_of` said of it, if it was asked already.
    """
    stamp = stamp or stamp_of(path)
    found: tuple[Judgement, ...]
    try:
        found = _judged(path, policy, today)
    except NotEnoughData as error:
        found = (_without(path, policy, str(error))._replace(outcome="not-judged"),)
    except (NetrxError, OSError) as error:
        found = (_without(path, policy, str(error)),)
    except MemoryError:
        found = (_without(path, policy, "needs more memory than there is"),)
    except Exception as bug:  # noqa: BLE001 - one input must not end the others
        found = (_without(path, policy, _bug(bug)),)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - half the time of Path
    return tuple(one._replace(stamp=stamp, is_folder=is_folder) for one in found)


def judge_all(
    paths: Iterable[str],
    policy: Policy,
    today: date,
    *,
    jobs: int | None = None,
    earlier: Earlier | None = None,
) -> Iterator[Judgement]:
    """Yield the judgements of each input, in the order of the inputs, as they come.

    Args:
        paths: taken one by one, never held as a whole; addresses for fsspec among them.
        policy: what to judge by.
        today: the day for acceptances.
        jobs: worker processes, as many as there are cores where None. One input alone is
            judged in this process.
        earlier: judgements of an earlier run, which stand where nothing changed.
    """
    some = _with_addresses(paths)
    first = next(some, None)
    second = next(some, None)
    if first is None:
        return
    judge = partial(_judge_or_recall, policy=policy, today=today, earlier=earlier)
    if second is None:
        yield from judge(first)
        return
    from netrx_tune.host.workers import in_workers  # noqa: PLC0415 - many inputs only

    lost = partial(_lost, policy=policy)
    count = jobs or len(os.sched_getaffinity(0))
    for found in in_workers(judge, lost, chain((first, second), some), count):
        yield from found


def unreadable(path: str, policy: Policy, reason: str) -> Judgement:
    """Return the judgement of an input that cannot be read."""
    return _without(path, policy, reason)._replace(stamp=stamp_of(path))


def stamp_of(path: str) -> str | None:
    """Return size and time of change of a file, or of all files in a folder; None if unknown."""
    path = split(path)[0]  # of a report in an archive of them: the archive
    try:
        found = os.stat(path)  # noqa: PTH116 - half the time of Path
        if not os.path.isdir(path):  # noqa: PTH112 - likewise
            return f"{found.st_size}-{found.st_mtime_ns}"
        size, newest, files = 0, found.st_mtime_ns, 0
        for folder, _, names in os.walk(path):
            for name in names:
                one = os.lstat(f"{folder}/{name}")
                size, newest, files = size + one.st_size, max(newest, one.st_mtime_ns), files + 1
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return None
    return f"{files}-{size}-{newest}"


def _judge_or_recall(
    path: str, policy: Policy, today: date, earlier: Earlier | None
) -> tuple[Judgement, ...]:
    stamp_it, judge_it = stamp_of, judge_input
    if is_remote(path):
        from netrx_tune.host import remote_inputs  # noqa: PLC0415 - for addresses only

        stamp_it, judge_it = remote_inputs.stamp_anywhere, remote_inputs.judge_anywhere
    stamp = stamp_it(path) if earlier else None
    known = earlier.recall(path, stamp) if earlier else ()
    return known or judge_it(path, policy, today, stamp=stamp)


def _with_addresses(paths: Iterable[str]) -> Iterator[str]:
    """Yield paths, and in place of an address the inputs that stand there."""
    some = iter(paths)
    for path in some:
        if is_remote(path):
            from netrx_tune.host.remote_listing import expanded  # noqa: PLC0415 - for these only

            yield from expanded(chain((path,), some))
            return
        yield path


def _judged(path: str, policy: Policy, today: date) -> tuple[Judgement, ...]:
    from netrx_tune.host.saved import saved_window  # noqa: PLC0415 - not for what is resumed
    from netrx_tune.planning.diagnosis import conclude  # noqa: PLC0415 - likewise
    from netrx_tune.planning.judging import judge  # noqa: PLC0415 - likewise

    window = saved_window(path)
    delta = window.delta
    own = judge(path, conclude(delta), delta.after, policy, today, places=window.places)
    if not window.namespaces:
        return (own,)
    from netrx_tune.host.check_namespaces import with_namespaces  # noqa: PLC0415 - of reports

    return with_namespaces(own, window.namespaces, policy, today)


def _lost(path: str, how: str, policy: Policy) -> tuple[Judgement, ...]:
    """Return the judgement of an input whose worker died."""
    reason = (
        f"the process that read it ended ({how}): the input is damaged, or larger than the memory"
        " of this machine; look at it alone with netrx-tune diagnose --from"
    )
    return (unreadable(path, policy, reason),)


def _without(path: str, policy: Policy, reason: str) -> Judgement:
    text = reason.removeprefix(f"{path}: ")
    return Judgement(path, label_of(path), "unreadable", text, policy=policy.digest)


def _bug(bug: Exception) -> str:
    """Return what a mistake of ours is, so that it can be reported."""
    import traceback  # noqa: PLC0415 - seldom

    place = traceback.extract_tb(bug.__traceback__)[-1]
    return (
        f"bug of netrx-tune in {place.name} ({place.filename.rpartition('/')[2]}:{place.lineno}):"
        f" {type(bug).__name__}: {str(bug)[:200]!r}; please report it"
    )
