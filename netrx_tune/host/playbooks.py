"""The Ansible role and playbooks that come with the tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import netrx_tune
from netrx_tune.host.decompress import unreadable
from netrx_tune.host.save import write_folder
from netrx_tune.model.errors import InputError

_PACKAGED = Path(netrx_tune.__file__).parent / "ansible"


def write_playbooks(path: str) -> tuple[str, ...]:
    """Write all of them to a new folder, whole or not at all, and return their names.

    Raises:
        InputError: it cannot be written, or something stands there, which is then left alone.
    """
    target = path.rstrip("/") or "/"
    try:
        there = Path(target)
        if there.is_symlink() or (there.exists() and (not there.is_dir() or any(there.iterdir()))):
            raise InputError(f"{path}: something stands there already; name a new folder")
        files = tuple(_packaged())
        there.absolute().parent.mkdir(parents=True, exist_ok=True)
        write_folder(target, iter(files))
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise unreadable(path, error) from None
    return tuple(name for name, _ in files)


def _packaged() -> Iterator[tuple[str, str]]:
    for file in sorted(_PACKAGED.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(_PACKAGED)), file.read_text("utf-8")
