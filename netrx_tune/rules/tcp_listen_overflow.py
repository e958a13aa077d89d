"""A listener's queue of finished connections was full.

What it means: connections wait for accept() in a queue as long as the program's listen() asked for,
and no longer than net.core.somaxconn. It was full, so a SYN or the last step of a handshake was
dropped; the client tries again a second later, then two, then four.

How it is counted: TcpExt.ListenOverflows, once per attempt; each is in ListenDrops and in the
listener's drops too, and is charged once.
Kernel: net/ipv4/tcp_input.c, tcp_conn_request(); net/ipv4/tcp_ipv4.c, tcp_v4_syn_recv_sock().

Remedy: accept faster. For bursts a longer queue: the backlog in the program's own listen() call,
and net.core.somaxconn only where that is what caps it. A running listener keeps its length until it
calls listen() again.

When not to act: a program that does not accept fills any queue. Raising net.core.somaxconn changes
nothing while the program asks for less.

References: listen(2).
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import Need, capped, do, look, setting, shows_moments, sysctl_for
from netrx_tune.rules.buffers import report
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.tcp_advice import listeners as tcp_listeners
from netrx_tune.rules.words import count, lost_of, size, when
from netrx_tune.rxpath.queue_needs import USECS, WAITING_CONNECTION_BYTES, arrivals, power_of_two

_KEY = "net.core.somaxconn"
_STEP = 4096  # the kernel's default from 5.4 on
_SHORTEST = 128
_PAUSE_USECS = USECS  # a client whose SYN was dropped asks again a second later
_MOST = 65535
_ANY_REFUSAL = (
    "ListenDrops counts each SYN that a listener refused, also for a full queue of half-open"
    " connections (TCPReqQFullDrop), and only ListenOverflows, which is not shown, is this queue."
)
_MOST_SOCKETS = 10


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when accept queues were full."""
    listeners = _listeners(facts)
    on = f" on {_name(facts, listeners[0][0])}" if listeners else ""
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'connection attempts')} found the accept queue full{on}",
        meaning=_meaning(facts, listeners) if account.bound == "exact" else _ANY_REFUSAL,
        sockets=tuple(
            report(facts.delta, sock, drops) for sock, drops in listeners[:_MOST_SOCKETS]
        ),
        recommendations=_advice(facts, listeners),
    )


def _listeners(facts: Facts) -> list[tuple[Socket, int]]:
    """Return the listeners that lost something, else those whose queue is full now, or may be.

    One at its length takes a last connection; it stood there when somebody looked.
    """
    drops = [(s, n) for s, n in facts.delta.socket_drops or () if s.accept_limit is not None]
    if not drops:
        listed = tcp_listeners(facts.delta.after)
        full = [sock for sock in listed if _is_full(sock)]
        drops = [(sock, 0) for sock in full or filter(_is_at_its_length, listed)]
    return sorted(drops, key=lambda loser: -loser[1])


def _is_full(sock: Socket) -> bool:
    """Tell whether a queue takes no more: sk_acceptq_is_full() in include/net/sock.h."""
    queue, limit = sock.accept_queue, sock.accept_limit
    return queue is not None and limit is not None and queue > limit


def _is_at_its_length(sock: Socket) -> bool:
    return bool(sock.accept_limit) and sock.accept_queue == sock.accept_limit


def _stays_full(facts: Facts, sock: Socket) -> bool:
    """Tell whether a queue was full at both ends of the window: nobody accepts, or too slowly."""
    earlier = [one for one in tcp_listeners(facts.delta.before) if one.local == sock.local]
    return _is_full(sock) and any(map(_is_full, earlier))


def _name(facts: Facts, sock: Socket) -> str:
    process = facts.delta.after.processes.get(sock.inode)
    return f"{sock.local} ({process.name})" if process else sock.local


def _meaning(facts: Facts, listeners: list[tuple[Socket, int]]) -> str:
    somaxconn = setting(facts, _KEY)
    if not listeners or somaxconn is None:
        return "The program did not accept fast enough for what came. Clients try again, later."
    sock = listeners[0][0]
    limit = sock.accept_limit or 0
    text = f"The queue of {sock.local} holds {count(limit)} connections. "
    if limit < somaxconn:
        text += (
            "The program's own listen() asked for that:"
            f" {_KEY} ({count(somaxconn)}) is not what caps it."
        )
    else:
        text += f"It is {_KEY} ({count(somaxconn)}) that caps it, whatever the program asks for."
    text += _beside(facts, sock)
    if _stays_full(facts, sock):
        text += " It was full at both ends of the window: the program hardly accepts."
    return text


