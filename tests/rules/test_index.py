"""The index of rules says what the rules say, and a rule without loss is silent."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

import netrx_tune.rules
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Sample
from netrx_tune.planning.diagnosis import measure
from netrx_tune.rules import index, rules
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.ledger import settle
from netrx_tune.rxpath.stages import STAGES

_RULES = {name: rule for name, rule, _ in rules()}
_FILE = Path(index.__file__)
_LINE = 101  # with its newline
_REFRESH = "write it anew: python -m pytest tests/rules/test_index.py --accept"
_HEAD = '''"""What each rule speaks for and needs, so that a rule without loss is not imported.

Written by `python -m pytest tests/rules/test_index.py --accept`. A rule that is not listed works
as well: it is imported on every run, which is slower.
"""

from __future__ import annotations

# Name -> the stages that it speaks for, and what must be readable.
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
'''


def _written() -> str:
    entries = "".join(_entry(name, (rule.stages, rule.requires)) for name, rule in _RULES.items())
    shared = _broken(sorted(_shared()))
    return f"{_HEAD}{entries}}}\n\n# Modules that rules share.\nSHARED = {shared}\n"


def _shared() -> set[str]:
    modules = {module.name for module in pkgutil.iter_modules(netrx_tune.rules.__path__)}
    return modules - {name.replace("-", "_") for name in _RULES}


def _entry(name: str, terms: tuple[tuple[str, ...], ...]) -> str:
    """Return an entry as the formatter leaves it: on one line, or on a few."""
    line = f'    "{name}": ({", ".join(map(_tuple, terms))}),\n'
    if len(line) <= _LINE:
        return line
    parts = "".join(f"        {_tuple(part)},\n" for part in terms)
    return f'    "{name}": (\n{parts}    ),\n'


def _tuple(words: tuple[str, ...]) -> str:
    inner = ", ".join(f'"{word}"' for word in words)
    return f"({inner},)" if len(words) == 1 else f"({inner})"


def _broken(words: list[str]) -> str:
    inner = "".join(f'        "{word}",\n' for word in words)
    return f"frozenset(\n    {{\n{inner}    }}\n)"


def test_the_index_says_what_the_rules_say(accept: bool) -> None:
    if accept:
        _FILE.write_text(_written())
        return
    for name, terms in index.RULES.items():
        rule = _RULES.get(name)
        assert rule is not None, f"{name} is gone; {_REFRESH}"
        assert terms == (rule.stages, rule.requires), f"{name} changed; {_REFRESH}"
    assert _shared() == index.SHARED, f"rules share other modules now; {_REFRESH}"


@pytest.mark.parametrize("name", _RULES)
def test_a_rule_is_silent_where_its_stages_lost_nothing(name: str) -> None:
    """The engine relies on it: it does not import a rule whose stages lost nothing."""
    rule = _RULES[name]
    delta = measure(Sample({}), Sample({}), live=True, netns=None)
    accounts = tuple(
        Account(stage.name, int(stage.name not in rule.stages), "exact", ()) for stage in STAGES
    )
    if rule.stages:
        facts = Facts(delta, settle(delta)._replace(accounts=accounts))
        assert list(rule.check(facts)) == []


def test_a_rule_needs_one_ip_version_only() -> None:
    """Of a text of /proc/net/snmp6 alone a loss would have no finding, else."""
    needs = {need for rule in _RULES.values() for need in rule.requires}
    counters = {counter for stage in STAGES for counter in stage.counters}
    for need in needs:
        names = need.split("|")
        for name in names:
            twin = re.sub(r"^(Ip|Udp)\.", r"\g<1>6.", name)
            assert twin in names or twin not in counters | {"Ip6.InReceives"}, need
