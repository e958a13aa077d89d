"""Lines and numbers of the kernel's text files, checked before they are believed.

int() takes more than the kernel writes: "1_000", "+1", " 7 ", digits of other scripts. Names of
devices may hold control characters, so lines end at a line feed and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from struct import unpack
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

T = TypeVar("T")

MOST_DIGITS = 20  # of 2**64 - 1
MOST_CHARACTERS = 8 << 20  # no table of the kernel is so long, but those of sockets
_TWO_64 = 1 << 64
_MOST_KNOWN = 1024  # names of a file that are worth remembering: four times what a kernel has
MOST_GAPS = 8  # of one file: a file of another kind has a problem on every line
_HEXADECIMAL = "0123456789abcdefABCDEF"
_BITMAP_WORDS = 512  # 16,384 CPUs, twice what any kernel is built for
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_LAYOUT = bytes.maketrans(_HEXADECIMAL.encode(), bytes(len(_HEXADECIMAL)))
_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_ROWS: Mapping[str, tuple[int, ...]] = MappingProxyType({})


class Reading(NamedTuple):
    """What one file gave; `gaps` are the parts of it that did not read."""

    counters: Mapping[str, int] = _NOTHING
    levels: Mapping[str, int] = _NOTHING
    per_cpu: Mapping[str, tuple[int, ...]] = _NO_ROWS
    gaps: tuple[Gap, ...] = ()


def remembered(most: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Return a decorator that keeps what a function said of so many lists of names.

    A file has the same names in every sample and on every host. Those longer than any kernel's
    are not kept.
    """

    def decorated(say: Callable[..., T]) -> Callable[..., T]:
        known = lru_cache(most)(say)

        def recall(names: tuple[str, ...], *more: Hashable) -> T:
            return (known if len(names) <= _MOST_KNOWN else say)(names, *more)

        return recall

    return decorated


