"""One socket may have a gigabyte of buffer.

What it means: net.core.rmem_max is the most that a program may ask for. At 1 GiB and more a single
slow reader can hold twice that in kernel memory, what it reads is seconds old, and the arithmetic
of the kernel's int comes near its end.

How it is counted: no counter; the setting is 1 GiB or more.
Kernel: net/core/sock.c, __sock_set_rcvbuf(): the request is doubled, in an int.

Remedy: let programs ask for what their bursts need: datagrams of the longest pause x truesize.

When not to act: no program asks for that much: a ceiling alone costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import setting
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import size

_KEY = "net.core.rmem_max"
_EXCESSIVE_BYTES = 1 << 30


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for a ceiling that protects nothing."""
    value = setting(facts, _KEY)
    if value is None or value < _EXCESSIVE_BYTES:
        return
    yield note(
        "udp-rcvbuf-full",
        f"{_KEY} lets one socket have a buffer of {size(value)}, doubled by the kernel",
        meaning="A buffer that large holds seconds of traffic: its reader works on old data, and"
        " one stopped reader pins that much kernel memory. The ceiling itself loses nothing.",
        recommendations=(_ASK_LESS,),
    )


_ASK_LESS = Recommendation(
    kind="setsockopt",
    target="SO_RCVBUF",
    scope="socket",
    why="Let each program ask for what it needs: datagrams that come during its longest pause,"
    " times their truesize (832 B for tiny ones, 2,304 B for a full frame).",
    cost="none",
    takes_effect="restart",
)

RULE = Rule((), check, requires=(_KEY,))
