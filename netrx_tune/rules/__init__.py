"""The rules: one module each, named after what is wrong; its docstring is its page.

A rule is found by its module: add a file with a docstring and a RULE, and it is in. What it
cannot judge on this host the engine reports as skipped; a rule never guesses. A rule at whose
stages nothing was lost has nothing to say, and its module is not even imported: the index says
what it speaks for.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Container, Iterator
from functools import cache

from netrx_tune.model.finding import SEVERITIES, Finding, Skipped
from netrx_tune.rules.index import RULES, SHARED
from netrx_tune.rules.rule import Facts, Rule

_NO_COUNTER = "nothing on this host counts it"
_STRAYS = frozenset({"udp-no-port", "udp-mcast-nolistener"})


def rules() -> Iterator[tuple[str, Rule, str]]:
    """Yield (name, rule, page) of every rule, by name."""
    for module in _modules():
        found = importlib.import_module(f"{__name__}.{module}")
        rule = getattr(found, "RULE", None)  # what rules share has none
        if rule is not None:
            yield module.replace("_", "-"), rule, found.__doc__ or ""


def rule_names() -> tuple[str, ...]:
    """Return the names of all rules, sorted."""
    return tuple(name for name, _, _ in _terms())


def run_rules(facts: Facts) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Return what the rules find, worst and largest first, and the rules that could not judge."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    after = facts.delta.after
    readable = (facts.delta.increases, after.settings, after.levels)
    losing = {account.stage for account in facts.ledger.accounts if account.lost}
    unseen = {a.stage: a.why or _NO_COUNTER for a in facts.ledger.accounts if a.lost is None}
    for name, stages, requires in _terms():
        missing = _missing(requires, readable) if requires else ()
        if missing:
            why = "this kernel or this input does not show it"
            skipped.append(Skipped(name, missing, why))
        elif stages and unseen.keys() >= {*stages}:
            skipped.append(Skipped(name, (), unseen[stages[0]]))
        elif not stages or not losing.isdisjoint(stages):
            findings.extend(found._replace(rule=name) for found in _rule(name).check(facts))
    findings.sort(key=_rank)
    return tuple(findings), tuple(skipped)


@cache
def _modules() -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(__path__))


@cache
def _terms() -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    """Return (name, stages, requires) of every rule, by name; one that is new says it itself."""
    terms: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for module in _modules():
        name = module.replace("_", "-")
        if name in RULES:
            terms.append((name, *RULES[name]))
        elif module not in SHARED:
            rule = getattr(importlib.import_module(f"{__name__}.{module}"), "RULE", None)
            if rule is not None:
                terms.append((name, rule.stages, rule.requires))
    return tuple(terms)


@cache
def _rule(name: str) -> Rule:
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    rule: Rule = module.RULE
    return rule


def _missing(requires: tuple[str, ...], readable: tuple[Container[str], ...]) -> tuple[str, ...]:
    """Return what a rule needs and nobody can read; one name of an alternative will do."""
    counters = readable[0]
    return tuple(
        [
            need
            for need in requires
            if need not in counters
            and not any(name in names for names in readable for name in need.split("|"))
        ]
    )


def _rank(finding: Finding) -> tuple[int, bool, bool, int]:
    """Return what findings are ordered by: strays, which no program wanted, are last of notes."""
    strays = finding.severity == "note" and finding.stage in _STRAYS
    severity = -SEVERITIES.index(finding.severity)
    return severity, finding.present is False, strays, -(finding.lost or 0)
