"""CPU lists and masks as the kernel's files and taskset take them."""

from __future__ import annotations

import pytest

from netrx_tune.rules.cpus import cpus_words, list_words


@pytest.mark.parametrize(
    ("cpus", "said"),
    [
        ((), ""),
        ((3,), "3"),
        ((0, 1), "0-1"),
        ((8, 2, 1, 0, 2), "0-2,8"),
        ((0, 2, 4, 5, 6, 511), "0,2,4-6,511"),
    ],
)
def test_a_list_joins_what_is_next_to_each_other(cpus: tuple[int, ...], said: str) -> None:
    assert list_words(cpus) == said


def test_one_cpu_is_no_list() -> None:
    assert cpus_words((3,)) == "CPU 3"
    assert cpus_words((3, 5)) == "CPUs 3,5"
