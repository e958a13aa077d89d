"""Every rule has a page, stands at stages that exist, and speaks plainly."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import netrx_tune.rules
from netrx_tune.rules import rules
from netrx_tune.rules.rule import Rule
from netrx_tune.rxpath.stages import STAGES
from tests.scenario import load

_RULES = {name: (rule, page) for name, rule, page in rules()}
_HEADINGS = ("What it means:", "How it is counted:", "Remedy:", "When not to act:")
_FOLDER = Path(netrx_tune.rules.__file__).parent


@pytest.mark.parametrize("name", _RULES)
def test_a_page_has_its_headings_in_order(name: str) -> None:
    _, page = _RULES[name]
    places = [page.find(f"\n\n{heading}") for heading in _HEADINGS]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("name", _RULES)
def test_the_page_of_a_rule_at_a_stage_names_the_kernels_function(name: str) -> None:
    rule, page = _RULES[name]
    assert not rule.stages or "Kernel: " in page.replace("\n", " ")


@pytest.mark.parametrize("name", _RULES)
def test_a_title_is_one_line_that_ends(name: str) -> None:
    title, _, rest = _RULES[name][1].partition("\n")
    assert title.endswith(".")
    assert rest.startswith("\n")


@pytest.mark.parametrize("name", _RULES)
def test_a_rule_stands_at_stages_that_exist(name: str) -> None:
    rule: Rule = _RULES[name][0]
    assert set(rule.stages) <= {stage.name for stage in STAGES}


@pytest.mark.parametrize("name", _RULES)
def test_a_rule_never_says_consider(name: str) -> None:
    text = (_FOLDER / f"{name.replace('-', '_')}.py").read_text()
    said = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [part for part in said if "consider" in part.lower()]


def test_every_scenario_file_is_named_after_a_rule() -> None:
    files = {name.partition("::")[0] for name, _ in load()}
    assert files <= set(_RULES) | {"healthy"}
