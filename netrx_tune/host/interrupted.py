"""Whether an apply on this host was cut short, for commands that only look.

Most hosts have no journal, and reading one takes modules that looking does not need: they are
loaded where there is something to read.
"""

from __future__ import annotations

import os

JOURNAL = "/var/lib/netrx-tune/journal.json"


def interrupted_apply(root: str) -> str | None:
    """Return what to say of it; None, too, where the journal is not there or does not read.

    Commands that change the host refuse to go on there, and say why.
    """
    if not os.access(root + JOURNAL, os.R_OK):
        return None
    from netrx_tune.host.journal import interrupted, load  # noqa: PLC0415 - see above
    from netrx_tune.model.errors import ApplyError  # noqa: PLC0415 - likewise

    try:
        return interrupted(load(root))
    except ApplyError:
        return None
