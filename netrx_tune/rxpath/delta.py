"""What grew between two snapshots, with wraps, restarts and strangers sorted out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import sub

from netrx_tune.collectors.clock import clock_seconds
from netrx_tune.collectors.moments import SINCE_LAST
from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Delta, Snapshot, SoftnetCpu

_MOST_GROUPS = 32  # of names worth remembering: those of eight cards, asked for twice a host
_MANY_NAMES = 4096
_TWO_32 = 1 << 32
_HALF_32 = 1 << 31
_TRAFFIC = ("Ip.InReceives", "Ip6.InReceives", "Udp.InDatagrams", "Udp6.InDatagrams", "Tcp.InSegs")
_SOFTNET_COLUMNS = ("processed", "dropped", "time_squeeze", "received_rps", "flow_limit_count")


def grown(before: int, after: int, *, bits: int = 64) -> int | None:
    """Return a counter's increase, or None if it restarted.

    A 32-bit counter that fell by more than half its range has wrapped; any other fall is a
    restart, after which nothing is known.
    """
    if after >= before:
        return after - before
    if bits == 32 and before < _TWO_32 and before - after > _HALF_32:
        return after + _TWO_32 - before
    return None


def since_boot(after: Snapshot, notes: tuple[str, ...] = ()) -> Delta:
    """Return totals since boot as one window that began with all counters at zero."""
    increases = dict(after.counters)
    for name, rows in after.per_cpu.items():
        increases[name] = sum(rows)
    increases.update(_softnet_totals(after.softnet or ()))
    for place, counters in _groups(after):
        increases.update(zip(_full_names(place, counters), counters.values(), strict=True))
    drops = None
    if after.sockets is not None:
        drops = tuple((sock, sock.drops) for sock in after.sockets.sockets if sock.drops)
    return Delta(
        before=None,
        after=after,
        mode="since-boot",
        seconds=after.host.uptime_seconds,
        increases=increases,
        restarted=(),
        socket_drops=drops,
        vanished_sockets=0,
        socket_skew=after.socket_skew,
        notes=notes,
    )


def between(before: Snapshot, after: Snapshot, *, live: bool) -> Delta:
    """Return what grew from one snapshot to a later one of the same host and namespace."""
    broken = _why_not_comparable(before, after)
    if broken:
        return since_boot(after, (broken,))
    increases: dict[str, int] = {}
    restarted: list[str] = []
    notes: list[str] = []
    bits = 64 if _has_wide_counters(after) else 32
    _add_group(("", before.counters, after.counters), bits, increases, restarted)
    strangers = _strangers(before, after)
    known = {name: one for name, one in before.devices.items() if name not in strangers}
    earlier = dict(_groups(before._replace(devices=known) if strangers else before))
    for place, counters in _groups(after):
        _add_group((place, earlier.get(place, {}), counters), 64, increases, restarted)
    _sum_rows(before, after, increases, restarted)
    _sum_softnet(before, after, increases, restarted, notes)
    drops, vanished = _socket_drops(before, after)
    if restarted:
        notes.append(f"{len(restarted)} counters fell, so their increase is unknown")
    other = "is another device than before, so what it counted is unknown"
    notes.extend(f"{name} {other}" for name in strangers)
    notes.extend(_clock_notes(before, after))
    return Delta(
        before=before,
        after=after,
        mode="interval" if live else "between-samples",
        seconds=_seconds(before, after),
        increases=increases,
        restarted=tuple(restarted),
        socket_drops=drops,
        vanished_sockets=vanished,
        socket_skew=before.socket_skew + after.socket_skew,
        notes=tuple(notes),
    )


def softnet_pairs(delta: Delta) -> Iterator[tuple[int, SoftnetCpu, SoftnetCpu]]:
    """Yield (CPU or row number, before, after) for each row that both samples have."""
    after = delta.after.softnet or ()
    if delta.before is None:
        for row, now in enumerate(after):
            nothing = SoftnetCpu(now.cpu, 0, 0, 0, 0, None, None)
            yield row if now.cpu is None else now.cpu, nothing, now
        return
    yield from _matched_rows(delta.before.softnet or (), after)


def _why_not_comparable(before: Snapshot, after: Snapshot) -> str | None:
    was, now = before.host, after.host
    if was.boot_id and now.boot_id and was.boot_id != now.boot_id:
        return "the host was rebooted between the samples: totals since that boot are judged"
    if (was.uptime_seconds or 0) > (now.uptime_seconds or float("inf")):
        return "the host was rebooted between the samples: totals since that boot are judged"
    namespaces = {snap.files.get("/netrx/namespace", "") for snap in (before, after)}
    if "" not in namespaces and len(namespaces) > 1:
        return "the samples are of two network namespaces: totals of the second are judged"
    if any(gap.detail == SINCE_LAST for gap in (*before.gaps, *after.gaps)):
        return "what nstat counted since its last call is no window with another: the second counts"
    timed = _seconds(before, after) is not None or (was.boot_id and now.boot_id)
    if not timed and _fell(before, after):
        return (
            "all that came is less in the second sample: the host was rebooted between them, they"
            " stand in the wrong order, or are of two hosts or namespaces: totals of the second"
            " are judged"
        )
    return None


def _fell(before: Snapshot, after: Snapshot) -> bool:
    """Tell whether no counter of traffic can have grown from the one to the other."""
    was, now = before.counters, after.counters
    bits = 64 if _has_wide_counters(after) else 32
    both = [name for name in _TRAFFIC if name in was and name in now]
    return bool(both) and all(grown(was[name], now[name], bits=bits) is None for name in both)


def _seconds(before: Snapshot, after: Snapshot) -> float | None:
    was, now = before.host.uptime_seconds, after.host.uptime_seconds
    return None if was is None or now is None else max(0.0, round(now - was, 3))


def _clock_notes(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """Tell of a suspend: CLOCK_MONOTONIC stands still then, /proc/uptime does not."""
    clocks = [clock_seconds(snap.files, "monotonic") for snap in (before, after)]
    seconds = _seconds(before, after)
    if None in clocks or seconds is None:
        return
    awake = (clocks[1] or 0.0) - (clocks[0] or 0.0)
    if seconds - awake > 1.0:
        yield f"the host was suspended for {seconds - awake:.0f} of {seconds:.0f} seconds"


def _add_group(
    group: tuple[str, Mapping[str, int], Mapping[str, int]],
    bits: int,
    increases: dict[str, int],
    restarted: list[str],
) -> None:
    """Add what grew of the counters that both samples have, and those that restarted.

    Most often both have the same, in one order.

    Args:
        group: what their names begin with, and the counters before and after.
        bits: their width.
        increases: takes the increases by their full names.
        restarted: takes the full names of the others.
    """
    place, before, after = group
    if not after or not before:
        return
    if [*after] == [*before]:
        gained = [*map(sub, after.values(), before.values())]
        if min(gained) >= 0:
            increases.update(zip(_full_names(place, after), gained, strict=True))
            return
        gains = dict(zip(after, gained, strict=True))
    else:
        gains = {name: now - before[name] for name, now in after.items() if name in before}
    if gains and min(gains.values()) < 0:
        again = {name: grown(before[name], after[name], bits=bits) for name in gains}
        restarted += [place + name for name, gained in again.items() if gained is None]
        gains = {name: gained for name, gained in again.items() if gained is not None}
    increases.update(zip(_full_names(place, gains), gains.values(), strict=True))


def _full_names(place: str, counters: Mapping[str, int]) -> Iterable[str]:
    """Return the names of counters behind what all of them begin with."""
    if not place:
        return counters
    names = tuple(counters)
    return (_joined if len(names) <= _MANY_NAMES else _joined.__wrapped__)(place, names)


@lru_cache(_MOST_GROUPS)
def _joined(place: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(place.__add__, names))


def _has_wide_counters(snap: Snapshot) -> bool:
    """Tell a 64-bit kernel: SNMP counters are longs, octets (always 64 bit) left aside."""
    if max(snap.counters.values(), default=0) < _TWO_32:
        return False
    return any(v >= _TWO_32 and "Octets" not in n for n, v in snap.counters.items())


def _groups(snap: Snapshot) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Yield device, driver, peer and firewall counters, and what their full names begin with."""
    for device in snap.devices.values():
        yield f"{device.name}.", device.statistics
        yield f"{device.name}.peer.", device.peer_statistics or {}
        yield f"{device.name}.ethtool.", device.nic.statistics if device.nic else {}
    yield "", {f"{rule.source}:{rule.place}": rule.packets for rule in snap.rules or ()}


