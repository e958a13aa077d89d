"""The errors a user can meet; each names the place and the text that was found.

NetrxError
├── ParseError     a kernel file or record that does not read as its format says
├── ProfileError   a profile, policy or baseline that is not what the schema or the kernel takes
├── InputError     a snapshot, archive or namespace that cannot be opened
├── ApplyError     a change of this host that failed and was undone, or that is refused
└── NotEnoughData  an input that is readable, and too poor to judge what was asked
"""


class NetrxError(Exception):
    """Base of all errors that are the input's or the host's, not ours."""


class ParseError(NetrxError):
    """Text that is not what the kernel writes there."""

    def __init__(self, path: str, place: str, got: str) -> None:
        super().__init__(f"{path}: {place}, got {got[:80]!r}")
        self.path = path
        self.place = place
        self.got = got


class ProfileError(NetrxError):
    """A profile, policy or baseline that is refused: file, line, key, and what stands there."""

    def __init__(self, path: str, place: str, got: str) -> None:
        super().__init__(f"{_visible(path)}:{place}, got {got[:80]!r}")
        self.path = path
        self.place = place
        self.got = got


class InputError(NetrxError):
    """An input that cannot be read at all."""


class NotEnoughData(NetrxError):  # noqa: N818 - reads as what it is
    """A readable input without what the question needs."""


def _visible(path: str) -> str:
    """Return a file name that cannot move a terminal's cursor."""
    return path if path.isprintable() else repr(path)


class ApplyError(NetrxError):
    """A change that could not be made, kept or undone; it says how the host was left."""
