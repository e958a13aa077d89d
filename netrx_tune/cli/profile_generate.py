"""`profile generate`: from a diagnosis to a profile."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import click

from netrx_tune import __version__
from netrx_tune.cli import options
from netrx_tune.cli.diagnose import memory_of, refuse_emptiness
from netrx_tune.cli.inputs import Place, delta_of
from netrx_tune.cli.profile_reading import print_profile
from netrx_tune.host import profiles
from netrx_tune.host.save import check_folder
from netrx_tune.host.source import Tree
from netrx_tune.model.finding import Diagnosis
from netrx_tune.model.profile import Profile
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude, why_unproven
from netrx_tune.planning.profile_fields import NAME
from netrx_tune.planning.profile_generate import Origin, generate
from netrx_tune.reporters.plain import escape
from netrx_tune.reporters.profile_yaml import render_yaml

_CHUNK = 1 << 20


@click.command("generate")
@click.option("--profile", metavar="NAME|FILE", help="Merge the floors of this workload profile.")
@click.option("-o", "--output", metavar="FILE", help="Write it there, as YAML.")
@options.interval_option("How long to watch; 0 judges totals since boot.")
@options.place_options
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["yaml", "text", "json"]),
    default="yaml",
    show_default=True,
    help="What to print where -o is not given.",
)
@options.color_option
@options.quiet_option
def generate_command(
    profile: str | None,
    output: str | None,
    interval: float,
    saved: str | None,
    netns: str | None,
    pid: int | None,
    root: str | None,
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    """Write a profile of what a diagnosis asks for, and nothing else.

    Each value comes with its reason, the counters that moved, and the value that it replaces.

    \b
    Examples:
      sudo netrx-tune profile generate --interval 30 -o here.yaml
      netrx-tune profile generate --from run.tar.gz --profile quic-http3
    """  # noqa: D301 - click reads the backspace
    place = Place(saved, root, netns, pid)
    place.check()
    if output and output != "-":
        check_folder(output)
        options.say_unused("output_format", "what -o writes is YAML", quiet=quiet)
    tree = Tree((root or "").rstrip("/"))
    resolved = profiles.opened(profile, profiles.shelf(root=tree.root)) if profile else None
    delta = delta_of(place, interval, quiet=quiet)
    base = resolved(memory_of(delta)) if resolved else None
    diagnosis = conclude(delta, base)
    refuse_emptiness(diagnosis)
    made = generate(diagnosis, delta.after.settings, _origin(place, delta, output), base)
    if output and output != "-":
        profiles.write(output, (("", render_yaml(made)),))
    else:
        print_profile(made, tree, output_format, color=options.colored(color))
    options.progress(_word(made, output, base) + _doubt(made, diagnosis), quiet=quiet)
    return 0


def _origin(place: Place, delta: Delta, output: str | None) -> Origin:
    """Return the profile's name and what made it."""
    stem = Path(output or "").stem
    window = delta.mode if delta.seconds is None else f"{delta.mode}, {delta.seconds:.1f} s"
    facts = {
        "from": _source(place),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "window": window,
        "kernel": delta.after.host.release or "unknown",
        "by": f"netrx-tune {__version__}",
    }
    if place.saved and Path(place.saved).is_file():
        facts["sha256"] = _digest(place.saved)
    clean = {key: escape(value)[:200] for key, value in facts.items()}
    return Origin(stem if NAME.fullmatch(stem) else "generated", clean)


def _source(place: Place) -> str:
    if place.saved:
        return Path(place.saved).name or place.saved
    if place.netns:
        return f"namespace {place.netns}"
    if place.pid:
        return f"process {place.pid}"
    return f"the tree {place.root}" if place.root else "this host"


def _digest(path: str) -> str:
    found = hashlib.sha256()
    with Path(path).open("rb") as file:
        while part := file.read(_CHUNK):
            found.update(part)
    return found.hexdigest()


def _word(made: Profile, output: str | None, base: Profile | None) -> str:
    """Return the closing line for standard error."""
    where = f"{escape(output)}: " if output else ""
    if not made.settings:
        also = f" {base.name} itself was not applied." if base else ""
        return f"{where}no evidence asks for a setting; the profile is empty.{also}"
    many = f"{len(made.settings)} setting{'s' * (len(made.settings) != 1)}"
    return f"{where}{many}{escape(_next(output)) if output else ''}"


def _doubt(made: Profile, diagnosis: Diagnosis) -> str:
    """Return why an empty profile proves nothing, where that is so."""
    why = "" if made.settings else why_unproven(diagnosis)
    return f" That proves little: {why}." if why else ""


def _next(output: str) -> str:
    """Return what to type then; without a slash or suffix, apply would look for a name."""
    is_file = "/" in output or output.endswith((".yaml", ".yml"))
    return f"; next: netrx-tune apply {quote(output if is_file else f'./{output}')}"
