"""One flow, or many: what RSS and RPS can divide among CPUs, and what they cannot.

Both hash addresses and ports, so a flow always takes the same queue and the same CPU.
Kernel: net/core/dev.c, get_rps_cpu(); net/core/flow_dissector.c, skb_get_hash().
"""

from __future__ import annotations

from netrx_tune.rules.cpus import cpus_words
from netrx_tune.rules.relief import mask_bits
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count
from netrx_tune.rxpath.cpu_load import packets_by_cpu

_LEAST_PACKETS = 200
_UNEVEN = 0.1  # of an even share: a CPU that got less got no part of the flows


def one_flow_words(facts: Facts, device: str, cpu: int) -> str:
    """Say that RPS may use several CPUs and one got all, or nothing where flows are divided.

    softnet_stat is the whole host's, so what others sent hides the sign, and never fakes it.
    """
    found = facts.delta.after.devices.get(device)
    masks = [mask_bits(mask) for mask in found.rps_cpus] if found else []
    allowed = [
        n for n in range(max(masks, default=0).bit_length()) if any(m >> n & 1 for m in masks)
    ]
    handled = packets_by_cpu(facts.delta)
    others = [handled.get(one, 0) for one in allowed if one != cpu]
    even = handled.get(cpu, 0) / max(1, len(allowed))
    if cpu not in allowed or not others or handled.get(cpu, 0) < _LEAST_PACKETS:
        return ""
    if max(others) > _UNEVEN * even:
        return ""
    return (
        f" RPS may use {cpus_words(allowed)} for {device}, and CPU {cpu} handled"
        f" {count(handled[cpu])} packets while no other handled more than {count(max(others))}:"
        " one flow, or few that share a hash. One flow cannot be spread by RSS or RPS."
    )
