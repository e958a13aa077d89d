"""/proc/net/stat/nf_conntrack: what connection tracking did, per possible CPU.

Kernel: net/netfilter/nf_conntrack_standalone.c, ct_cpu_seq_show(). 17 words in every version;
the header's changed with their meaning: `searched` became `clashres` in 5.10, `delete_list`
became `chainlength` in 5.15. `icmp_error` is the error count.
"""

from __future__ import annotations

from netrx_tune.collectors.rt_cache import parse_cpu_rows
from netrx_tune.collectors.text import Reading


def parse_nf_conntrack(text: str, path: str = "/proc/net/stat/nf_conntrack") -> Reading:
    """Return rows as "nf_conntrack.drop", one number per CPU, and the level of its entries."""
    return parse_cpu_rows(text, path, "nf_conntrack")
