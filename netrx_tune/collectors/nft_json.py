"""What `nft -j list ruleset` prints, put into the words of `nft list ruleset`.

    {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 4, "expr": [
        {"match": {"op": "==", "left": ..., "right": 9}},
        {"counter": {"packets": 1, "bytes": 30}}, {"drop": null}]}}

Of a match only the sets that it asks are told, since nothing else of it is read.

Source: nftables 1.0.6, src/json.c (read at 1.0); libnftables-json(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from netrx_tune.collectors.text import is_count
from netrx_tune.model.errors import ParseError

_WORD = re.compile(r"[\w./@-]{1,255}", re.ASCII)  # a name; nft takes no others
_PLACE = "nft -j"
_VERDICTS = frozenset({"accept", "drop", "continue", "return", "reject", "queue"})
_LEADS = frozenset({"jump", "goto"})
_MAY_LET_GO = frozenset({"limit", "quota", "ct count"})
_SETS = frozenset({"set", "map", "meter"})


class _Table:
    """The lines of one table: what has a name before the chains that name it."""

    def __init__(self) -> None:
        self.named: list[str] = []
        self.chains: dict[str, list[str]] = {}


def nft_words(listed: object) -> Iterator[str]:
    """Yield the lines of a listing."""
    tables: dict[tuple[str, str], _Table] = {}
    for one in _list(listed):
        for kind, said in _dict(one).items():
            if kind == "table":
                tables.setdefault((_name(said, "family"), _name(said, "name")), _Table())
            elif kind in {*_SETS, "chain", "counter", "rule"}:
                key = _name(said, "family"), _name(said, "table")
                _add(tables.setdefault(key, _Table()), kind, _dict(said))
    for (family, name), table in tables.items():
        yield f"table {family} {name} {{"
        yield from table.named
        for lines in table.chains.values():
            yield from (*lines, "}")
        yield "}"


def _add(table: _Table, kind: str, said: Mapping[str, object]) -> None:
    """Add one object of a table to its lines."""
    if kind == "chain":
        name = _name(said, "name")
        table.chains[name] = [f"chain {name} {{", *_hook(said)]
    elif kind == "rule":
        chain = table.chains.setdefault(_name(said, "chain"), [f"chain {_name(said, 'chain')} {{"])
        words = " ".join(_statements(said.get("expr")))
        chain.append(f"{words} # handle {_number(said.get('handle'))}")
    elif kind == "counter":
        table.named += [f"counter {_name(said, 'name')} {{", *_counted(said), "}"]
    else:
        verdict = " : verdict" if said.get("map") == "verdict" else ""
        table.named += [f"{kind} {_name(said, 'name')} {{", f"type x{verdict}"]
        if elements := [" ".join(_element(one)) for one in _list(said.get("elem", []))]:
            table.named.append(f"elements = {{ {', '.join(elements)} }}")
        table.named.append("}")


def _hook(said: Mapping[str, object]) -> Iterator[str]:
    if "hook" in said:
        policy = f" policy {_name(said, 'policy')};" if "policy" in said else ""
        yield f"type {_name(said, 'type')} hook {_name(said, 'hook')} priority 0;{policy}"


def _statements(expressions: object) -> Iterator[str]:
    """Yield the words of a rule."""
    for one in _list(expressions):
        for kind, said in _dict(one).items():
            yield from _statement(kind, said)


def _statement(kind: str, said: object) -> Iterator[str]:
    """Yield the words of one statement."""
    if kind in _VERDICTS:
        yield kind
    elif kind in _LEADS:
        yield from (kind, _name(said, "target"))
    elif kind == "counter":
        yield from _counter(said)
    elif kind == "vmap":
        yield from ("vmap", *_map(_dict(said).get("data")))
    elif kind in _SETS:
        yield from _update(_dict(said))
    elif kind == "match":
        yield kind
        asked = _dict(said)
        yield from ("!=",) if asked.get("op") == "!=" else ()
        yield from _sets_in(asked.get("right"))
        yield from (word for name in _sets_in(asked.get("left")) for word in ("map", name))
    elif kind == "xt" and isinstance(said, dict) and said.get("type") == "target":
        yield from ("xt", "target", f'"{_name(said, "name")}"')
    else:
        yield kind if _WORD.fullmatch(kind) else "other"
        yield from (word for name in _sets_in(said) for word in ("map", name))


def _counter(said: object) -> Iterator[str]:
    """Yield a counter: its figures, its name, or nothing where -s left them out."""
    yield "counter"
    if isinstance(said, str):
        yield from ("name", f'"{_word(said)}"')
    elif said is not None:
        yield from _counted(_dict(said))


def _counted(said: Mapping[str, object]) -> Iterator[str]:
    yield f"packets {_number(said.get('packets'))} bytes {_number(said.get('bytes'))}"


def _map(data: object) -> Iterator[str]:
    """Yield a verdict map, by its name or written out."""
    if isinstance(data, str):
        yield _word(data)
        return
    elements = (" ".join(_element(one)) for one in _list(_dict(data).get("set")))
    yield f"{{ {', '.join(elements)} }}"


def _element(one: object) -> Iterator[str]:
    """Yield an element: what it counts, and the verdict that a map gives for it."""
    key, *given = one if isinstance(one, list) else (one,)
    inner = key.get("elem") if isinstance(key, dict) else None
    yield "x"
    if isinstance(inner, dict):
        yield from _counter(inner["counter"]) if "counter" in inner else ()
        yield from _MAY_LET_GO & inner.keys()
    for value in given:
        yield ":"
        yield from _statements([value]) if isinstance(value, dict) else ("x",)


def _update(said: Mapping[str, object]) -> Iterator[str]:
    """Yield `update @seen { x counter }`: the elements count what goes on."""
    name = said.get("set", said.get("map", said.get("name")))
    inner = " ".join(_statements(said.get("stmt", [])))
    yield from (_word(str(said.get("op", "add"))), f"@{_word(str(name)).removeprefix('@')}")
    yield f"{{ x {inner} }}"


def _sets_in(value: object) -> Iterator[str]:
    """Yield the names of sets that an expression asks."""
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and one.startswith("@") and _WORD.fullmatch(one):
            yield one
        elif isinstance(one, dict | list):
            waiting.extend(one.values() if isinstance(one, dict) else one)


def _name(said: object, key: str) -> str:
    """Return one of an object's names."""
    return _word(_dict(said).get(key))


def _word(value: object) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise ParseError(_PLACE, "expected a name", str(value))
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or not is_count(value):
        raise ParseError(_PLACE, "expected a count", str(value)[:40])
    return value


def _list(value: object) -> Iterable[object]:
    if not isinstance(value, list):
        raise ParseError(_PLACE, "expected a list", str(value)[:40])
    return value


def _dict(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ParseError(_PLACE, "expected an object", str(value)[:40])
    return value