def below(names: Iterable[str], start: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths or names that begin so, or in one of several ways.

    They are looked for once of hosts of a kind, which have the same.
    """
    return _below(tuple(names), start)


@remembered(64)
def _below(names: tuple[str, ...], start: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple([name for name in names if name.startswith(start)])


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank, with its number from 1."""
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.isspace():
            yield number, line


def decimal(found: str, path: str, field: str) -> int:
    """Return an unsigned decimal as the kernel writes it.

    Args:
        found: the word.
        path: file and line, for the error.
        field: what the word stands for, for the error.

    Raises:
        ParseError: it is something else, or longer than any 64-bit number.
    """
    if is_decimal(found):
        return int(found)
    raise ParseError(path, f"{field}: expected a decimal", found)


def signed(found: str, path: str, field: str) -> int:
    """Return a decimal that may be negative, as `decimal` does."""
    if found.startswith("-") and is_decimal(found[1:]):
        return -int(found[1:])
    return decimal(found, path, field)


def is_decimal(found: str) -> bool:
    """Tell whether a word is digits and no longer than any 64-bit number."""
    return len(found) <= MOST_DIGITS and found.isascii() and found.isdigit()


def is_count(value: object) -> bool:
    """Tell whether a value of JSON is a number that a counter of 64 bits may have."""
    return type(value) is int and 0 <= value < _TWO_64  # type(), since a bool is an int, too


def hexadecimal(found: str, path: str, field: str, *, digits: int = 16) -> int:
    """Return an unsigned hexadecimal of at most so many digits, without "0x"."""
    if found and len(found) <= digits and not found.strip(_HEXADECIMAL):
        return int(found, 16)
    raise ParseError(path, f"{field}: expected a hexadecimal", found)


def columns_of_32_bits(text: str) -> tuple[int, tuple[int, ...]] | None:
    """Return how many columns a table of eight hexadecimals per word has, and all its numbers.

    None if its rows are not laid out alike, to the character, or a word is no such number: then
    they are to be read one by one.
    """
    width = text.find("\n") + 1
    if not width or len(text) % width or not text.isascii():
        return None
    words, rows = text[:width].split(), len(text) // width
    layout = text.encode().translate(_LAYOUT)
    if {*map(len, words)} != {8} or layout != layout[:width] * rows:
        return None
    try:
        octets = bytes.fromhex(text)  # passes over white space
    except ValueError:
        return None
    return len(words), unpack(f">{len(octets) // 4}I", octets)


def decimals(words: Sequence[str]) -> list[int] | None:
    """Return many unsigned decimals, checked all at once; None if one is no such."""
    digits, lengths = "".join(words), {*map(len, words)}
    if digits.isascii() and digits.isdigit() and 0 not in lengths and max(lengths) <= MOST_DIGITS:
        return [*map(int, words)]
    return None


def bitmap(found: str, path: str, field: str) -> int:
    """Return a CPU mask such as "3" or "0,00000003".

    Kernel: lib/vsprintf.c, bitmap_string(): words of 32 bits, the highest first.
    """
    words = found.strip().split(",")
    if len(words) > _BITMAP_WORDS:
        raise ParseError(path, f"{field}: expected a bitmap", found)
    value = 0
    for word in words:
        value = value << 32 | hexadecimal(word, path, field, digits=8)
    return value


def values_by_line(
    text: str,
    path: str,
    parse: Callable[[str, str], Iterable[tuple[str, int]]],
) -> tuple[dict[str, int], tuple[Gap, ...]]:
    """Return the values of a file whose lines stand for themselves.

    Args:
        text: the file.
        path: its path.
        parse: returns the names and values of a line, given the line and its place.

    Returns:
        All values, and gaps for the lines that do not read.

    Raises:
        ParseError: no line reads.
    """
    values: dict[str, int] = {}
    problems: list[ParseError] = []
    for number, line in numbered(text):
        try:
            values.update(dict(parse(line, f"{path}:{number}")))  # all of a line or nothing
        except ParseError as error:
            problems.append(error)
    return values, gaps_beside(values, problems, path, text)


def names_and_values(text: str) -> tuple[tuple[str, ...], list[int]] | None:
    """Return the names and the numbers of a file with one of each to a line.

    None if a name or a number is none, or there are more or fewer than lines.
    """
    words = text.split()
    names = tuple(words[::2])
    if len(words) != 2 * text.count("\n") or text[-1:] != "\n" or not _are_names(names):
        return None
    numbers = decimals(words[1::2])
    return None if numbers is None else (names, numbers)


@remembered(64)
def _are_names(words: tuple[str, ...]) -> bool:
    """Tell whether all are names."""
    return bool(words) and all(map(_NAME.fullmatch, words))


def gaps_beside(
    values: Mapping[str, object],
    problems: Sequence[ParseError],
    path: str,
    text: str,
) -> tuple[Gap, ...]:
    """Return the gaps that problems leave beside what did read; nothing read is an error."""
    if not values:
        raise problems[0] if problems else ParseError(path, "expected values", text)
    return tuple(unparsed(path, problem) for problem in problems[:MOST_GAPS])


def attempt(
    files: Mapping[str, str],
    path: str,
    parse: Callable[[str, str], T],
    gaps: list[Gap],
) -> T | None:
    """Return what a parser makes of a file; a file that does not read becomes a gap."""
    text = files.get(path)
    if text is None:
        return None
    if len(text) > MOST_CHARACTERS:
        gaps.append(too_long(path))
        return None
    try:
        return parse(text, path)
    except ParseError as error:
        gaps.append(unparsed(path, error))
        return None


def too_long(path: str) -> Gap:
    """Return the gap of a file, or a part of a text, that is no kernel's for its length."""
    return Gap(path, "unparsed", f"longer than {MOST_CHARACTERS >> 20} MiB")


def unparsed(path: str, error: ParseError) -> Gap:
    """Return the gap that a file or a part of it leaves."""
    return Gap(path, "unparsed", str(error))


def name_and_value(line: str, place: str) -> tuple[str, int]:
    """Return the two words of a line such as "Udp6InErrors 12".

    Raises:
        ParseError: there are not two, or the second is no number.
    """
    words = line.split()
    if len(words) != 2:
        raise ParseError(place, "expected a name and a value", line)
    return words[0], decimal(words[1], place, words[0])
