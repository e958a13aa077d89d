"""The rules: one module each, named after what is wrong; its docstring is its page.

A rule is found by its module: add a file with a docstring and a RULE, and it is in. What it
cannot judge on this host the engine reports as skipped; a rule never guesses.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from netrx_tune.model.finding import SEVERITIES, Finding, Skipped
from netrx_tune.rules.rule import Facts, Rule

_NOT_RULES = frozenset({"rule", "judge", "words"})


def rules() -> Iterator[tuple[str, Rule, str]]:
    """Yield (name, rule, page) of every rule, by name."""
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _NOT_RULES:
            found = importlib.import_module(f"{__name__}.{module.name}")
            yield module.name.replace("_", "-"), found.RULE, found.__doc__ or ""


def judge(facts: Facts) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Return what the rules find, worst and largest first, and the rules that could not judge."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for name, rule, _ in rules():
        missing = _missing(rule, facts)
        if missing:
            why = "this kernel or this input does not show it"
            skipped.append(Skipped(name, missing, why))
        else:
            findings.extend(found._replace(rule=name) for found in rule.check(facts))
    findings.sort(key=_rank)
    return tuple(findings), tuple(skipped)


def _missing(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """Return what a rule needs and nobody can read; one counter of an alternative will do."""
    return tuple(
        need
        for need in rule.requires
        if not any(name in facts.delta.increases for name in need.split("|"))
    )


def _rank(finding: Finding) -> tuple[int, bool, int]:
    return -SEVERITIES.index(finding.severity), finding.present is False, -(finding.lost or 0)
