"""A mapping that is made when somebody looks into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Later(Mapping[_K, _V]):
    """What `make` returns, from the first look on."""

    def __init__(self, make: Callable[[], Mapping[_K, _V]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[_K, _V]:
        return self._make()

    def __getitem__(self, key: _K) -> _V:
        return self._made[key]

    def __iter__(self) -> Iterator[_K]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __repr__(self) -> str:
        return repr(self._made)
