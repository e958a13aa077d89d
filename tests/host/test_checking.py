"""Judging inputs one by one: what is known of one beforehand is not looked up again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from netrx_tune.host.checking import judge_input, stamp_of
from netrx_tune.planning.policy import Policy
from tests.saved import folder

TODAY = date(2026, 12, 1)


def test_a_folder_whose_stamp_is_known_is_not_walked_for_it_again(tmp_path: Path) -> None:
    path = folder(tmp_path / "web7")
    (known,) = judge_input(path, Policy(), TODAY, stamp="what it was before it was read")
    assert known.stamp == "what it was before it was read"
    (found,) = judge_input(path, Policy(), TODAY)
    assert found.stamp == stamp_of(path)
    (tmp_path / "web7/0/proc/more").write_text("x")
    assert stamp_of(path) != found.stamp
