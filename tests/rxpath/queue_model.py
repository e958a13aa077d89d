"""A receive queue in steps of 1 ms, looked at every 11 to 15 ms: what a watch would have recorded.

Memory of what was read comes back when it is a quarter of the buffer or the queue is empty, as
since Linux 4.10.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from netrx_tune.collectors.ticks import Counts, Tick, Watch, parse_ticks, render_ticks

CHARGE = 1280
INODE = 7
LOOK_MS = (11, 15)  # uneven as real ones: no rhythm of the traffic hides between looks


def watched(
    arrives: Callable[[int], int],
    reads: Callable[[int], int],
    *,
    capacity: int = 166,
    seconds: float = 5.0,
    others_read: int = 0,
    running: Callable[[int], bool] = lambda _: True,
    state: str = "S",
    counted: bool = True,
) -> Watch:
    """Return the watch of one socket.

    Args:
        arrives: datagrams in a millisecond.
        reads: datagrams that the reader would take in it.
        capacity: datagrams that the queue holds.
        seconds: length of the watch.
        others_read: datagrams a millisecond that programs read from other sockets.
        running: whether the reader is on a CPU in that millisecond.
        state: its state at each look.
        counted: whether the namespace's counters are known.
    """
    dice, look = random.Random(1), 0  # noqa: S311 - repeatable, not secret
    queued = late = dropped = read = run = 0
    moments: list[tuple[float, list[Tick]]] = []
    counts: dict[float, Counts] = {}
    room = capacity * CHARGE
    for ms in range(int(1000 * seconds)):
        accepted = min(arrives(ms), capacity - queued - late)
        dropped += arrives(ms) - accepted
        taken = min(queued + accepted, reads(ms))
        queued, late = queued + accepted - taken, late + taken
        if not queued or 4 * late >= capacity:
            late = 0
        read += taken + others_read
        run += running(ms)
        if ms == look:
            look += dice.randint(*LOOK_MS)
            held = queued * CHARGE
            charged = held + late * CHARGE
            tick = Tick(ms / 1000, INODE, held, charged, room, dropped, run * 10**6, 0, run, state)
            moments.append((ms / 1000, [tick]))
            counts[ms / 1000] = Counts(read, dropped)
    return parse_ticks(render_ticks(moments, counts if counted else {}))
