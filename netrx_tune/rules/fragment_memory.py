"""No memory was left to put fragments together.

What it means: fragments wait in memory that net.ipv4.ipfrag_high_thresh limits. Above it fragments
are refused until old ones time out. From 4.19 on every fragment is refused, even the last one of a
datagram, so one burst can stop all fragmented traffic for up to ipfrag_time seconds.

How it is counted: Ip.ReasmFails and Ip6.ReasmFails less timeouts and overlaps, once per fragment;
up to 4.13 whole datagrams are evicted instead, and counted. Where an input shows no timeouts, any
of it may be one: at most so many were refused.
Kernel: net/ipv4/inet_fragment.c, inet_frag_find(); net/ipv4/ip_fragment.c, ip_find().

Remedy: make the sender's datagrams fit the MTU. Else more memory for reassembly, and where many
datagrams stay incomplete a shorter wait.

When not to act: the memory in use is far below the limit: then fragments were malformed or came too
far apart, more than net.ipv4.ipfrag_max_dist others of their sender between them. If ReasmTimeout
rises, fragments are lost on the way, and more memory stores more halves.

References: Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import Need, capped, do, look, set_sysctl, setting, sysctl_for
from netrx_tune.rules.memory_advice import memory_bound, memory_bytes
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of, size
from netrx_tune.rxpath.kernel_features import reasm_eviction_without_timeout
from netrx_tune.rxpath.queue_needs import FRAME_BYTES, power_of_two, up

_NEAR = 0.5  # of the limit: it may have been full between the samples
_MEMORY_SHARE = 0.02  # of RAM, the most that reassembly may take
_BOUND = "a fiftieth of RAM"
_KERNEL_DEFAULT = 4 << 20
_KERNEL_WAIT_SECONDS = 30  # net.ipv4.ipfrag_time, by default
_SHORT_WAIT_SECONDS = 5
_OF_IPV4 = "net.ipv4.ipfrag_high_thresh"
_DISORDER = "net.ipv4.ipfrag_max_dist"
_MUCH_DISORDER = 4096  # fragments; 64 by default


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when fragments were refused."""
    key, time_key, used = _family(facts, account)
    limit = setting(facts, key)
    far_below = used is not None and limit is not None and used < _NEAR * limit
    near = used is not None and limit is not None and not far_below
    if account.bound == "at-most" and not near:
        return _undivided(facts, account)
    unit = "fragments"
    if reasm_eviction_without_timeout(facts.delta.after.host.kernel):
        unit = "fragments or waiting datagrams"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, unit)} were refused by reassembly",
        meaning=_meaning(facts, key, used, limit, far_below=far_below),
        recommendations=(
            _SENDER,
            _more_memory(facts, key, used, account.lost or 0, far_below=far_below),
            _more_disorder(facts, key) if far_below else _shorter_wait(facts, time_key),
        ),
    )


