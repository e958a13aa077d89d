"""Inputs at any fsspec address (s3://, gs://, https://, file://), read one at a time.

A remote one is copied to a folder that lasts as long as its judgement, up to a bound; nothing in
it is unpacked there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from netrx_tune.host.check_inputs import SUFFIXES
from netrx_tune.host.checking import judge_input, stamp_of, unreadable
from netrx_tune.model.errors import InputError
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.policy import Policy

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["is_remote", "judge_anywhere", "needs_extra", "remote_inputs", "stamp_anywhere"]

# A sosreport may have some hundred MiB; more than this is none, or not for one worker.
MOST_BYTES = 4 << 30
_PART_BYTES = 1 << 20
_WILD = frozenset("*?[")
_LOCAL = "file://"


def needs_extra(error: ImportError, what: str) -> InputError:
    """Return the error of a program without the packages of the extra."""
    return InputError(
        f"{what} needs the package {error.name or 'dask'}: pip install 'netrx-tune[fleet]'"
    )


def is_remote(path: str) -> bool:
    """Tell whether a path is an address for fsspec."""
    scheme, colon, _ = path.partition("://")
    return bool(colon) and scheme.replace("+", "").isalnum()


def remote_inputs(address: str) -> Iterator[str]:
    """Yield the inputs at an address: itself, what its wildcards match, a folder's archives.

    One that cannot be reached, or where there is nothing, is yielded as it was given.

    Raises:
        InputError: the packages for it are not installed, or it is no address.
    """
    files, path = _filesystem(address)
    try:
        found = [files.unstrip_protocol(one) for one in _found(files, path)]
    except Exception:  # noqa: BLE001 - each storage has its own; the judgement says what is wrong
        found = []
    yield from found or [address]


def _found(files: AbstractFileSystem, path: str) -> list[str]:
    if _WILD & set(path):
        return sorted(files.glob(path))
    if files.isdir(path):
        return [one for one in sorted(files.find(path)) if one.endswith(SUFFIXES)]
    return []


def judge_anywhere(path: str, policy: Policy, today: date) -> Judgement:
    """Return what a policy makes of one input, wherever it is; never an error."""
    if not is_remote(path):
        return judge_input(path, policy, today)
    try:
        with _copy_of(path) as (near, stamp):
            found = judge_input(near, policy, today)
    except Exception as error:  # noqa: BLE001 - one input must not end the others
        return unreadable(path, policy, _first_line(error))
    return found._replace(name=path, reason=found.reason.replace(near, path), stamp=stamp)


def stamp_anywhere(path: str) -> str | None:
    """Return what changes when an input does, None where nothing tells."""
    if not is_remote(path):
        return stamp_of(path)
    try:
        files, place = _filesystem(path)
        return _stamp(files.info(place))
    except Exception:  # noqa: BLE001 - each storage has its own; the judgement says what is wrong
        return None


@contextmanager
def _copy_of(address: str) -> Iterator[tuple[str, str | None]]:
    """Give a local copy of the same name, and what changes when the original does."""
    files, path = _filesystem(address)
    about = files.info(path)
    stamp = _stamp(about)
    if address.startswith(_LOCAL):
        yield path, stamp
        return
    if (about.get("size") or 0) > MOST_BYTES:
        raise _too_long()
    with tempfile.TemporaryDirectory(prefix="netrx-tune-") as folder:
        near = Path(folder) / (path.rstrip("/").rpartition("/")[2] or "input")
        with files.open(path, "rb") as source, near.open("wb") as copy:
            _copy(source, copy)
        yield str(near), stamp


def _copy(source: IO[bytes], copy: IO[bytes]) -> None:
    """Copy a file, as far as it may be long; not each storage tells sizes.

    Raises:
        InputError: it is longer.
    """
    left = MOST_BYTES
    while part := source.read(_PART_BYTES):
        left -= len(part)
        if left < 0:
            raise _too_long()
        copy.write(part)


def _too_long() -> InputError:
    return InputError(f"larger than {MOST_BYTES >> 30} GiB")


def _filesystem(address: str) -> tuple[AbstractFileSystem, str]:
    """Return the storage of an address and the path in it.

    Raises:
        InputError: the packages for it are not installed, or it is no address.
    """
    try:
        import fsspec  # noqa: PLC0415 - of the extra

        files, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        scheme = address.partition("://")[0]
        raise needs_extra(error, f"{scheme}://") from None
    except Exception as error:  # noqa: BLE001 - each storage has its own
        raise InputError(f"{address}: {_first_line(error)}") from None
    return files, path


def _stamp(about: dict[str, object]) -> str | None:
    changed = next((about[key] for key in ("ETag", "etag", "mtime", "LastModified", "created")
                    if about.get(key)), None)  # fmt: skip
    return f"{about.get('size')}-{changed}" if changed else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300] or type(error).__name__
