"""Nothing that a host named acts on a terminal, and nothing worth copying is broken."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.reporters.plain import Block, cells, encodable, escape, layout, wants_color


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("rsyslogd", "rsyslogd"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("eth0\nCRITICAL: forged", r"eth0\x0aCRITICAL: forged"),
        ("a\rb\tc\x00d\x7fe\x9bf", r"a\x0db\x09c\x00d\x7fe\x9bf"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        ("zero\u200bwidth\u00a0space\u2028line", r"zero\u200bwidth\xa0space\u2028line"),
        ("no-utf8\udcff", r"no-utf8\xff"),
        ("\U000e0041tag", r"\U000e0041tag"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("日本 é", "日本 é"),
        ("/sys/fs/cgroup/a\\x2db", "/sys/fs/cgroup/a\\x2db"),
    ],
)
def test_what_a_terminal_would_act_on_or_hide_is_shown(hostile: str, shown: str) -> None:
    assert escape(hostile) == shown


@given(st.text())
def test_escaped_text_is_printable_and_escaping_it_again_changes_nothing(text: str) -> None:
    once = escape(text)
    assert once.isprintable()
    assert escape(once) == once
    assert not any(unicodedata.category(char).startswith("C") for char in once)


@given(
    st.lists(st.builds(Block, st.text(), st.integers(0, 9), st.integers(0, 9), st.text())),
    st.integers(0, 250),
)
def test_a_colourless_layout_has_no_control_character_but_line_breaks(
    blocks: list[Block], width: int
) -> None:
    assert all(
        char.isprintable() or char == "\n" for char in layout(blocks, width=width, color=False)
    )


@given(st.lists(st.text("ab cé日", max_size=60)), st.integers(20, 110))
def test_lines_keep_to_the_width_unless_one_word_is_longer(texts: list[str], width: int) -> None:
    blocks = [Block(text, 4, 2, "Seen:") for text in texts]
    for line in layout(blocks, width=width, color=False).splitlines():
        assert cells(line) <= width or len(line.removeprefix("    Seen:").split()) <= 1


def test_wrapping_loses_and_adds_no_word() -> None:
    text = "one two three four five six seven eight nine ten " * 5
    wrapped = layout([Block(text, 2, 2, "Why:")], width=31, color=False)
    assert wrapped.split() == ["Why:", *text.split()]


def test_a_number_stays_with_its_unit() -> None:
    for width in range(20, 60):
        text = layout(
            [Block("it lost 79 % of them in 5.0 s at 208 KiB (1 B)")], width=width, color=False
        )
        assert not re.search(r"\d\n", text)


def test_a_command_is_one_line_however_long_and_keeps_its_spaces() -> None:
    command = 'sysctl -w net.ipv4.udp_mem="1  2  3" ' + "&& true " * 30
    text = layout([Block(command, 4, verbatim=True, style="command")], width=40, color=False)
    assert text == f"    {command}\n"


def test_colour_is_added_to_the_label_and_nothing_else_changes() -> None:
    blocks = [Block("it is full " * 20, 2, 2, "LOST", "critical"), Block("all of it", style="good")]
    colored = layout(blocks, width=50, color=True)
    assert colored.startswith("  \x1b[1;31mLOST\x1b[0m it is full")
    assert "\x1b[1;32mall of it\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == layout(blocks, width=50, color=False)


@pytest.mark.parametrize(
    ("choice", "environment", "is_terminal", "wanted"),
    [
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "xterm"}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"TERM": "xterm"}, True, False),
    ],
)
def test_colour_follows_the_choice_then_the_terminal(
    choice: str, environment: dict[str, str], is_terminal: bool, wanted: bool
) -> None:
    assert wants_color(choice, environment, is_terminal=is_terminal) is wanted


def test_an_output_that_cannot_hold_a_letter_gets_its_number() -> None:
    assert encodable("é œ", "latin-1") == "é \\u0153"
