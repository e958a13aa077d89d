"""A copy of the program that any user may run, whatever the folders of the checkout allow."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_NOBODY = 65534
_PACKAGES = ("netrx_tune", "click", "rich", "pygments", "markdown_it", "mdurl", "psutil", "yaml")
_COMMAND = """#!{python} -P
import runpy, sys
sys.path.insert(0, {folder!r})
runpy.run_module("netrx_tune", run_name="__main__", alter_sys=True)
"""


@contextmanager
def command_for_everybody() -> Iterator[str]:
    """Give the path of a command; the test is skipped where no Python can be run by others."""
    python = next(filter(_runs_for_others, (sys.executable, "/usr/bin/python3")), None)
    if python is None:
        pytest.skip("another user may run no Python of this version here")
    with TemporaryDirectory() as folder:
        for name in _PACKAGES:
            found = importlib.util.find_spec(name)
            assert found is not None
            assert found.origin is not None
            shutil.copytree(Path(found.origin).parent, Path(folder) / name)
        command = Path(folder) / "netrx-tune"
        command.write_text(_COMMAND.format(python=python, folder=folder))
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        command.chmod(0o755)
        yield str(command)


def _runs_for_others(python: str) -> bool:
    """Tell whether a user without rights may run it, and whether our packages fit it."""
    version = f"{sys.version_info[:2]}\n"
    try:
        done = subprocess.run(
            [python, "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=_NOBODY,
            group=_NOBODY,
            extra_groups=[],
        )
    except PermissionError:
        return False
    return done.stdout == version
