"""`snapshot --during`: the two samples around a command."""

from __future__ import annotations

from netrx_tune.cli.inputs import Place, sampled_by
from netrx_tune.cli.options import progress
from netrx_tune.host.during import Command, command
from netrx_tune.host.source import Tree
from netrx_tune.host.watch import watch_span
from netrx_tune.model.sample import Sample
from netrx_tune.reporters.plain import escape


def sampled_during(
    place: Place, words: tuple[str, ...], *, quiet: bool
) -> tuple[str | None, tuple[Sample, ...], int]:
    """Return the name of the place, its samples from before and after a command, and its code.

    The command runs where the caller is; `--netns` and `--pid` say where to look.

    Raises:
        InputError: the command cannot be run.
    """
    with command(words) as running:
        where, samples = sampled_by(place, lambda: _around(running, place, words, quiet=quiet))
        return where, samples, running.exit_code


def _around(
    running: Command, place: Place, words: tuple[str, ...], *, quiet: bool
) -> tuple[Sample, Sample]:
    def started() -> None:
        from shlex import join  # noqa: PLC0415 - for this line only

        progress(f"watching while this runs: {escape(join(words))}", quiet=quiet)

    tree = Tree((place.root or "").rstrip("/"))
    return watch_span(tree, running, full=True, started=started)
