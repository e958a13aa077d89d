"""The whole way: fault, diagnose, generate, apply, the same traffic, rollback, the loss again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.children import MissingError, Place
from tests.live.lab import Lab, alone, obstacle
from tests.live.readers import Habit
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace, send_datagrams

KEY = "net.core.rmem_max"
STOCK = 212_992
PORT = 9000
# While the reader is away 420 datagrams come, of 1,280 B truesize; the buffer of 416 KiB holds
# 332. It then takes up to 512, so it keeps up on average.
TRAFFIC = Datagrams(
    to="127.0.0.1", port=PORT, pace=Pace(count=2_100, per_second=700), payload_bytes=200
)
AWAY = Habit(stall_seconds=0.6)
# /etc/sysctl.d, the journal and the lock are scratch folders, the same in each call.
PRIVATE = """
set -e
for place in /etc/sysctl.d /var/lib /run; do
  mkdir -p "$0$place"
done
mount --bind "$0/etc/sysctl.d" /etc/sysctl.d
mount --bind "$0/var/lib" /var/lib
mount --bind "$0/run" /run
exec "$@"
"""


def tool(scratch: Path, *words: str) -> str:
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", PRIVATE, str(scratch)]
    done = subprocess.run(
        [*command, sys.executable, "-m", "netrx_tune", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.returncode}: {done.stderr}{done.stdout}"
    return done.stdout


def lost(lab: Lab, here: str) -> int:
    lines = lab.run(here, "cat", "/proc/net/snmp").splitlines()
    names, values = (line.split() for line in lines if line.startswith("Udp:"))
    return int(dict(zip(names, values, strict=True))["RcvbufErrors"])


def loss_of(lab: Lab, here: str, watch: Path | None = None) -> int:
    """Start the program anew, send the traffic, and return what it lost."""
    reader = lab.read(here, Socket(rcvbuf_bytes=8 << 20, port=PORT), habit=AWAY)
    before = lost(lab, here)
    watcher = None
    if watch:
        words = ["snapshot", "-o", str(watch), "--netns", here, "--interval", "4", "--quiet"]
        watcher = subprocess.Popen([sys.executable, "-m", "netrx_tune", *words])
        time.sleep(0.7)
    send_datagrams(Place(here), TRAFFIC)
    if watcher:
        assert watcher.wait(timeout=30) == 0
    reader.settle()
    reader.close()
    return lost(lab, here) - before


@pytest.mark.live
@pytest.mark.alone
def test_fault_diagnose_generate_apply_no_loss_rollback_loss_again(tmp_path: Path) -> None:
    why = obstacle()
    if why:
        pytest.skip(why)
    snapshot, profile, scratch = tmp_path / "s.tar.gz", tmp_path / "here.yaml", tmp_path / "etc"
    try:
        with alone(), Lab() as lab:
            lab.host({KEY: STOCK})
            here = lab.namespace()
            assert loss_of(lab, here, snapshot) > 100
            said = json.loads(
                tool(scratch, "diagnose", "--from", str(snapshot), "--format", "json")
            )
            first = said["findings"][0]
            assert (first["stage"], first["sockets"][0]["limit"]) == ("udp-rcvbuf-full", "rmem-max")
            tool(scratch, "profile", "generate", "--from", str(snapshot), "-o", str(profile))
            document = json.loads(
                tool(scratch, "apply", str(profile), "--yes", "--verify", "1", "--format", "json")
            )
            assert [one["key"] for one in document["changes"]] == [KEY]
            assert document["verification"]["outcome"] in {"nothing-lost", "blind"}
            assert int(Path("/proc/sys/net/core/rmem_max").read_text()) > STOCK
            assert loss_of(lab, here) == 0
            assert "in force" in tool(scratch, "status")
            tool(scratch, "rollback", "--yes")
            assert int(Path("/proc/sys/net/core/rmem_max").read_text()) == STOCK
            assert list((scratch / "etc/sysctl.d").iterdir()) == []
            assert loss_of(lab, here) > 100
    except MissingError as error:
        pytest.skip(f"needs {error}")