def _beside(facts: Facts, sock: Socket) -> str:
    """Say that other listeners on the port have room, "" where there are none."""
    same = [one for one in tcp_listeners(facts.delta.after) if one.local == sock.local]
    roomy = [one for one in same if not _is_full(one)]
    if not _is_full(sock) or not roomy:
        return ""
    return (
        f" {count(len(roomy))} of the {count(len(same))} listeners there have room: with"
        " SO_REUSEPORT a new connection goes to one of them by its hash, whether or not its"
        " program accepts. Look at the thread or process that has the full one."
    )


def _advice(facts: Facts, listeners: list[tuple[Socket, int]]) -> Iterator[Recommendation | None]:
    somaxconn = setting(facts, _KEY)
    if not listeners:
        yield look(
            facts,
            "ss -ltn",
            kind="application",
            target="listen() backlog",
            why="Shows each listener's queue (Recv-Q) and its length (Send-Q). A length below"
            f" {_KEY} ({'not readable here' if somaxconn is None else count(somaxconn)}) is the"
            " program's own, to be changed in its configuration.",
        )
        return
    sock, refused = listeners[0]
    if _stays_full(facts, sock):
        yield _accept(sock)
        return
    need = _need(facts, sock, refused)
    longer = sysctl_for(
        facts,
        _KEY,
        need,
        why="The program must ask for as much in listen() and call it again, which mostly means a"
        " restart.",
        cost=_cost(need),
        takes_effect="restart",
    )
    if need.values[0] <= (sock.accept_limit or 0):
        yield _accept(sock)
        return
    capped_by_host = somaxconn is not None and (sock.accept_limit or 0) >= somaxconn
    asked = _ask_for_more(sock, need)
    yield from (longer, asked) if capped_by_host else (asked, longer)
    yield _accept(sock)


def _need(facts: Facts, sock: Socket, refused: int) -> Need:
    """Return a queue for a second without accept(), and for the largest burst there can have been.

    No burst was larger than what the full queue held and what was refused.
    """
    delta = facts.delta
    if delta.mode == "since-boot" or not delta.seconds:
        return Need((_STEP,), f"One step, to {count(_STEP)}: the kernel's default from 5.4 on.")
    refused = refused or facts.ledger.lost_at("tcp-listen-overflow")
    held = sock.accept_limit or 0
    rate = round(((delta.increase("Tcp.PassiveOpens") or 0) + refused) / delta.seconds)
    waits = arrivals(rate, _PAUSE_USECS)
    burst, how = 2 * held, f"twice the {count(held)} that it holds"
    if shows_moments(facts):
        burst = held + refused
        how = f"no burst was larger than the {count(held)} that waited and the {count(refused)}"
        how += f" refused{when(facts)}"
    room = power_of_two(max(waits, burst, _SHORTEST))
    text = (
        f"{count(rate)} connections/s x {_PAUSE_USECS // USECS} s without accept() ="
        f" {count(waits)}, and {how}: {count(room)}"
    )
    return capped(room, _MOST, text, "the largest that every kernel takes")


def _cost(need: Need) -> str:
    return f"up to {size(need.values[0] * WAITING_CONNECTION_BYTES)} for connections that wait"


def _ask_for_more(sock: Socket, need: Need) -> Recommendation | None:
    limit = sock.accept_limit or 0
    if need.values[0] <= limit:
        return None
    return Recommendation(
        kind="application",
        target="listen() backlog",
        scope="application",
        why=f"{need.arithmetic} The queue of {sock.local} holds {count(limit)}: the program asks"
        f" for that, or has not called listen() again since {_KEY} was raised. Raise it in the"
        " program's configuration (often named backlog), and restart it.",
        cost=_cost(need),
        takes_effect="restart",
        current=limit,
        proposed=need.values[0],
    )


def _accept(sock: Socket) -> Recommendation:
    return do(
        "application",
        sock.local,
        why="Accept faster: more acceptors (SO_REUSEPORT or worker processes), and no slow work"
        " between two accepts.",
        cost="a change of the program or its configuration",
    )


RULE = loss_rule(("tcp-listen-overflow",), check)