def _undivided(facts: Facts, account: Account) -> Finding:
    """Return a finding where nothing tells refusals from datagrams whose fragment never came."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'fragments')} were refused by reassembly: any of these failures"
        " may be a fragment that never came",
        meaning="ReasmTimeout tells the two apart, and is not in this input: netstat -s calls it"
        " fragments dropped after timeout, and leaves it out at 0. More memory helps against"
        " refusals alone.",
        recommendations=(
            _SENDER,
            look(
                facts,
                "nstat -az 'IpReasm*' 'Ip6Reasm*'",
                target="Ip.ReasmTimeout",
                why="Shows how many of the failures (ReasmFails) are timeouts (ReasmTimeout).",
            ),
        ),
    )


def _family(facts: Facts, account: Account) -> tuple[str, str, int | None]:
    """Return the limit, the time and the memory in use of the family that refused more."""
    fails = {entry.counter: entry.increase for entry in account.by}
    levels = [snap.levels for snap in (facts.delta.before, facts.delta.after) if snap]
    if fails.get("Ip6.ReasmFails", 0) > fails.get("Ip.ReasmFails", 0):
        names = ("net.ipv6.ip6frag_high_thresh", "net.ipv6.ip6frag_time", "sockstat6.FRAG6.memory")
    else:
        names = (_OF_IPV4, "net.ipv4.ipfrag_time", "sockstat.FRAG.memory")
    used = [level[names[2]] for level in levels if names[2] in level]
    return names[0], names[1], max(used, default=None)


def _meaning(
    facts: Facts, key: str, used: int | None, limit: int | None, *, far_below: bool
) -> str:
    if far_below and used is not None and limit is not None:
        return (
            f"Only {size(used)} of {size(limit)} ({key}) are in use at the ends of the window, so"
            " they were rather malformed, or too far apart, than too many."
        )
    text = "Fragments wait for their fellows in limited memory, and it was full."
    if used is not None and limit is not None:
        text = f"{size(used)} of {size(limit)} ({key}) hold fragments that wait for their fellows."
    if limit is not None and limit < _KERNEL_DEFAULT:
        text += (
            f" The kernel's own default is {size(_KERNEL_DEFAULT)}: distributions lowered it in"
            " 2018 against a flood of fragments (CVE-2018-5391), which newer kernels need no more."
        )
    timeouts = facts.ledger.lost_at("defrag-timeout")
    if timeouts and timeouts < facts.ledger.lost_at("defrag-memory"):
        return text + (
            " Datagrams whose fragments are refused stay incomplete and hold their memory until"
            " they are given up, so it stays full."
        )
    if timeouts:
        return text + " Many never come: they are lost before this host's reassembly."
    return text + " Every further fragment is refused until some are complete or given up."


def _more_memory(
    facts: Facts, key: str, used: int | None, refused: int, *, far_below: bool
) -> Recommendation | None:
    need = _need(facts, used, refused)
    limit = setting(facts, key)
    if far_below and limit is not None:
        need = need._replace(values=(min(limit, *need.values),))
    return sysctl_for(
        facts,
        key,
        need,
        why="While fragments are lost on the way it only stores more halves.",
        cost=f"up to {size(need.values[0])} of kernel memory in this namespace",
    )


def _need(facts: Facts, used: int | None, refused: int) -> Need:
    """Return room for what was held and for what was refused."""
    most = int(memory_bytes(facts) * _MEMORY_SHARE)
    if used is None or facts.delta.mode == "since-boot":
        text = f"One step, from the kernel's {size(_KERNEL_DEFAULT)} to {size(2 * _KERNEL_DEFAULT)}"
        return capped(2 * _KERNEL_DEFAULT, most, text, memory_bound(facts, _BOUND))
    rate = up(refused, max(1, round(facts.delta.seconds or 1)))
    more = min(refused, rate * _KERNEL_WAIT_SECONDS)
    room = power_of_two(used + more * FRAME_BYTES)
    text = (
        f"{size(used)} were held and {count(more)} refused in up to {_KERNEL_WAIT_SECONDS} s at"
        f" {count(FRAME_BYTES)} B of truesize each: {size(room)} as a power of two"
    )
    return capped(room, most, text, memory_bound(facts, _BOUND))


def _more_disorder(facts: Facts, key: str) -> Recommendation | None:
    """Return the advice to bear more of a sender's fragments in between; IPv6 has no such test.

    Kernel: net/ipv4/ip_fragment.c, ip_frag_too_far(): the earlier fragments are thrown away.
    """
    most = setting(facts, _DISORDER)
    if key != _OF_IPV4 or not most or most >= _MUCH_DISORDER:
        return None
    return set_sysctl(
        facts,
        _DISORDER,
        (_MUCH_DISORDER,),
        why="Where one sender's datagrams come mixed, or over several paths, more than"
        f" {count(most)} other fragments of it between two of one datagram end that datagram.",
        cost="fragments of an older datagram of the same number are mixed in sooner; the checksum"
        " finds nearly all",
    )


def _shorter_wait(facts: Facts, key: str) -> Recommendation | None:
    """Return the advice to give incomplete datagrams up sooner, where many stay incomplete."""
    seconds = setting(facts, key)
    incomplete = facts.ledger.lost_at("defrag-timeout")
    if not incomplete or seconds is None or seconds <= _SHORT_WAIT_SECONDS:
        return None
    return set_sysctl(
        facts,
        key,
        (_SHORT_WAIT_SECONDS,),
        why=f"Each incomplete datagram holds its memory for {seconds} s; fragments that come at all"
        " come within milliseconds.",
        cost="fragments that are later than that are lost",
    )


_SENDER = do(
    "sender",
    "sender",
    why="Send datagrams that fit the MTU: then nothing has to be put together.",
    cost="more, smaller datagrams",
)

RULE = loss_rule(("defrag-memory",), check, requires=("Ip.ReasmFails|Ip6.ReasmFails",))
