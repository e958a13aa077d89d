"""`netrx-tune path`: the receive path as text, with this host's numbers beside each stage."""

from __future__ import annotations

import click

from netrx_tune.cli import options
from netrx_tune.cli.inputs import Place, delta_of
from netrx_tune.model.errors import InputError
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.model.stage import Stage
from netrx_tune.reporters.path_lines import path_lines, values_of
from netrx_tune.rxpath.stages import STAGES


@click.command("path")
@click.argument("stage", required=False)
@options.place_options
@options.output_options
def command(
    stage: str | None,
    saved: str | None,
    netns: str | None,
    pid: int | None,
    root: str | None,
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    """Show the receive path, or one STAGE, with counters since boot and settings.

    \b
    Examples:
      netrx-tune path
      netrx-tune path udp-rcvbuf-full
    """  # noqa: D301 - click reads the backspace
    stages = _chosen(stage)
    snap = delta_of(Place(saved, root, netns, pid), 0, quiet=quiet).after
    values = values_of(snap)
    if output_format == "json":
        options.echo_json(_document(stages, values, snap))
    else:
        kernel = snap.host.kernel if stage is None else None
        width, paint = options.width(), options.colored(color)
        lines = path_lines(values, snap.settings, width, kernel=kernel, stages=stages, color=paint)
        options.echo_plain("\n".join(lines) + "\n", color=paint)
    return 0


def _chosen(name: str | None) -> tuple[Stage, ...]:
    """Return all stages or the one that is named.

    Raises:
        InputError: there is no such stage.
    """
    if name is None:
        return STAGES
    chosen = tuple(stage for stage in STAGES if stage.name == name)
    if not chosen:
        from netrx_tune.rules.near import near  # noqa: PLC0415 - only for a slip

        hint = near(name, (stage.name for stage in STAGES))
        raise InputError(f"no stage is called {name!r}{hint}; `netrx-tune path` lists them")
    return chosen


def _document(
    stages: tuple[Stage, ...], values: dict[str, int], snap: Snapshot
) -> dict[str, object]:
    return {
        "schema": "netrx-tune/path/v1",
        "stages": [
            {
                "stage": stage.name,
                "layer": stage.layer,
                "kind": stage.kind,
                "title": stage.title,
                "function": stage.function,
                "counters": {name: values.get(name) for name in stage.counters},
                "settings": {
                    name: list(snap.settings[name]) for name in stage.knobs if name in snap.settings
                },
                "drop_reasons": list(stage.reasons),
                "blind": stage.blind or None,
            }
            for stage in stages
        ],
    }