def _strangers(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return the devices that were made anew, or renamed, under a name that was another's."""
    was, now = before.files, after.files
    paths = [f"/sys/class/net/{name}/ifindex" for name in after.devices]
    others = [path for path in paths if path in was and was[path] != now.get(path, was[path])]
    return tuple(path.split("/")[4] for path in others)


def _sum_rows(
    before: Snapshot, after: Snapshot, increases: dict[str, int], restarted: list[str]
) -> None:
    for name, now in after.per_cpu.items():
        was = before.per_cpu.get(name)
        if was is None:
            continue
        gains = _row_gains(was, now)
        if gains is None:
            restarted.append(name)
        else:
            increases[name] = sum(gains)


def _row_gains(was: Sequence[int], now: Sequence[int]) -> list[int] | None:
    """Return what each 32-bit counter gained, or None if one of them restarted."""
    if was == now:
        return [0]  # most columns stand still
    if len(was) != len(now):
        return None
    plain = list(map(sub, now, was))
    if not plain or min(plain) >= 0:
        return plain
    gains = [grown(a, b, bits=32) for a, b in zip(was, now, strict=True)]
    return None if None in gains else [gain or 0 for gain in gains]


def _softnet_totals(rows: Iterable[SoftnetCpu]) -> Iterator[tuple[str, int]]:
    for column, values in _columns(rows):
        if None not in values:
            yield f"softnet.{column}", sum(values)


def _columns(rows: Iterable[SoftnetCpu]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the columns that count, none where there is no row."""
    columns = dict(zip(SoftnetCpu._fields, zip(*rows, strict=True), strict=False))
    return ((name, columns[name]) for name in _SOFTNET_COLUMNS if columns)


def _matched_rows(
    before: tuple[SoftnetCpu, ...], after: tuple[SoftnetCpu, ...]
) -> Iterator[tuple[int, SoftnetCpu, SoftnetCpu]]:
    if all(row.cpu is not None for row in (*before, *after)):
        earlier = {row.cpu: row for row in before}
        for now in after:
            if now.cpu in earlier:
                yield now.cpu or 0, earlier[now.cpu], now
    elif len(before) == len(after):
        yield from ((n, a, b) for n, (a, b) in enumerate(zip(before, after, strict=True)))


def _sum_softnet(
    before: Snapshot,
    after: Snapshot,
    increases: dict[str, int],
    restarted: list[str],
    notes: list[str],
) -> None:
    """Add the columns over the CPUs that were online in both samples.

    A CPU that comes online brings back what it had counted before it went, so its row is no
    increase. Kernel: net/core/net-procfs.c, softnet_seq_get_online().
    """
    if before.softnet is None or after.softnet is None:
        return
    rows = before.softnet, after.softnet
    if [row.cpu for row in rows[0]] != [row.cpu for row in rows[1]]:
        pairs = list(_matched_rows(*rows))
        if len(pairs) != max(map(len, rows)):
            notes.append("CPUs went on or off line between the samples; only those in both count")
        rows = tuple(was for _, was, _ in pairs), tuple(now for _, _, now in pairs)
    for (column, were), (_, are) in zip(*map(_columns, rows), strict=True):
        if None in were:
            continue
        gains = None if None in are else _row_gains(were, are)
        if gains is None:
            restarted.append(f"softnet.{column}")
        else:
            increases[f"softnet.{column}"] = sum(gains)


def _key(sock: Socket) -> tuple[object, ...]:
    if sock.cookie is not None:
        return (sock.protocol, sock.cookie)
    return (sock.protocol, sock.family, sock.inode, sock.local)


def _socket_drops(
    before: Snapshot, after: Snapshot
) -> tuple[tuple[tuple[Socket, int], ...] | None, int]:
    """Pair sockets with the drops they gained, and count those that went with theirs.

    Tables list every socket that has drops, so one that is not in the earlier table had none.
    One that a watch saw and that has closed is listed with the drops last seen: it counts as gone.
    sk_drops is 32 bits wide (include/net/sock.h).
    """
    if before.sockets is None or after.sockets is None:
        return None, 0
    # What did not change is one record in both, of which there is nothing to say.
    old, new = before.sockets.sockets, after.sockets.sockets
    same = {*map(id, old)}.intersection(map(id, new))
    earlier: Mapping[tuple[object, ...], Socket] = {
        _key(sock): sock for sock in _told(old, same) if sock.drops
    }
    gained = []
    present: set[tuple[object, ...]] = set()
    closed: set[tuple[object, ...]] = set()
    for sock in _told(new, same):
        key = _key(sock)
        was = earlier.get(key)
        gain = grown(was.drops or 0 if was else 0, sock.drops or 0, bits=32)
        if gain:
            gained.append((sock, gain))
        (closed if _is_closed(sock) else present).add(key)
    return tuple(gained), len(closed | (earlier.keys() - present))


def _told(sockets: tuple[Socket, ...], same: set[int]) -> list[Socket]:
    """Return the sockets that are not the same in both tables, and those that closed."""
    return [s for s in sockets if id(s) not in same or (s.unread_bytes is None and _is_closed(s))]


def _is_closed(sock: Socket) -> bool:
    """Tell a socket that was watched and has gone: nobody knows what it held at its end."""
    is_udp = sock.protocol in ("udp", "udplite")
    return is_udp and sock.unread_bytes is None and sock.rcvbuf_bytes is not None
