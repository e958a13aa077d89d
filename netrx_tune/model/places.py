"""Under which names an input holds what was read of it."""

from collections.abc import Mapping
from typing import NamedTuple


class Places(NamedTuple):
    """Where the members of one sample stand in a folder or an archive.

    Most stand below one folder under the kernel's own path. `members` has the others by that
    path, or by the path of the table in a snapshot of our own ("/netrx/nics.jsonl"), with the
    device or the rule behind it where each has a member to itself; "" for what no member holds.
    """

    below: str = ""  # "", "1/", "sosreport-web7/"
    members: Mapping[str, str] = {}
    text: str | None = None  # the whole input, where that is one text and has no members

    def member(self, path: str, record: str = "") -> str:
        """Return the member that was read for a path, "" if that is not known."""
        if self.text is not None:
            return ""
        for key in (of_record(path, record), path):
            if key in self.members:
                found = self.members[key]
                return found and self.below + found
        return self.below + path.lstrip("/")


def of_record(path: str, record: str) -> str:
    """Return under which key the member stands that holds one record of a table.

    Args:
        path: of the table.
        record: whose it is: a device's name, or the place of a rule.
    """
    return f"{path} {record}"
