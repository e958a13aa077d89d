"""Judging inputs at any fsspec address (s3://, gs://, https://, file://), one at a time."""

from __future__ import annotations

from datetime import date

from netrx_tune.host.check_inputs import inputs, is_remote
from netrx_tune.host.checking import judge_input, stamp_of, unreadable
from netrx_tune.host.remote_copies import copy_of, source_at
from netrx_tune.host.storage import said
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.policy import Policy


def judge_anywhere(
    path: str, policy: Policy, today: date, *, stamp: str | None = None
) -> tuple[Judgement, ...]:
    """Return what a policy makes of one input, wherever it is; never an error."""
    if not is_remote(path):
        return judge_input(path, policy, today, stamp=stamp)
    try:
        source = source_at(path)
        with copy_of(source, path) as near:
            found = [
                _renamed(one, near, path)
                for each in inputs([near], None)  # several where it is an archive of them
                for one in judge_input(each, policy, today)
            ]
    except Exception as error:  # noqa: BLE001 - one input must not end the others
        return (unreadable(path, policy, said(error)),)
    return tuple(one._replace(stamp=source.stamp) for one in found)


def stamp_anywhere(path: str) -> str | None:
    """Return what changes when an input does, None where nothing tells."""
    if not is_remote(path):
        return stamp_of(path)
    try:
        return source_at(path).stamp
    except Exception:  # noqa: BLE001 - each storage has its own; the judgement says what is wrong
        return None


def _renamed(one: Judgement, near: str, path: str) -> Judgement:
    """Return a judgement of a copy as one of what was copied."""
    return one._replace(
        name=path + one.name.removeprefix(near), reason=one.reason.replace(near, path)
    )
