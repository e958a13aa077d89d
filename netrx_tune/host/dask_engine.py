"""The same judgements on a Dask cluster, or on one of this machine's own.

Inputs go out a few at a time and come back in order, so memory does not grow with their number.
What a lost worker had is given to another by the scheduler. An input that ends worker after
worker is named as unreadable, and the others of its batch are judged.

Of the extra `fleet`; nothing else imports this module.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from netrx_tune import __version__
from netrx_tune.host.check_inputs import is_remote
from netrx_tune.host.checking import unreadable
from netrx_tune.host.remote_inputs import judge_anywhere, stamp_anywhere
from netrx_tune.host.remote_listing import remote_inputs
from netrx_tune.host.resuming import Earlier
from netrx_tune.host.storage import needs_extra
from netrx_tune.model.errors import InputError
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.policy import Policy

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
_BATCH = 32  # a task costs the scheduler some milliseconds, an input about four of a worker
_AHEAD = 3  # batches for each thread of the cluster: none waits for the next
_CONNECT_SECONDS = 5
_LOOK_SECONDS = 10.0  # between two looks at whether there are workers at all
_PATIENCE = 12  # such looks in a row that find none

# A task runs in a thread, whose own arena glibc gives back to the kernel and takes again with each
# input: a quarter of the time. One arena that keeps some memory is what a process alone has.
_MALLOC = {"MALLOC_ARENA_MAX": 1, "MALLOC_TRIM_THRESHOLD_": 128 << 20, "MALLOC_TOP_PAD_": 64 << 20}
_FEW_COLLECTIONS = 50_000  # objects between two looks for garbage, as in the command itself
_LOGGERS = ("distributed", "distributed.client", "tornado", "asyncio")  # that speak

_Paths = tuple[str, ...]
_Asks = tuple[tuple[str, str | None], ...]  # each with its stamp, where that is known
_Found = tuple[Judgement, ...]  # of one input


class _Batch(NamedTuple):
    """Some inputs: those that an earlier run judged, and what comes of the others."""

    paths: _Paths
    known: dict[str, _Found]
    asked: _Asks
    future: Future | None


class _Asked(NamedTuple):
    """What goes with each batch."""

    client: Client
    policy: Policy
    today: date

    def submit(self, asks: _Asks) -> Future:
        """Hand inputs to some worker."""
        whole = tuple((_whole(path), stamp) for path, stamp in asks)
        return self.client.submit(
            judge_batch, whole, self.policy, self.today, __version__, pure=False
        )


def judge_on_dask(
    paths: Iterable[str],
    policy: Policy,
    today: date,
    *,
    scheduler: str,
    jobs: int | None = None,
    earlier: Earlier | None = None,
) -> Iterator[Judgement]:
    """Yield the judgements of each input, in the order of the inputs, each exactly once.

    Args:
        paths: files as the workers see them, or addresses for fsspec; taken one by one.
        policy: what to judge by.
        today: the day for acceptances.
        scheduler: its address, or "local" for worker processes of this machine.
        jobs: how many of those; as many as there are cores where None.
        earlier: judgements of an earlier run, which stand where nothing changed.

    Raises:
        InputError: the extra is not installed, there is no scheduler, no worker, or another
            version of this program on one.
    """
    with _connected(scheduler, jobs) as client:
        asked = _Asked(client, policy, today)
        some = _addresses(paths)
        waiting: deque[_Batch] = deque()
        while True:
            _fill(asked, waiting, some, earlier)
            if not waiting:
                return
            yield from _answers(asked, waiting.popleft())


def _addresses(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if is_remote(path):
            yield from remote_inputs(path)
        else:
            yield path


def _whole(path: str) -> str:
    """Return a path for a worker, whose working folder may be another."""
    return path if is_remote(path) else os.path.abspath(path)  # noqa: PTH100 - as text


def judge_batch(asks: _Asks, policy: Policy, today: date, ours: str) -> list[_Found] | str:
    """Return the judgements of a batch on a worker, or that worker's version if it is another."""
    if ours != __version__:
        return __version__
    return [judge_anywhere(path, policy, today, stamp=stamp) for path, stamp in asks]


