"""`netrx-tune explain`: the page of a finding, stage, counter, tunable, system or log line."""

from __future__ import annotations

import click

from netrx_tune.cli import options
from netrx_tune.model.errors import InputError
from netrx_tune.planning.policy_pages import INPUT_PAGES, POLICY_PAGES
from netrx_tune.reporters.pages import page, page_json, render_page_text, suggestions
from netrx_tune.rules import rules

_MOST_SHOWN = 80  # characters of a name that nothing has


@click.command("explain")
@click.argument("name", nargs=-1, required=True)
@options.output_options
def command(
    name: tuple[str, ...],
    output_format: str,
    color: str,
    quiet: bool,  # noqa: ARG001 - it has no progress to tell
) -> int:
    """Explain NAME: a rule, a stage, a counter in any spelling, a tunable, a word, a log line.

    \b
    Examples:
      netrx-tune explain socket-buffer-full
      netrx-tune explain sustained-overload
      netrx-tune explain RcvbufErrors
      netrx-tune explain net.core.rmem_max
      netrx-tune explain "nf_conntrack: table full, dropping packet"
    """  # noqa: D301 - click reads the backspace
    wanted = " ".join(name)
    known = {rule: (value.stages, text) for rule, value, text in rules()}
    pages = {rule: text for rule, (_, text) in known.items()}
    pages.update((str(rule), text) for rule, text in POLICY_PAGES.items())
    pages.update(INPUT_PAGES)
    found = page(wanted, pages, {rule: stages for rule, (stages, _) in known.items()})
    if found is None:
        near = ", ".join(suggestions(wanted, pages))
        hint = (
            f"near it: {near}" if near else "`netrx-tune path` lists the stages with their counters"
        )
        raise InputError(f"nothing is called {wanted[:_MOST_SHOWN]!r}; {hint}")
    if output_format == "json":
        options.echo_json(page_json(found))
    else:
        paint = options.colored(color)
        options.echo_plain(render_page_text(found, options.width(), color=paint), color=paint)
    return 0
