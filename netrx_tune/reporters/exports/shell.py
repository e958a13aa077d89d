"""A POSIX shell script that raises and never lowers; running values only."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from netrx_tune.reporters.exports.wanted import Export, File, Wanted, advice, header, reasons

_FUNCTIONS = """
# at_least KEY NUMBER...: set what stands lower, number by number.
at_least() {
    key=$1
    shift
    now=$(sysctl -n "$key") || return 1
    new=
    raise=no
    for floor in "$@"; do
        one=${now%%[!0-9]*}
        now=${now#"$one"}
        now=${now#[!0-9]}
        if [ "${one:-0}" -lt "$floor" ]; then
            one=$floor
            raise=yes
        fi
        new="$new $one"
    done
    if [ "$raise" = yes ]; then
        sysctl -w "$key=${new# }"
    fi
}
"""


def render(found: Export) -> tuple[File, ...]:
    """Return the one script."""
    return (File("netrx-tune.sh", "\n".join(_lines(found)) + "\n"),)


def _lines(found: Export) -> Iterator[str]:
    yield "#!/bin/sh"
    yield from header(found, "set the old values back, or boot again: nothing is kept.")
    yield "set -eu"
    if any(one.is_floor for one in found.settings):
        yield _FUNCTIONS
    if not found.settings:
        yield "# Nothing to set."
    for one in found.settings:
        yield from reasons(one, floors=True)
        yield _command(one)
    yield from advice(found)


def _command(one: Wanted) -> str:
    numbers = " ".join(map(str, one.setting.values))
    if one.is_floor:
        return f"at_least {shlex.quote(one.key)} {numbers}"
    return f"sysctl -w {shlex.quote(f'{one.key}={numbers}')}"
