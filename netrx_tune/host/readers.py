"""The processes behind the queues under watch: found a few times, then only sampled."""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.host.processes import find_processes
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Process

_MOST_TASKS = 16  # threads of a reader whose CPU time is added up
_PERIOD_SECONDS = 0.05  # between two questions about one process; each costs 90 us
_LOOKUPS = 3  # times that readers are looked for at once: it walks /proc
_LOOKUP_SECONDS = 20.0  # in which they may be looked for once more
# A process that entered a network namespace has a /sys of its own, without control groups.
_GROUP_ROOTS = ("/proc/1/root/sys/fs/cgroup", "/sys/fs/cgroup")


class Reader(NamedTuple):
    """Where to look at one process: folders of its threads, cpu.stat of a group with a quota."""

    tasks: tuple[str, ...]
    throttle: str | None


class Activity(NamedTuple):
    """What a reader did so far; None where nobody was found."""

    run_ns: int | None = None
    wait_ns: int | None = None
    slices: int | None = None
    states: str | None = None
    throttled_ns: int | None = None


class Readers:
    """The readers of some sockets, by inode."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._readers: dict[int, Reader] = {}
        self.processes: tuple[Process, ...] = ()
        self._asked: set[int] = set()
        self._lookups = 0
        self._seen: dict[Reader, Activity] = {}  # in the look that is under way
        self._next = 0.0
        self._asks = True

    def find(self, inodes: set[int], now: float) -> None:
        """Look for the processes of sockets that are new."""
        new = inodes - self._asked
        if not new or self._lookups >= _LOOKUPS + now // _LOOKUP_SECONDS:
            return
        self._lookups += 1
        self._asked |= new
        found = find_processes(self._tree, new)[0]
        self.processes += found
        for process in found:
            folder = f"/proc/{process.pid}/task"
            names = self._tree.names(folder)[:_MOST_TASKS]
            tasks = tuple(f"{folder}/{name}" for name in names)
            self._readers[process.inode] = Reader(tasks, self._quota(process.pid))

    def begin(self, now: float) -> None:
        """Begin a look: one process is asked once, however many sockets it has, or not at all."""
        self._seen.clear()
        self._asks = now >= self._next
        if self._asks:
            self._next = now + _PERIOD_SECONDS

    def activity(self, inode: int) -> Activity:
        """Return what the reader of a socket did so far."""
        reader = self._readers.get(inode)
        if reader is None or not self._asks:
            return Activity()
        if reader not in self._seen:
            self._seen[reader] = self._ask(reader)
        return self._seen[reader]

    def _ask(self, reader: Reader) -> Activity:
        """Kernel: fs/proc/base.c, proc_pid_schedstat(); fs/proc/array.c, do_task_stat()."""
        run = wait = slices = 0
        states = ""
        for folder in reader.tasks:
            words = self._tree.text(f"{folder}/schedstat").split()
            if len(words) >= 3:
                run, wait = run + int(words[0]), wait + int(words[1])
                slices += int(words[2])
            states += self._tree.text(f"{folder}/stat").rpartition(")")[2][1:2]
        return Activity(run, wait, slices, states or None, self._throttled(reader.throttle))

    def _quota(self, pid: int) -> str | None:
        """Return cpu.stat of the group that limits a process's CPU time, None without a limit."""
        for line in self._tree.text(f"/proc/{pid}/cgroup").splitlines():
            number, _, rest = line.partition(":")
            controllers, _, group = rest.partition(":")
            if number == "0":
                places, limit = ("", "/unified"), "cpu.max"
            elif "cpu" in controllers.split(","):
                places, limit = (f"/{controllers}", "/cpu"), "cpu.cfs_quota_us"
            else:
                continue
            for folder in (f"{root}{at}{group}" for root in _GROUP_ROOTS for at in places):
                text = self._tree.text(f"{folder}/{limit}")
                if text and not text.startswith(("max", "-1")):
                    return f"{folder}/cpu.stat"
        return None

    def _throttled(self, path: str | None) -> int | None:
        """Kernel: kernel/sched/core.c, cpu_cfs_stat_show(): ns in version 1, us in version 2."""
        for line in self._tree.text(path).splitlines() if path else ():
            name, _, value = line.partition(" ")
            if name in {"throttled_time", "throttled_usec"} and value.isdigit():
                return int(value) * (1000 if name == "throttled_usec" else 1)
        return None
