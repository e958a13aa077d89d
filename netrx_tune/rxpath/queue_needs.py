"""How long a queue has to be, from counters of a host or for traffic to come: one arithmetic.

All of it is on integers, and what is needed never depends on what is set today: the same counters
ask for the same value again after it was set.
"""

from __future__ import annotations

USECS = 1_000_000
# What one place in a queue may pin. Kernel: include/net/netfilter/nf_conntrack.h,
# nf_ct_alloc_hashtable(); struct ipq in net/ipv4/ip_fragment.c and its hash node; a connection
# that waits for accept() is a whole socket by then; struct tcp_request_sock.
ENTRY_BYTES = 320
BUCKET_BYTES = 8
FRAGMENT_QUEUE_BYTES = 256
WAITING_CONNECTION_BYTES = 2048
HALF_OPEN_BYTES = 304
FRAME_BYTES = 2304  # truesize of a full frame of MTU 1500

ENTRIES_PER_BUCKET = 4  # the kernel's own ratio for most of its life: look-ups stay short


def up(number: int, divisor: int) -> int:
    """Return the quotient, rounded up."""
    return -(-number // divisor)


def power_of_two(number: int) -> int:
    """Return the next power of two that is no smaller."""
    return 1 << max(0, number - 1).bit_length()


def arrivals(per_second: int, usecs: int) -> int:
    """Return what comes while nobody takes anything out."""
    return up(per_second * usecs, USECS)


def bridged_usecs(places: int, per_second: int) -> int:
    """Return how long a queue takes what comes: the inverse of arrivals()."""
    return places * USECS // per_second


def entries(per_second: int, seconds: int) -> int:
    """Return the entries of a table that new ones fill and time empties."""
    return per_second * seconds


def buckets(table: int) -> int:
    """Return the hash buckets that a table of so many entries wants."""
    return up(table, ENTRIES_PER_BUCKET)


def incomplete_bytes(datagrams: int, truesize_bytes: int) -> int:
    """Return the memory of datagrams that wait for a fragment."""
    return datagrams * (truesize_bytes + FRAGMENT_QUEUE_BYTES)