def _fill(
    asked: _Asked, waiting: deque[_Batch], some: Iterator[str], earlier: Earlier | None
) -> None:
    """Hand out batches while there is room for them."""
    room = _AHEAD * max(1, sum(asked.client.nthreads().values()))
    while len(waiting) < room:
        paths = tuple(islice(some, _BATCH))
        if not paths:
            return
        known: dict[str, _Found] = {}
        stamps: dict[str, str | None] = {}
        for path in paths if earlier else ():
            stamps[path] = stamp_anywhere(path)
            found = earlier.recall(path, stamps[path]) if earlier else ()
            if found:
                known[path] = found
        new = tuple((path, stamps.get(path)) for path in paths if path not in known)
        waiting.append(_Batch(paths, known, new, asked.submit(new) if new else None))


def _answers(asked: _Asked, batch: _Batch) -> Iterator[Judgement]:
    """Yield a batch's judgements in its order."""
    judged = _judged(asked, batch.asked, batch.future) if batch.future else iter(())
    for path in batch.paths:
        if path in batch.known:
            yield from batch.known[path]
            continue
        for one in next(judged):
            yield one._replace(name=path + one.name.removeprefix(_whole(path)))


def _judged(asked: _Asked, asks: _Asks, future: Future) -> Iterator[_Found]:
    """Yield what a task gave; one that ends its workers is tried input by input."""
    import distributed  # noqa: PLC0415 - of the extra

    try:
        found = _result(asked.client, future)
    except distributed.KilledWorker:
        if len(asks) == 1:
            reason = "every process that read it ended: it is damaged, or larger than their memory"
            yield (unreadable(_whole(asks[0][0]), asked.policy, reason),)
            return
        for ask in asks:
            yield from _judged(asked, (ask,), asked.submit((ask,)))
        return
    except (OSError, distributed.CancelledError) as error:
        raise InputError(f"the scheduler is gone: {error or type(error).__name__}") from None
    if isinstance(found, str):
        raise InputError(
            f"a worker has netrx-tune {found}, this is {__version__}: install the same on all"
        )
    yield from found


def _result(client: Client, future: Future) -> list[_Found] | str:
    """Return what a task gave, however long it takes, while there are workers.

    Raises:
        InputError: there are none.
    """
    for _ in range(_PATIENCE):
        while True:
            try:
                result: list[_Found] | str = future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                if client.nthreads():
                    continue
                break
            return result
    raise InputError(
        f"the scheduler has had no worker for {_PATIENCE * _LOOK_SECONDS:g} s:"
        " start one with: dask worker ADDRESS"
    )


@contextmanager
def _connected(scheduler: str, jobs: int | None) -> Iterator[Client]:
    """Give a client of a scheduler, or of one that lives as long as this.

    Raises:
        InputError: the extra is not installed, or nobody answers.
    """
    try:
        import dask  # noqa: PLC0415 - of the extra

        # It tells of each lost worker and each lost connection; we say what came of it.
        dask.config.set({"logging": dict.fromkeys(_LOGGERS, "critical")})
        dask.config.set({"distributed.worker.profile.enabled": False})  # for a dashboard
        dask.config.set({"distributed.nanny.pre-spawn-environ": _MALLOC})
        from distributed import Client, LocalCluster, Security  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise needs_extra(error, "--scheduler") from None
    if scheduler != LOCAL:
        try:
            with warnings.catch_warnings(action="ignore"):  # of packages that differ, in tables
                client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            why = str(error).partition("\n")[0]
            raise InputError(f"--scheduler {scheduler}: nobody answers there ({why})") from None
        with client:
            _check_workers(client)
            yield client
        return
    # Whoever reaches a scheduler runs programs as its user: this one asks for a certificate that
    # only its own processes have, since other users of this machine reach its loopback.
    try:
        security = Security.temporary()
    except ImportError:
        missing = ImportError(name="cryptography")
        raise needs_extra(missing, "--scheduler local") from None
    with (
        LocalCluster(
            n_workers=jobs or len(os.sched_getaffinity(0)),
            threads_per_worker=1,
            security=security,
            dashboard_address="127.0.0.1:0",  # there is one without a dashboard, too
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.run(gc.set_threshold, _FEW_COLLECTIONS)
        yield client


def _check_workers(client: Client) -> None:
    """See that the workers have this program: a task of it would end those that have not.

    Raises:
        InputError: one has none, or another version.
    """
    for worker, found in client.run(version, "netrx-tune", on_error="return").items():
        if found != __version__:
            has = f"netrx-tune {found}" if isinstance(found, str) else "no netrx-tune"
            raise InputError(
                f"the worker {worker} has {has}, this is {__version__}: install the same there"
            )
