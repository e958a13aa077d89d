"""Proof that apply and rollback may be killed, or fail, at every system call that writes.

`python -m tests.host.killing` (root, strace) works in a mount and network namespace of its own:
scratch folders lie over /etc/sysctl.d, /var/lib and /run, and the keys are the namespace's. Each
call that writes is hit in turn. Killed alone, the tool leaves the host wholly old or wholly new,
since its guardian ends what was begun. Killed with its guardian, as a loss of power does, each file
and value is old or new. Then `rollback` must give back exactly what was there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.host.inside import is_inside, scratch

OURS = Path("/etc/sysctl.d/90-netrx-tune.conf")
JOURNAL = Path("/var/lib/netrx-tune/journal.json")
KEYS = [Path("/proc/sys/net/ipv4") / name for name in ("ipfrag_time", "ipfrag_max_dist")]
KEYS.append(Path("/proc/sys/net/ipv6/ip6frag_time"))
FOLDERS = ("/etc/sysctl.d", "/var/lib", "/run")
PATHS = (
    *FOLDERS,
    "/var/lib/netrx-tune",
    str(OURS),
    "/etc/sysctl.d/.90-netrx-tune.conf.draft",
    str(JOURNAL),
    "/var/lib/netrx-tune/.journal.json.draft",
    "/run/netrx-tune.lock",
    *map(str, KEYS),
)
CALLS = (
    "openat,open,creat,write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,mkdir,"
    "mkdirat,rmdir,unlink,unlinkat,symlink,symlinkat,fchmod,fchown,chmod,chown,ftruncate,flock"
)
WRITING = ("O_WRONLY", "O_RDWR", "O_CREAT")
PROBE = "O_WRONLY|O_NONBLOCK"  # asks whether a key could be written, and writes nothing
CompletedProcess = subprocess.CompletedProcess[str]
NAME = "proof-{}"
TOOL = (sys.executable, "-B", "-m", "netrx_tune")
# The tool with a guardian that ends at once, as if it were killed first.
_WITHOUT = (
    "import os; from netrx_tune.host import guardian; from netrx_tune.cli import main;"
    " guardian._guard = lambda *_: os._exit(0); main()"
)
UNGUARDED = (sys.executable, "-B", "-c", _WITHOUT)


class Call(NamedTuple):
    """One system call of a run: the number-th of its name that touched one of PATHS."""

    name: str
    number: int
    text: str


class Proof(NamedTuple):
    """One scenario: what comes first, what is hit, and how.

    `fault` are strace's words, with {} for the call's number. `whole` if the host must be wholly
    old or wholly new at once; else each part of it.
    """

    name: str
    first: tuple[int, ...]  # profiles that are applied before
    command: tuple[str, ...]
    fault: str
    whole: bool = True


class Host(NamedTuple):
    """All that the tool may change."""

    files: tuple[tuple[str, str, int], ...]
    values: tuple[str, ...]


class BrokenError(AssertionError):
    """The host was left neither old nor new, or did not come back."""


def host() -> Host:
    files = [
        (str(path), path.read_text(), path.stat().st_mode)
        for path in sorted(Path("/etc/sysctl.d").rglob("*"))
    ]
    return Host(tuple(files), tuple(key.read_text() for key in KEYS))


def profile(number: int) -> str:
    """Write a profile and return its path: the second changes a key of the first, and more."""
    path = Path(tempfile.gettempdir()) / "netrx-proof" / f"{NAME.format(number)}.yaml"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    settings = [("net.ipv4.ipfrag_time", 40 + number), ("net.ipv4.ipfrag_max_dist", 70)]
    if number == 2:
        settings.append(("net.ipv6.ip6frag_time", 66))
    lines = [f'  {key}: {{exactly: {value}, why: "w", source: "s"}}' for key, value in settings]
    head = f"schema: 1\nname: {NAME.format(number)}\nsummary: s\nsettings:\n"
    path.write_text(head + "\n".join(lines) + "\n")
    path.chmod(0o600)
    return str(path)


def apply(number: int, tool: tuple[str, ...] = TOOL) -> tuple[str, ...]:
    return (*tool, "apply", profile(number), "--yes", "--verify", "0")


ROLLBACK = (*TOOL, "rollback", "--yes")
ROLLBACK_ALONE = (*UNGUARDED, "rollback", "--yes")


def run(command: tuple[str, ...], inject: str = "") -> CompletedProcess:
    if inject:
        paths = [word for path in PATHS for word in ("-P", path)]
        trace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}", *paths]
        command = (*trace, "-e", inject, *command)
    return subprocess.run(command, input="yes\n", capture_output=True, text=True, check=False)


def succeed(command: tuple[str, ...]) -> None:
    done = run(command)
    if done.returncode:
        raise BrokenError(f"{command[3:]}: {done.returncode}: {done.stderr}{done.stdout}")


def writes(command: tuple[str, ...]) -> list[Call]:
    """Return the calls of a run that write, numbered as strace numbers them."""
    with tempfile.NamedTemporaryFile("r") as log:
        paths = [word for path in PATHS for word in ("-P", path)]
        trace = ("strace", "-qq", "-o", log.name, "-e", f"trace={CALLS}", *paths)
        succeed((*trace, *command))
        lines = [line for line in log.read().splitlines() if "(" in line and line[0].isalpha()]
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        name = line.partition("(")[0]
        seen[name] += 1
        reads = name == "openat" and not any(flag in line for flag in WRITING)
        if not reads and PROBE not in line:
            found.append(Call(name, seen[name], line))
    return found


def reset() -> None:
    """Make the host as it was in the beginning, without the tool."""
    for folder in FOLDERS:
        for path in Path(folder).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (Path("/etc/sysctl.d") / "60-other.conf").write_text("net.ipv4.ipfrag_time = 31\n")
    for key, value in zip(KEYS, ("30", "64", "60"), strict=True):
        key.write_text(value + "\n")


def hit(proof: Proof) -> tuple[int, int, int]:
    """Hit a command at each of its writes; return how many, and after how many it was old, new."""

    def prepare() -> Host:
        reset()
        for number in proof.first:
            succeed(apply(number))
        return host()

    old = prepare()
    calls = writes(proof.command)
    new = host()
    left: Counter[Host] = Counter()
    for call in calls:
        prepare()
        inject = f"inject={call.name}:{proof.fault.format(call.number)}"
        done = run(proof.command, inject)
        where = f"{proof.name}: {call.text}: {done.returncode}: {done.stderr}"
        now = _whole(host())
        left[now] += 1
        if proof.whole and now not in (old, new):
            raise BrokenError(f"{where}: neither {old} nor {new}, but {now}")
        _check(old, new, host(), where)
        if "error" in proof.fault and done.returncode not in (0, 2):
            raise BrokenError(where)
        _recover(old, new, proof, where)
    return len(calls), left[old], left[new]


def _whole(now: Host) -> Host:
    """Return a host without what no loader reads."""
    files = tuple(one for one in now.files if not one[0].endswith(".draft"))
    return now._replace(files=files)


def _check(old: Host, new: Host, now: Host, where: str) -> None:
    """Each file is wholly old or new, and each value."""
    wanted: dict[str, list[object]] = {path: [] for path, *_ in (*old.files, *new.files)}
    for path, *rest in (*old.files, *new.files):
        wanted[path].append(rest)
    for path, *rest in now.files:
        if not path.endswith(".draft") and rest not in wanted.get(path, []):
            raise BrokenError(f"{where}: {path}: {rest}")
    for was, then, value in zip(old.values, new.values, now.values, strict=True):
        if value not in (was, then):
            raise BrokenError(f"{where}: {value!r}")
    if JOURNAL.exists():
        json.loads(JOURNAL.read_text())


def _recover(old: Host, new: Host, proof: Proof, where: str) -> None:
    """Roll back; the host must be as it was before the apply."""
    applied = len(json.loads(JOURNAL.read_text())["entries"]) if JOURNAL.exists() else 0
    before, undoes = len(proof.first), "rollback" in proof.command
    if applied == before if undoes else applied != before or not before:
        succeed(ROLLBACK)
    wanted, now = new if undoes else old, _whole(host())
    if now != wanted:
        raise BrokenError(f"{where}: rolled back to {now}, and it was {wanted}")


def proofs() -> tuple[Proof, ...]:
    """Return the scenarios."""
    kill, once, on = "signal=KILL:when={}", "error={}:when={{}}", "error={}:when={{}}+"
    return (
        Proof("apply killed", (), apply(1), kill),
        Proof("second apply killed", (1,), apply(2), kill),
        Proof("confirmed apply killed", (1,), (*apply(2), "--confirm-within", "60"), kill),
        Proof("rollback killed", (1, 2), ROLLBACK, kill),
        Proof("apply killed with its guardian", (), apply(2, UNGUARDED), kill, whole=False),
        Proof("rollback killed with its guardian", (1,), ROLLBACK_ALONE, kill, whole=False),
        Proof("disk full at one call", (), apply(1), once.format("ENOSPC")),
        Proof("permission lost for good", (1,), apply(2), on.format("EPERM"), whole=False),
        Proof("input/output error in rollback", (1,), ROLLBACK, on.format("EIO"), whole=False),
    )


def main() -> None:
    """Enter namespaces of our own, then prove."""
    if not is_inside("tests.host.killing"):
        return
    with scratch(FOLDERS):
        for proof in proofs():
            calls, old, new = hit(proof)
            rest = f", in parts {calls - old - new}" if calls > old + new else ""
            sys.stdout.write(
                f"{proof.name}: {calls} calls, left wholly old {old}, wholly new {new}{rest};"
                " the host came back each time\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
