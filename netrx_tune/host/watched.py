"""What a watch brings home."""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.sample import Process, Socket


class Watched(NamedTuple):
    """Files for the later sample, and the sockets that lost something meanwhile.

    Of these some may be closed by now: their drops are as last seen, what they held is None.
    """

    files: dict[str, str]
    sockets: tuple[Socket, ...] = ()
    processes: tuple[Process, ...] = ()
