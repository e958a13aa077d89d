"""The README's generated parts are what the program says today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netrx_tune.cli import COMMANDS
from netrx_tune.rules import rules

README = Path(__file__).parent.parent / "README.md"


def _help() -> str:
    lines = ["| command | does |", "| --- | --- |"]
    lines += [f"| `netrx-tune {name}` | {does} |" for name, does in COMMANDS.items()]
    return "\n".join(lines)


def _rules() -> str:
    lines = ["| rule | what it says | stage |", "| --- | --- | --- |"]
    for name, rule, page in rules():
        title = page.strip().splitlines()[0].rstrip(".").replace("|", "\\|")
        stages = ", ".join(f"`{stage}`" for stage in rule.stages)
        lines.append(f"| `{name}` | {title} | {stages} |")
    return "\n".join(lines)


@pytest.mark.parametrize(("block", "write"), [("help", _help), ("rules", _rules)])
def test_the_generated_parts_are_current(block: str, write: object, *, accept: bool) -> None:
    assert callable(write)
    text = README.read_text()
    pattern = re.compile(f"(<!-- {block}: begin -->\n).*?(<!-- {block}: end -->)", re.DOTALL)
    want = pattern.sub(lambda found: f"{found[1]}{write()}\n{found[2]}", text)
    if accept:
        README.write_text(want)
    assert text == want or accept, "run: pytest tests/test_readme.py --accept"


def test_every_command_has_a_place_in_the_readme() -> None:
    for name in COMMANDS:
        assert f"netrx-tune {name}" in README.read_text().partition("help: end")[2], name


def test_the_commands_of_the_readme_exist() -> None:
    named = set(re.findall(r"(?:`|sudo )netrx-tune ([a-z]+)", README.read_text()))
    assert named <= set(COMMANDS), named - set(COMMANDS)
