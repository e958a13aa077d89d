"""Whether a reader lacks the time that softirq takes on the one CPU that it may use.

Softirq runs in an interrupt, in whichever program is there, so the reader waits in no queue for
it. Without CONFIG_IRQ_TIME_ACCOUNTING its run time includes that of the softirq, too; measured so
on 6.18, where a reader beside its softirq (22 % of the CPU) lost 14 %, and alone 2 %.

Kernel: kernel/softirq.c, irq_exit(); kernel/sched/core.c, update_rq_clock_task() (read at v6.18).
"""

from __future__ import annotations

from netrx_tune.collectors.placement import placement_of
from netrx_tune.model.sample import Socket
from netrx_tune.rules.queue_causes import WAITING, Verdict
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import percent
from netrx_tune.rxpath.books.udp_errors import errors_of
from netrx_tune.rxpath.cpu_load import cpu_loads
from netrx_tune.rxpath.queue_shape import QueueShape

_LEAST_SOFTIRQ = 0.10  # of the CPU; of less, moving away changes little
_BUSY = 0.95  # of the CPU: neither it nor the reader had time left


def beside_softirq(facts: Facts, sock: Socket, shape: QueueShape) -> Verdict | None:
    """Return the verdict on a reader that is behind because softirq has part of its CPU.

    It is, where softirq and waiting take as much as makes a reader starved, or where it would
    keep up, at the rate at which it worked, with the time that softirq took.
    """
    cpu = _only_cpu(facts, sock)
    load = cpu_loads(facts.delta).get(cpu) if cpu is not None else None
    if load is None or shape.run_share is None or load.softirq < _LEAST_SOFTIRQ:
        return None
    wait, own = shape.wait_share or 0.0, min(shape.run_share, 1.0 - load.softirq)
    if 1.0 - load.idle < _BUSY or own + wait + load.softirq < _BUSY:
        return None
    if load.softirq + wait < WAITING and not _would_do(facts, own):
        return None
    seen = (
        f"CPU {cpu}, the only one that its reader may use, spent {percent(load.softirq)} of the"
        " time in softirq, which handles packets, and had none left"
    )
    return Verdict("reader-starved", "medium", seen)


def _only_cpu(facts: Facts, sock: Socket) -> int | None:
    """Return the CPU that a reader is bound to; None if it has a choice, or the host no other."""
    process = facts.delta.after.processes.get(sock.inode)
    place = placement_of(facts.delta.after.files).readers.get(process.pid) if process else None
    if place is None or not place.allowed.isdecimal() or len(cpu_loads(facts.delta)) < 2:
        return None
    return int(place.allowed)


def _would_do(facts: Facts, own: float) -> bool:
    """Tell whether the reads of this share of a CPU, on a whole one, are as many as came."""
    errors, account = errors_of(facts.delta), facts.ledger.account("udp-rcvbuf-full")
    if errors is None or account is None or account.lost is None or own <= 0.0:
        return False
    return errors.delivered / own >= errors.delivered + account.lost
