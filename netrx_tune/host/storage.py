"""Storage that fsspec knows: what is at an address, and what is said where it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from netrx_tune.model.errors import InputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LOCAL = "file://"
_WEB = ("http://", "https://")
# What changes with a file: a digest of what it holds, or else a time.
_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified",
          "updated", "modified", "created")  # fmt: skip
_DIGITS = 16


def needs_extra(error: ImportError, what: str) -> InputError:
    """Return the error of a program without the packages of the extra."""
    return InputError(
        f"{what} needs the package {error.name or 'dask'}: pip install 'netrx-tune[fleet]'"
    )


def is_web(address: str) -> bool:
    """Tell whether a web server has it: a question mark begins a query there."""
    return address.startswith(_WEB)


def filesystem(address: str) -> tuple[AbstractFileSystem, str]:
    """Return the storage of an address and the path in it.

    Raises:
        InputError: the packages for it are not installed, or it is no address.
    """
    scheme = address.partition("://")[0]
    try:
        import fsspec  # noqa: PLC0415 - of the extra
    except ImportError as error:
        raise needs_extra(error, f"{scheme}://") from None
    try:
        files, path = fsspec.core.url_to_fs(address)
    except Exception as error:  # noqa: BLE001 - each storage has its own
        raise InputError(f"{scheme}:// cannot be read here: {_first_line(error)}") from None
    return files, path


def said(error: Exception) -> str:
    """Return in one line why an address cannot be read."""
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and isinstance(cause, OSError):
        error = cause  # such as: nobody answers there
    text = _first_line(error)
    if isinstance(error, InputError):
        return text
    if isinstance(error, FileNotFoundError):
        # Most storages say nothing but the path then.
        return "there is no such file or folder" + (f": {text}" if " " in text else "")
    if isinstance(error, PermissionError):
        return f"access is denied: {text}"
    return f"the storage says: {text}"


def stamp_of_files(found: Mapping[str, Mapping[str, object]]) -> str | None:
    """Return what changes when a file that the storage names does; None where nothing tells."""
    marks: list[str] = []
    for name, about in sorted(found.items()):
        mark = next((about[key] for key in _MARKS if about.get(key)), None)
        if mark is None:
            return None
        marks.append(f"{name}\0{about.get('size')}-{mark}")
    if len(marks) == 1:
        return marks[0].partition("\0")[2]
    return sha256("\0".join(marks).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
