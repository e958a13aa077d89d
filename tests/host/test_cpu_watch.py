"""Watching the CPUs while a span passes: the looks, what is kept, and what is left alone."""

from __future__ import annotations

import time
from pathlib import Path

from netrx_tune.collectors.cpu_ticks import parse_cpu_ticks
from netrx_tune.collectors.paths import CPU_TICKS
from netrx_tune.host.cpu_watch import watch_cpus
from netrx_tune.host.source import Tree
from netrx_tune.host.span import Interval

# user nice system idle iowait irq softirq steal guest guest_nice
STAT = """cpu  5 0 5 9 1 0 {total} 0 0 0
cpu0 0 0 0 5 0 0 0 0 0 0
cpu2 5 0 5 4 1 0 {softirq} 0 5 0
intr 99 1 2 3
"""


class Scripted:
    """A span whose pauses change the files."""

    def __init__(self, root: Path, drops: list[int], *, columns: int = 13) -> None:
        self.root = root
        self.drops = drops
        self.columns = columns
        (root / "proc/net").mkdir(parents=True)
        self._write(0)

    def begin(self) -> None:
        """Begin."""

    def wait(self, seconds: float) -> bool:
        """Let the time to the next look pass, then the next thing happen."""
        time.sleep(seconds)
        if not self.drops:
            return False
        self._write(self.drops.pop(0))
        return True

    def _write(self, dropped: int) -> None:
        rows = [[9, 0, *[0] * 10, 0], [100 + dropped, dropped, *[0] * 10, 2]]
        text = "".join(
            " ".join(f"{word:08x}" for word in row[: self.columns]) + "\n" for row in rows
        )
        (self.root / "proc/net/softnet_stat").write_text(text)
        stat = STAT.format(softirq=10 + dropped, total=10 + dropped)
        (self.root / "proc/stat").write_text(stat)


def _watched(root: Path, span: Scripted) -> dict[str, str]:
    with watch_cpus(Tree(str(root)), span) as cpus:
        cpus.begin()
        while cpus.wait(0.3):
            pass
        return cpus.files()


def test_only_a_cpu_that_drops_is_kept(tmp_path: Path) -> None:
    files = _watched(tmp_path, Scripted(tmp_path, [0, 7, 7, 7]))
    ((cpu, ticks),) = parse_cpu_ticks(files[CPU_TICKS]).items()
    assert cpu == 2
    assert [tick[2:] for tick in ticks] == [(100, 0, 10, 5, 25), (107, 7, 17, 5, 32)]


def test_rows_without_a_number_are_the_online_cpus(tmp_path: Path) -> None:
    files = _watched(tmp_path, Scripted(tmp_path, [0, 7, 7, 7], columns=10))
    assert list(parse_cpu_ticks(files[CPU_TICKS])) == [2]


def test_without_drops_there_is_no_file(tmp_path: Path) -> None:
    assert _watched(tmp_path, Scripted(tmp_path, [0, 0, 0])) == {}


def test_without_the_files_the_time_passes_all_the_same(tmp_path: Path) -> None:
    span = Interval(0.05)
    with watch_cpus(Tree(str(tmp_path)), span) as cpus:
        cpus.begin()
        assert cpus.wait(0.01)
        assert not cpus.wait(1.0)
        assert cpus.files() == {}


def test_what_is_no_table_ends_the_looks_and_not_the_watch(tmp_path: Path) -> None:
    span = Scripted(tmp_path, [0, 0])
    (tmp_path / "proc/stat").write_text("nothing of the kind\n")
    assert _watched(tmp_path, span) == {}
