"""Reading a small file that a user named, which may be a pipe of the shell."""

from __future__ import annotations

import os


def read_at_most(path: str, size_bytes: int) -> bytes:
    """Return the first bytes of a file; of a named pipe that nobody writes to there are none.

    Raises:
        OSError: it cannot be read.
        ValueError: a name with a NUL.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(size_bytes)
