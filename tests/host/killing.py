"""Proof that apply and rollback may be killed, or fail, at every system call that writes.

`python -m tests.host.killing` (root, strace) works in a mount and network namespace of its own:
scratch folders lie over /etc/sysctl.d, /var/lib and /run, and the keys are the namespace's. Each
call that writes is hit in turn. Killed alone, the tool leaves the host wholly old or wholly new,
since its guardian ends what was begun. Killed with its guardian, as a loss of power does, each file
and value is old or new. Then `rollback` must give back exactly what was there.

Which calls write is seen of the program; what is hit is a fork that has it loaded, and that has to
come to the same call.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.host.inside import is_inside, scratch
from tests.host.tool_runs import Command, fork, program, write_profile

OURS = Path("/etc/sysctl.d/90-netrx-tune.conf")
JOURNAL = Path("/var/lib/netrx-tune/journal.json")
LOCK = Path("/run/netrx-tune.lock")
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
    str(LOCK),
    *map(str, KEYS),
)
CALLS = (
    "openat,open,creat,write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,mkdir,"
    "mkdirat,rmdir,unlink,unlinkat,symlink,symlinkat,fchmod,fchown,chmod,chown,ftruncate,flock"
)
WRITING = ("O_WRONLY", "O_RDWR", "O_CREAT")
PROBE = "O_WRONLY|O_NONBLOCK"  # asks whether a key could be written, and writes nothing
NAME = "proof-{}"
_PATHS = [word for path in PATHS for word in ("-P", path)]
TRACE = ("-e", f"trace={CALLS}", *_PATHS)


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
    command: Command
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
    settings = [("net.ipv4.ipfrag_time", 40 + number), ("net.ipv4.ipfrag_max_dist", 70)]
    if number == 2:
        settings.append(("net.ipv6.ip6frag_time", 66))
    return write_profile(NAME.format(number), settings)


def apply(number: int, *more: str, guarded: bool = True) -> Command:
    return Command(("apply", profile(number), "--yes", "--verify", "0", *more), guarded)


ROLLBACK = Command(("rollback", "--yes"))


def writes(traced: str) -> list[Call]:
    """Return the calls of a run that write, numbered as strace numbers them."""
    seen: Counter[str] = Counter()
    found = []
    for line in traced.splitlines():
        if "(" not in line or not line[0].isalpha():
            continue
        name = line.partition("(")[0]
        seen[name] += 1
        reads = name == "openat" and not any(flag in line for flag in WRITING)
        if not reads and PROBE not in line:
            found.append(Call(name, seen[name], line))
    return found


def _clear() -> None:
    for folder in FOLDERS:
        for path in Path(folder).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _set(values: tuple[str, ...]) -> None:
    for key, value in zip(KEYS, values, strict=True):
        key.write_text(value)


def reset() -> None:
    """Make the host as it was in the beginning, without the tool."""
    _clear()
    (Path("/etc/sysctl.d") / "60-other.conf").write_text("net.ipv4.ipfrag_time = 31\n")
    _set(("30\n", "64\n", "60\n"))


def keep(copies: Path) -> None:
    """Copy all that lies in the folders."""
    for number, folder in enumerate(FOLDERS):
        shutil.copytree(folder, copies / str(number), symlinks=True)


def put_back(copies: Path, old: Host) -> None:
    """Make the host as it was when it was kept."""
    _clear()
    for number, folder in enumerate(FOLDERS):
        shutil.copytree(copies / str(number), folder, symlinks=True, dirs_exist_ok=True)
    _set(old.values)
    if host() != old:
        raise BrokenError(f"prepared {host()}, and it was {old}")


def hit(proof: Proof) -> tuple[int, int, int]:
    """Hit a command at each of its writes; return how many, and after how many it was old, new."""
    reset()
    for number in proof.first:
        program(apply(number))
    old = host()
    with tempfile.TemporaryDirectory() as copies:
        keep(Path(copies))
        return _hit(proof, old, Path(copies))


def _hit(proof: Proof, old: Host, copies: Path) -> tuple[int, int, int]:
    calls = writes(program(proof.command, TRACE).traced)
    new = host()
    left: Counter[Host] = Counter()
    for call in calls:
        put_back(copies, old)
        inject = f"inject={call.name}:{proof.fault.format(call.number)}"
        done = fork(proof.command, (*TRACE, "-e", inject))
        _until_free()
        where = f"{proof.name}: {call.text}: {done.code}: {done.said}"
        if not _was_hit(call, done.traced):
            raise BrokenError(f"{where}: it did not come to this call: {done.traced}")
        now = _whole(host())
        left[now] += 1
        if proof.whole and now not in (old, new):
            raise BrokenError(f"{where}: neither {old} nor {new}, but {now}")
        _check(old, new, host(), where)
        if "error" in proof.fault and done.code not in (0, 2):
            raise BrokenError(where)
        _recover(old, new, proof, where)
    return len(calls), left[old], left[new]


def _until_free() -> None:
    """Wait out the moment between a guardian's last word and its end, which frees the lock."""
    with LOCK.open("a") as lock:
        for _ in range(100):
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.01)
    raise BrokenError("a run is over, and its lock is held")


def _was_hit(call: Call, traced: str) -> bool:
    """Tell whether that call, on the same file or none, was the first that went wrong."""
    calls = [line for line in traced.splitlines() if line.startswith(f"{call.name}(")]
    hit = calls[call.number - 1 :][:1]
    path = call.text.partition('"')[2].partition('"')[0]
    return bool(hit) and path in hit[0] and hit[0].endswith(("= ?", "(INJECTED)"))


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
    before, undoes = len(proof.first), proof.command.words == ROLLBACK.words
    needed = applied == before if undoes else applied != before or not before
    if needed and (done := fork(ROLLBACK)).code:
        raise BrokenError(f"{where}: {done}")
    wanted, now = new if undoes else old, _whole(host())
    if now != wanted:
        raise BrokenError(f"{where}: rolled back to {now}, and it was {wanted}")


def proofs() -> tuple[Proof, ...]:
    """Return the scenarios."""
    alone = ROLLBACK._replace(guarded=False)
    kill, once, on = "signal=KILL:when={}", "error={}:when={{}}", "error={}:when={{}}+"
    return (
        Proof("apply killed", (), apply(1), kill),
        Proof("second apply killed", (1,), apply(2), kill),
        Proof("confirmed apply killed", (1,), apply(2, "--confirm-within", "60"), kill),
        Proof("rollback killed", (1, 2), ROLLBACK, kill),
        Proof("apply killed with its guardian", (), apply(2, guarded=False), kill, whole=False),
        Proof("rollback killed with its guardian", (1,), alone, kill, whole=False),
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
