"""What stands before a program's name on a command line: a prompt, a path, a pipe, a quote."""

from __future__ import annotations

COMMAND_START = r"(?:^|[\s/$#>|;(`'\"])"
