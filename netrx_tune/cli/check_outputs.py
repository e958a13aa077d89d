"""Where `check` writes: standard output and files, several of them in one run."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

import click

from netrx_tune.host.decompress import unreadable
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import FORMATS, Form, Setup, form_of


class Output(NamedTuple):
    """A form and a file, None for standard output."""

    form: str
    path: str | None


def outputs(form: str, given: Sequence[str]) -> tuple[Output, ...]:
    """Return what to write where.

    Args:
        form: of --format.
        given: of --output: FILE has that form instead of standard output, FORM=FILE is written
            beside it.

    Raises:
        click.UsageError: two of them are one file.
    """
    plain: list[Output] = []
    beside: list[Output] = []
    for one in given:
        head, equals, path = one.partition("=")
        if equals and head in FORMATS:
            beside.append(Output(head, None if path == "-" else path))
        else:
            plain.append(Output(form, None if one == "-" else one))
    if len(plain) > 1:
        raise click.UsageError(
            "one --output FILE takes the form of --format; give the others as FORM=FILE"
        )
    to_screen = any(one.path is None for one in beside)
    found = (*(plain or ([] if to_screen else [Output(form, None)])), *beside)
    places = [one.path and os.path.realpath(one.path) for one in found]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise click.UsageError(f"two outputs go to {place or 'standard output'}")
    return found


class Writer:
    """All outputs of a run."""

    def __init__(self, parts: Sequence[tuple[Form, TextIO, bool]]) -> None:
        self._parts = parts
        self.tally = Tally()
        for form, file, _ in parts:
            file.write(form.begin())

    def add(self, judgement: Judgement) -> None:
        """Write one input to all outputs; what an earlier run wrote into its file stands there."""
        self.tally.add(judgement)
        for form, file, has_it in self._parts:
            if not (has_it and judgement.is_resumed):
                file.write(form.each(judgement))
                file.flush()

    def end(self) -> None:
        """Write what comes last."""
        for form, file, _ in self._parts:
            file.write(form.end(self.tally))
            file.flush()


@contextmanager
def writing(found: Sequence[Output], setup: Setup, resume: str | None) -> Iterator[Writer]:
    """Open all outputs; a file is replaced when all is written, but jsonl grows as it goes.

    Raises:
        InputError: one cannot be written.
    """
    with ExitStack() as stack:
        parts: list[tuple[Form, TextIO, bool]] = []
        for one in found:
            has_it = resume is not None and one.path is not None and _same(one.path, resume)
            own = setup if one.path is None else setup._replace(color=False)
            file = stack.enter_context(_file(one, grows=has_it))
            parts.append((form_of(one.form, own), file, has_it))
        writer = Writer(parts)
        yield writer
        writer.end()


def _same(one: str, two: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(two)


@contextmanager
def _file(one: Output, *, grows: bool) -> Iterator[TextIO]:
    try:
        if one.path is None:
            yield _screen()
        elif one.form == "jsonl" or not _is_replaceable(one.path):
            with _growing(one.path, grows=grows) as file:
                yield file
        else:
            with _replaced(one.path) as file:
                yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unreadable(one.path or "standard output", error) from None


def _screen() -> TextIO:
    """Return standard output, which shows escaped what its encoding lacks."""
    if sys.stdout is None:  # closed by the caller: `>&-`
        return Path(os.devnull).open("w", encoding="utf-8")
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
    return sys.stdout


def _is_replaceable(path: str) -> bool:
    """Tell a file, or one to be, from a pipe or a device."""
    return Path(path).is_file() or not Path(path).exists()


@contextmanager
def _growing(path: str, *, grows: bool) -> Iterator[TextIO]:
    """Open a file that is complete up to any line; a line that was cut short is ended."""
    mode: Literal["a", "w"] = "a" if grows else "w"
    is_cut = grows and _is_cut(path)
    with Path(path).open(mode, encoding="utf-8", errors="backslashreplace") as file:
        if is_cut:
            file.write("\n")
        yield file


def _is_cut(path: str) -> bool:
    """Tell whether a file ends within a line, as after a kill."""
    with Path(path).open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


@contextmanager
def _replaced(path: str) -> Iterator[TextIO]:
    target = Path(os.path.realpath(path))
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(file.fileno(), 0o666 & ~mask)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
