"""Where `check` writes: standard output and files, several of them in one run."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO, cast

import click

from netrx_tune.cli import options
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
        click.UsageError: two of them are one file, or there is no such form.
    """
    plain: list[Output] = []
    beside: list[Output] = []
    for one in given:
        head, equals, path = one.partition("=")
        if equals and head in FORMATS:
            if not path:
                raise click.UsageError(f"--output {one}: the name of the file is empty")
            beside.append(Output(head, None if path == "-" else path))
        else:
            if equals and head.isalpha():
                raise click.UsageError(
                    f"--output {one}: no form is called {head!r}, there are {', '.join(FORMATS)};"
                    f" for a file of that name write ./{one}"
                )
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


class _Sink:
    """One output: a form, and where it goes.

    A file is replaced when all is written; jsonl, whose lines stand alone, grows as it goes, as do
    pipes and devices.
    """

    def __init__(self, one: Output, form: Form, *, grows: bool) -> None:
        self.has_it = grows  # whether what an earlier run judged stands in it already
        self._form = form
        self._path = one.path
        self._draft: str | None = None
        self._has_enough = False
        with self._told():
            if one.path is None:
                self._file = _screen()
            elif one.form == "jsonl" or not _is_replaceable(one.path):
                self._file = _growing(one.path, grows=grows)
            else:
                self._draft, self._file = _draft_of(one.path)

    def begin(self) -> None:
        """Write what comes first."""
        self._put(self._form.begin())

    def add(self, judgement: Judgement) -> None:
        """Write one input, unless an earlier run did."""
        if not (self.has_it and judgement.is_resumed):
            self._put(self._form.each(judgement))

    def end(self, tally: Tally) -> None:
        """Write what comes last, and put the file in its place."""
        self._put(self._form.end(tally))
        if self._path is None:
            return
        with self._told():
            self._file.close()
            if self._draft:
                Path(self._draft).replace(os.path.realpath(self._path))

    def abandon(self) -> None:
        """Leave a file that was to be replaced as it was."""
        with suppress(OSError):
            if self._path is not None:
                self._file.close()
        if self._draft:
            Path(self._draft).unlink(missing_ok=True)

    def _put(self, text: str) -> None:
        if self._has_enough:
            return
        try:
            with self._told():
                self._file.write(text)
                self._file.flush()
        except BrokenPipeError:  # who read it has enough; the other outputs go on
            if self._path is None:
                options.mute()
            self._has_enough = True

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Name the output in an error of its own.

        Raises:
            InputError: it cannot be written.
        """
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unreadable(self._path or "standard output", error) from None


class Writer:
    """All outputs of a run."""

    def __init__(self, sinks: Sequence[_Sink]) -> None:
        self._sinks = sinks
        self.tally = Tally()
        for sink in sinks:
            sink.begin()

    def add(self, judgement: Judgement) -> None:
        """Write one input to all outputs."""
        self.tally.add(judgement)
        for sink in self._sinks:
            sink.add(judgement)

    def end(self) -> None:
        """Write what comes last."""
        for sink in self._sinks:
            sink.end(self.tally)


@contextmanager
def writing(found: Sequence[Output], setup: Setup, resume: str | None) -> Iterator[Writer]:
    """Open all outputs, and put files in their places if nothing went wrong.

    Raises:
        InputError: one cannot be written.
    """
    sinks: list[_Sink] = []
    try:
        for one in found:
            grows = resume is not None and one.path is not None and _same(one.path, resume)
            own = setup if one.path is None else setup._replace(color=False)
            sinks.append(_Sink(one, form_of(one.form, own), grows=grows))
        writer = Writer(sinks)
        yield writer
        writer.end()
    except BaseException:
        for sink in sinks:
            sink.abandon()
        raise


def _same(one: str, two: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(two)


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


def _growing(path: str, *, grows: bool) -> TextIO:
    """Open a file that is complete up to any line; a line that was cut short is ended."""
    is_cut = grows and Path(path).exists() and _is_cut(path)
    file = Path(path).open("a" if grows else "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - closed by its sink
    if is_cut:
        file.write("\n")
    return cast("TextIO", file)


def _is_cut(path: str) -> bool:
    """Tell whether a file ends within a line, as after a kill."""
    with Path(path).open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _draft_of(path: str) -> tuple[str, TextIO]:
    """Return the name of a file beside another, and the file, which has the usual rights."""
    target = Path(os.path.realpath(path))
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(descriptor, 0o666 & ~mask)
    return draft, os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
