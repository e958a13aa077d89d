"""The process that ends what a killed command began stands before anything is begun."""

from __future__ import annotations

import subprocess
import sys

# A guardian that is slow to leave the command's group, and a signal to that group at once.
SCRIPT = """
import os, signal, time
from netrx_tune.host.guardian import guarded
leave = os.setsid
os.setsid = lambda: (time.sleep(0.3), leave())
os.setpgid(0, 0)
with guarded(lambda: "it is undone"):
    os.killpg(0, signal.SIGKILL)
"""


def test_a_group_that_is_killed_before_the_first_change_leaves_the_guardian() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == -9
    assert done.stderr == "netrx-tune: it is undone\n"
