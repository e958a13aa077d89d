"""Every socket gets a huge buffer by default.

What it means: net.core.rmem_default or wmem_default is what each new socket gets that does not ask,
of every program: loggers, name service, local services. A slow reader among them then holds that
much kernel memory, and what it reads is old.

How it is counted: no counter; the setting is 16 MiB or more.
Kernel: net/core/sock.c, sock_init_data_uid().

Remedy: leave the default alone and let the few programs that need it ask for their buffer
(SO_RCVBUF), up to net.core.rmem_max.

When not to act: a machine of one purpose, whose program never asks.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import setting
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import size

_HUGE_BYTES = 16 << 20
_KERNEL_DEFAULT_BYTES = 212992
_KEYS = {"net.core.rmem_default": "SO_RCVBUF", "net.core.wmem_default": "SO_SNDBUF"}


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for each default that every socket inherits."""
    for key, option in _KEYS.items():
        value = setting(facts, key)
        if value is not None and value >= _HUGE_BYTES:
            yield note(
                "udp-rcvbuf-full",
                f"{key} gives every socket of every program {size(value)}",
                meaning="Each slow or forgotten socket may hold that much kernel memory, and what"
                f" it reads is old by then. {_now(facts)}",
                recommendations=(_ask_instead(key, option, value),),
            )


def _now(facts: Facts) -> str:
    if facts.ledger.lost_at("udp-proto-mem"):
        return "The memory that all UDP sockets share did run out: a few such queues fill it."
    return "Nothing is lost by it now."


def _ask_instead(key: str, option: str, value: int) -> Recommendation:
    ceiling = key.replace("default", "max")
    return Recommendation(
        kind="setsockopt",
        target=option,
        scope="socket",
        why=f"Let the programs that need much ask for it ({option}, up to {ceiling}). Once they do,"
        f" `sysctl -w {key}={_KERNEL_DEFAULT_BYTES}` gives all others the kernel's default back"
        f" (undo: `sysctl -w {key}={value}`).",
        cost="a program that never asks gets the small buffer after its restart",
        takes_effect="new-sockets",
    )


RULE = Rule((), check, requires=("|".join(_KEYS),))
