"""A file for /etc/sysctl.d, with reasons as comments. Source: sysctl.d(5), sysctl.conf(5)."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports.wanted import (
    MODULES_FILE,
    SYSCTL_FILE,
    Export,
    File,
    advice,
    header,
    modules,
    reasons,
)


def render(found: Export) -> tuple[File, ...]:
    """Return the one file."""
    return (File(SYSCTL_FILE, "\n".join(_lines(found)) + "\n"),)


def _lines(found: Export) -> Iterator[str]:
    yield from header(found, f"remove {SYSCTL_FILE}, then set the old values back or boot again.")
    for name in modules(found):
        yield f"# Needs {name} at boot: echo {name} > {MODULES_FILE}"
    if not found.settings:
        yield "# Nothing to set."
    for one in found.settings:
        yield ""
        yield from reasons(one)
        yield f"{one.key} = {one.text}"
    yield from advice(found)


def module_files(found: Export) -> tuple[File, ...]:
    """Return the file of modules-load.d, none where no key needs a module."""
    names = modules(found)
    if not names:
        return ()
    lines = ["# netrx-tune: keys in sysctl.d exist only once these are loaded.", *names]
    return (File(MODULES_FILE, "\n".join(lines) + "\n"),)
