"""Lines of a log among the counters of a text: what explains each, and what they ask for."""

from __future__ import annotations

from netrx_tune.collectors.log_text import OTHER_LINE, REQUESTS, Request
from netrx_tune.model.sample import Gap
from netrx_tune.planning.messages import messages_among


def log_lines(text: str) -> tuple[tuple[Gap, ...], dict[str, str]]:
    """Return what explains the lines of a log that stand in a text, and the requests they tell of.

    They are no counters.
    """
    heard = messages_among(text.splitlines())
    gaps = [Gap(OTHER_LINE, "unparsed", f"netrx-tune explain {one.message.name}") for one in heard]
    requests = "".join(
        Request(one.wanted_bytes or 0, one.got_bytes, one.message.title).line
        for one in heard
        if one.is_cut
    )
    return tuple(gaps), {REQUESTS: requests} if requests else {}
