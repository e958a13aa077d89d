"""What to say of a text that holds nothing to judge: whose it may be, and what to give instead."""

from __future__ import annotations

import re

from netrx_tune.collectors.json_text import problem_of_json

__all__ = ["why_unread"]

# What sar shows per second, and the command that has the counters themselves.
_RATES = (
    (r"\bidgm/s\b.*\bidgmerr/s\b", "sar -n UDP", "nstat -az"),
    (r"\b(?:irec6?|ihdrerr6?|iseg|asmf6?)/s\b", "sar -n", "nstat -az"),
    (r"\brxerr/s\b.*\brxdrop/s\b", "sar -n EDEV", "ip -s -s link"),
    (r"\brxpck/s\b", "sar -n DEV", "ip -s -s link"),
    (r"\bdropd/s\b.*\bsqueezd/s\b", "sar -n SOFT", "cat /proc/net/softnet_stat"),
    (r"(?m)^\s*[\w.-]+:?\s+[\d.]+[kKMG]?/s\s*$", "a tool that subtracts", "ethtool -S DEVICE"),
)
# measurement,tag=value field=number time; Telegraf and VictoriaMetrics write so.
_INFLUX = re.compile(
    r"^[\w.-]{1,64}(?:,[\w.-]{1,64}=[^\s,=]{1,128})* [\w.-]{1,64}=[\d.]{1,24}[iu]?(?:,\S*)?"
    r"(?: \d{10,19})?$",
    re.MULTILINE,
)


def why_unread(text: str) -> str | None:
    """Return why nothing was read of a text, None where nothing more can be said."""
    for look, whose, command in _RATES:
        if re.search(look, text):
            return (
                f"rates of {whose}: they round, and leave out how many packets there were; give"
                f" the counters of {command}, best twice: {command} > 1; sleep 10;"
                f" {command} > 2; netrx-tune diagnose --from 1 --from 2"
            )
    if _INFLUX.search(text):
        return (
            "InfluxDB's line protocol, in which measurements of many hosts and moments may stand;"
            " give what the host itself shows: nstat -az; ip -s -s link; cat /proc/net/softnet_stat"
        )
    return problem_of_json(text)
