"""A NixOS module. Source: boot.kernel.sysctl in nixos/modules/config/sysctl.nix.

nixpkgs merges net.core.rmem_max and wmem_max of several modules by the largest; they are
integers there. Free text stands only in comments.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports.wanted import (
    Export,
    File,
    advice,
    header,
    modules,
    reasons,
)


def render(found: Export) -> tuple[File, ...]:
    """Return the one module."""
    return (File("/etc/nixos/netrx-tune.nix", "\n".join(_lines(found)) + "\n"),)


def _lines(found: Export) -> Iterator[str]:
    yield from header(found, "take it out of imports and run nixos-rebuild switch.")
    yield "{ ... }:"
    yield "{"
    names = modules(found)
    if names:
        yield f"  boot.kernelModules = [ {' '.join(map(_text, names))} ];"
    yield "  boot.kernel.sysctl = {"
    for one in found.settings:
        yield from reasons(one, "    # ")
        value = one.text if len(one.values) == 1 else _text(one.text)
        yield f"    {_text(one.key)} = {value};"
    yield "  };"
    yield "}"
    yield from advice(found)


def _text(text: str) -> str:
    return f'"{text}"'  # keys and numbers: nothing to escape
