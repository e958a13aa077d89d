"""The role of a host in its fleet: a part of its input's path, or its group in an inventory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from netrx_tune.host.decompress import unreadable
from netrx_tune.host.small import read_at_most
from netrx_tune.model.errors import InputError
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.fingerprints import host_of
from netrx_tune.planning.fleet_report import NO_ROLE

_RANGE = re.compile(r"\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]+))?\]")
_MOST_IN_RANGE = 100_000

RoleOf = Callable[[Judgement], str]
_MOST_BYTES = 32 << 20
_SECTION = re.compile(r"\[([^\]:]+)(:[a-z]+)?\]\s*(?:[#;].*)?")


def role_of(source: str | None) -> RoleOf:
    """Return what tells a judgement's role.

    Args:
        source: a number, the part of the path counted from its end (1 is the name of the input
            itself, 2 the folder that it is in), or the file of an Ansible inventory; None for
            no roles.

    Raises:
        InputError: the inventory cannot be read, or is none.
    """
    if source is None:
        return lambda _: NO_ROLE
    if source.isdecimal():
        if not int(source):
            raise InputError("--role-from 0: parts of a path are counted from 1, its last")
        return _by_part(int(source))
    return _by_group(_groups(source))


def _by_part(number: int) -> RoleOf:
    def role(one: Judgement) -> str:
        parts = [part for part in one.name.split("/") if part not in {"", "."}]
        return parts[-number] if 0 < number <= len(parts) else NO_ROLE

    return role


def _by_group(groups: Mapping[str, str]) -> RoleOf:
    def role(one: Judgement) -> str:
        """Look for the host's name, then for any folder or file that is named as a host is."""
        for name in (host_of(one.host), *reversed(one.name.split("/"))):
            if name in groups:
                return groups[name]
            stem = name.partition(".tar")[0]
            if stem in groups:
                return groups[stem]
        return NO_ROLE

    return role


def _groups(path: str) -> dict[str, str]:
    """Return the first group, by name, of each host of an inventory."""
    try:
        text = read_at_most(path, _MOST_BYTES + 1).decode("utf-8")
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a name with a NUL
        raise unreadable(path, error) from None
    if len(text) > _MOST_BYTES:
        raise InputError(f"{path}: longer than {_MOST_BYTES >> 20} MiB; is it an inventory?")
    is_yaml = path.endswith((".yml", ".yaml", ".json"))
    found: dict[str, str] = {}
    for host, group in _of_yaml(path, text) if is_yaml else _of_ini(text):
        if group not in {"all", "ungrouped"}:
            for name in _expanded(host):
                found[name] = min(group, found.get(name, group))
    if not found:
        raise InputError(f"{path}: no host in a group; expected an Ansible inventory")
    return found


def _of_ini(text: str) -> Iterator[tuple[str, str]]:
    group, kind = "", ""
    for line in text.splitlines():
        words = line.split("#")[0].split()
        heading = _SECTION.fullmatch(line.strip())
        if heading:
            group, kind = heading[1], heading[2] or ""
        elif words and group and not kind and not words[0].startswith(";"):
            yield words[0], group


def _of_yaml(path: str, text: str) -> Iterator[tuple[str, str]]:
    import yaml  # noqa: PLC0415 - for such an inventory alone

    try:
        top = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not YAML: {str(error).partition(chr(10))[0]}") from None
    yield from _members(top, set())


def _members(groups: object, seen: set[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield hosts with their groups; what aliases repeat is looked at once."""
    if not isinstance(groups, dict):
        return
    for name, group in groups.items():
        if isinstance(group, dict) and (id(group), str(name)) not in seen:
            seen.add((id(group), str(name)))
            hosts = group.get("hosts")
            for host in hosts if isinstance(hosts, dict | list) else ():
                yield str(host), str(name)
            yield from _members(group.get("children"), seen)


def _expanded(pattern: str) -> Iterator[str]:
    """Yield the names of "web[01:50].example.org"; a plain name is itself."""
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    first, last, step = found[1], found[2], int(found[3] or 1)
    digits = first.isdecimal() and last.isdecimal()
    low, high = (int(first), int(last)) if digits else (ord(first[0]), ord(last[0]))
    for number in range(low, min(high, low + _MOST_IN_RANGE) + 1, max(1, step)):
        name = f"{number:0{len(first)}}" if digits else chr(number)
        yield from _expanded(pattern[: found.start()] + name + pattern[found.end() :])
