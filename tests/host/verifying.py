"""Proof that apply undoes by itself what the counters speak against, and what the host refuses.

`python -m tests.host.verifying` (root) sends fragments over the loopback of a namespace of its
own. A profile that leaves no room for fragments loses all of them, and is undone; one that gives
the room back cures that. Then /etc is read-only, /var full, and the namespace another one.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.host.inside import is_inside, scratch

HIGH = Path("/proc/sys/net/ipv4/ipfrag_high_thresh")
JOURNAL = Path("/var/lib/netrx-tune/journal.json")
OURS = Path("/etc/sysctl.d/90-netrx-tune.conf")
STOCK = 4_194_304


def profile(folder: Path, name: str, *settings: str) -> str:
    lines = [f'  net.ipv4.{one}, why: "w", source: "s"}}' for one in settings]
    path = folder / f"{name}.yaml"
    path.write_text(f"schema: 1\nname: {name}\nsummary: s\nsettings:\n" + "\n".join(lines) + "\n")
    path.chmod(0o600)
    return str(path)


def run(*words: str, before: Sequence[str] = ()) -> tuple[int, dict[str, object], str]:
    command = [*before, sys.executable, "-B", "-m", "netrx_tune", *words, "--yes", "--quiet"]
    done = subprocess.run(
        [*command, "--format", "json"], capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def traffic(stop: threading.Event) -> None:
    """Send datagrams of three fragments, and read what arrives."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        reader.bind(("127.0.0.1", 9000))
        reader.setblocking(False)
        while not stop.wait(0.002):
            sender.sendto(b"x" * 4000, ("127.0.0.1", 9000))
            try:
                reader.recv(4096)
            except BlockingIOError:
                continue


def outcome(document: dict[str, object]) -> tuple[object, object]:
    verification = document["verification"]
    assert isinstance(verification, dict)
    return document["outcome"], verification["outcome"]


def unchanged(how: str, got: tuple[int, dict[str, object], str], said: str) -> None:
    """Check that a failed apply left nothing, and said why."""
    code, _, stderr = got
    assert code == 2, (how, got)
    assert said in stderr, (how, stderr)
    assert (int(HIGH.read_text()), JOURNAL.exists(), OURS.exists()) == (STOCK, False, False), how
    sys.stdout.write(f"{how}: refused, everything as it was\n")


def by_counters(narrow: str, wide: str) -> None:
    code, document, said = run("apply", narrow, "--verify", "1.5")
    assert document, said
    assert (code, outcome(document)) == (1, ("undone", "worse")), document
    assert (int(HIGH.read_text()), OURS.exists()) == (STOCK, False)
    sys.stdout.write("a change that loses all fragments: undone\n")
    code, document, _ = run("apply", narrow, "--verify", "1.5", "--no-rollback")
    assert (code, outcome(document), HIGH.read_text()) == (1, ("applied", "worse"), "2048\n")
    code, document, _ = run("apply", wide, "--verify", "1.5")
    assert (code, outcome(document)) == (0, ("applied", "cured")), document
    sys.stdout.write("a change that gives the room back: cured\n")
    assert [run("rollback")[0], HIGH.read_text()] == [0, "2048\n"]
    elsewhere = run("rollback", before=("unshare", "--net"))
    assert "applied in another network namespace" in elsewhere[2], elsewhere
    words = ("unshare", "--net", sys.executable, "-B", "-m", "netrx_tune", "status")
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "in network namespace net:[" in " ".join(told.split()), told
    assert "NOT in force" not in told, told
    assert [run("rollback")[0], int(HIGH.read_text())] == [0, STOCK]
    sys.stdout.write("rollback: only in the namespace that was changed\n")


def by_namespace(wide: str) -> None:
    """In a namespace that the system does not boot in, only running values are set."""
    inner = ("unshare", "--net")
    code, document, _ = run("apply", wide, "--verify", "0", before=inner)
    assert (code, document["persistent"], OURS.exists()) == (0, [], False), document
    assert "no file is written" in str(document["notes"]).lower(), document
    code, _, said = run("apply", wide, "--persist-only", before=inner)
    assert (code, "--persist-only: no file is written" in said) == (2, True), said
    assert run("rollback", "--force")[0] == 0  # of a namespace that is gone
    sys.stdout.write("a namespace of a guest: no file\n")


def two_at_once(narrow: str, wide: str) -> None:
    """While one watches, another is refused, and changes nothing."""
    command = [sys.executable, "-B", "-m", "netrx_tune", "apply", wide, "--yes", "--verify", "1.5"]
    command.append("--no-rollback")  # what the counters say of it is no part of this
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
        deadline = time.monotonic() + 20
        while not OURS.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        code, _, said = run("apply", narrow, "--verify", "0")
        assert (code, "another netrx-tune is changing this host" in said) == (2, True), said
        told = first.stdout.read() if first.stdout else b""
    assert int(HIGH.read_text()) == 8 << 20, told
    assert [run("rollback")[0], int(HIGH.read_text()), OURS.exists()] == [0, STOCK, False]
    sys.stdout.write("two at once: the second refused, the first applied\n")


def by_host(wide: str) -> None:
    subprocess.run(["mount", "-o", "remount,bind,ro", "/etc/sysctl.d"], check=True)
    unchanged("read-only /etc", run("apply", wide, "--verify", "0"), "EROFS")
    subprocess.run(["mount", "-o", "remount,bind,rw", "/etc/sysctl.d"], check=True)
    for folder, how in (("/etc/sysctl.d", "full /etc"), ("/var/lib", "full /var")):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", folder], check=True)
        (Path(folder) / "full").write_text("x" * 4096)
        unchanged(how, run("apply", wide, "--verify", "0"), "No space left on device")
        subprocess.run(["umount", folder], check=True)


def main() -> None:
    """Try all of it."""
    if not is_inside("tests.host.verifying"):
        return
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
    stop = threading.Event()
    sender = threading.Thread(target=traffic, args=(stop,))
    with scratch(("/etc/sysctl.d", "/var/lib", "/run")), tempfile.TemporaryDirectory() as own:
        low, high = "ipfrag_low_thresh", "ipfrag_high_thresh"
        narrow = profile(Path(own), "narrow", f"{low}: {{exactly: 1024", f"{high}: {{exactly: 2048")
        wide = profile(Path(own), "wide", f"{low}: {{at_least: 6MiB", f"{high}: {{at_least: 8MiB")
        sender.start()
        try:
            time.sleep(0.2)
            by_counters(narrow, wide)
            by_namespace(wide)
            two_at_once(narrow, wide)
        finally:
            stop.set()
            sender.join()
        by_host(wide)


if __name__ == "__main__":
    main()
