"""A mount and network namespace of one's own, with scratch folders over those of the host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_INSIDE = "--inside"
_ROOT = Path(__file__).parent.parent.parent


def lacks(*programs: str) -> str:
    """Return what keeps such tests from running here, "" if nothing does."""
    if os.geteuid():
        return "needs root"
    missing = [name for name in ("unshare", "mount", *programs) if not shutil.which(name)]
    if missing:
        return f"needs {', '.join(missing)}"
    probe = ["unshare", "--mount", "--net", "mount", "-t", "tmpfs", "none", "/mnt"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return f"no namespace of its own: {done.stderr.strip()}" if done.returncode else ""


def output_of(module: str) -> str:
    """Return what a module prints when it runs in namespaces of its own."""
    command = ["unshare", "--mount", "--net", "--propagation", "private"]
    command += ["--pid", "--fork", "--kill-child", "--mount-proc"]  # a system, with a process 1
    command += [sys.executable, "-B", "-m", module, _INSIDE]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout
    return done.stdout


def is_inside(module: str) -> bool:
    """Tell whether this is the inner run; if not, do it and print what it prints."""
    if _INSIDE in sys.argv:
        return True
    sys.stdout.write(output_of(module))
    return False


@contextmanager
def scratch(folders: Sequence[str]) -> Iterator[Path]:
    """Lay empty folders over others."""
    with tempfile.TemporaryDirectory() as base:
        for number, folder in enumerate(folders):
            place = Path(base) / str(number)
            place.mkdir()
            Path(folder).mkdir(exist_ok=True)
            subprocess.run(["mount", "--bind", place, folder], check=True)
        try:
            yield Path(base)
        finally:
            for folder in reversed(folders):
                subprocess.run(["umount", folder], check=True)
