"""TCP gave connections up for want of memory.

What it means: all TCP sockets together reached net.ipv4.tcp_mem (in pages), or there were too many
connections that no program holds any more, so connections were aborted.

How it is counted: TcpExt.TCPAbortOnMemory, once per connection. TCPMemoryPressures counts entries
into pressure, which is no loss.
Kernel: net/core/sock.c, __sk_mem_raise_allocated(); net/ipv4/tcp_timer.c, tcp_out_of_resources().

Remedy: find the connections whose data is not read; raise net.ipv4.tcp_mem if RAM allows.

When not to act: raising net.ipv4.tcp_rmem lets each connection take more of what is missing.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import Need, look, sysctl_for
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.tcp_advice import memory_is_short, pages_in_use
from netrx_tune.rules.words import count, lost_of, size

_KEY = "net.ipv4.tcp_mem"
_MEMORY_SHARE = 0.25  # of RAM, the most that all connections may take


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when connections were given up."""
    short = memory_is_short(facts)
    pages = facts.delta.after.levels.get("sockstat.TCP.mem")
    now = ""
    if pages is not None:
        now = f" All TCP sockets hold {size(pages * facts.delta.after.host.page_bytes)} now."
    why = "Shows connections that hold memory: data that nobody reads, or that cannot be sent."
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'connections')} were given up for want of TCP memory",
        meaning=("The host's limit for all TCP sockets was reached." if short else _OTHER) + now,
        evidence=evidence(facts.delta, "TcpExt.TCPMemoryPressures"),
        recommendations=(
            look(facts, "ss -tmn", kind="application", target="reader", why=why),
            _more(facts),
        ),
    )


def _more(facts: Facts) -> Recommendation | None:
    current = facts.delta.after.settings.get(_KEY, ())
    host = facts.delta.after.host
    if len(current) != 3 or not host.memory_bytes:
        return None
    used = pages_in_use(facts)
    if used is None:
        return None
    top = min(2 * used, int(host.memory_bytes * _MEMORY_SHARE) // host.page_bytes)
    return sysctl_for(
        facts,
        _KEY,
        Need(
            (top // 2, top * 2 // 3, top),
            f"{count(used)} pages were in use, so {count(top)} for all: twice as many, within a"
            " quarter of RAM, and half and two thirds of it where the kernel begins to save.",
        ),
        why=f"The values are pages of {count(host.page_bytes)} B, for the whole host.",
        cost=f"up to {size(top * host.page_bytes)} of kernel memory",
    )


_OTHER = (
    "The limit for all TCP sockets is not near now: a memory limit of a control group, or too many"
    " connections that no program holds (net.ipv4.tcp_max_orphans)."
)

RULE = loss_rule(("tcp-memory",), check, requires=("TcpExt.TCPAbortOnMemory",))
