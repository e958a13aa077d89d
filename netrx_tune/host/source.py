"""Reading kernel files: whole, at once, and with a reason when there is nothing to read."""

from __future__ import annotations

import os
from typing import NamedTuple

from netrx_tune.model.sample import Gap, GapReason

_CHUNK_BYTES = 1 << 16
_DENIED = (PermissionError,)


class Tree(NamedTuple):
    """A file system to read /proc, /sys and /etc from; `root` is "" for this host's own."""

    root: str = ""

    @property
    def is_live(self) -> bool:
        """Tell whether this is the running host, whose netlink may be asked as well."""
        return not self.root

    def read(self, path: str) -> str | Gap:
        """Return a file's whole text, or the gap that it leaves.

        Kernel files change while they are read and lie about their size, so the text is read
        to its end by one file descriptor.
        """
        try:
            fd = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            return _gap(path, error)
        try:
            parts = []
            while part := os.read(fd, _CHUNK_BYTES):
                parts.append(part)
        except OSError as error:
            return _gap(path, error)
        finally:
            os.close(fd)
        return b"".join(parts).decode("utf-8", "surrogateescape")

    def text(self, path: str) -> str:
        """Return a file's text, "" where there is nothing to read."""
        text = self.read(path)
        return text if isinstance(text, str) else ""

    def keep_open(self, path: str) -> int | None:
        """Return a file that is read many times, None where it cannot be opened."""
        try:
            return os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a folder, none if it cannot be listed."""
        try:
            return sorted(os.listdir(self.root + path))  # noqa: PTH208 - half the time of Path
        except OSError:
            return []


def _gap(path: str, error: OSError) -> Gap:
    why: GapReason = "denied" if isinstance(error, _DENIED) else "absent"
    return Gap(path, why, os.strerror(error.errno) if error.errno else str(error))
