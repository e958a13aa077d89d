"""What holds for every command: pages that fit, and ends that are no accident."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from netrx_tune.cli import COMMANDS, netrx_tune

TOOL = (sys.executable, "-m", "netrx_tune")


def _commands(name: str, one: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and those below it, with what is typed for each."""
    yield name, one
    if isinstance(one, click.Group):
        context = click.Context(one)
        for word in one.list_commands(context):
            found = one.get_command(context, word)
            assert found is not None
            yield from _commands(f"{name} {word}", found)


def test_every_help_page_has_an_example_and_fits_a_narrow_terminal() -> None:
    pages = {
        name: one.get_help(click.Context(one, info_name=name, terminal_width=80))
        for name, one in _commands("netrx-tune", netrx_tune)
    }
    assert len(pages) > len(COMMANDS) + 1  # those of groups, too
    for name, page in pages.items():
        assert f" {name}" in page.partition("Example")[2].partition("Options:")[0], name
        assert [line for line in page.splitlines() if len(line) > 80] == [], name


@pytest.mark.parametrize(
    ("words", "code"), [("--help", 0), ("diagnose --help", 0), ("--version", 0), ("", 2)]
)
def test_a_page_that_nobody_reads_to_its_end_changes_no_exit_code(words: str, code: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*TOOL, *words.split()], stdout=writing, stderr=writing, check=False)
    os.close(writing)
    assert done.returncode == code


@pytest.mark.parametrize("words", ["check a", "diagnose --from a", "apply a", "size --kernel a"])
def test_completion_of_a_free_text_offers_files_as_the_shell_does(words: str) -> None:
    place = {
        **os.environ,
        "_NETRX_TUNE_COMPLETE": "bash_complete",
        "COMP_WORDS": f"netrx-tune {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    done = subprocess.run(TOOL, env=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "file,a\n")


def test_an_interrupt_while_it_still_loads_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    place = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([*TOOL, "path"], env=place, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"netrx-tune: interrupted\n")
