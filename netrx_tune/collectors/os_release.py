"""/etc/os-release: which distribution this is. It is a shell script's assignments."""

from __future__ import annotations

from netrx_tune.collectors.text import numbered
from netrx_tune.model.errors import ParseError


def parse_os_release(text: str, path: str = "/etc/os-release") -> str:
    """Return "debian-12", or "arch" where there is no version."""
    values: dict[str, str] = {}
    for _, line in numbered(text):
        name, _, value = line.strip().partition("=")
        values[name] = value.strip("\"'")
    distribution = values.get("ID")
    if not distribution:
        raise ParseError(path, "expected a line ID=", text)
    version = values.get("VERSION_ID")
    return f"{distribution}-{version}" if version else distribution
