"""A policy: what `check` fails for, what it requires, and what is accepted until when.

schema: 1
fail-on: {default: warning, nic-ring-overflow: note, capture-drops: never}
rules: {disable: [udp-no-listener]}                # or enable: only these
require: {net.core.rmem_max: {at_least: 8MiB}}
loss: {udp-rcvbuf-full: 0.1%, all: 1%}             # the highest share that is allowed
profile: syslog-collector
accept:
  - {rule: capture-drops, host: "probe*", reason: "tcpdump runs there", until: 2027-03-31}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

from netrx_tune import __version__
from netrx_tune.planning import policy_fields as own
from netrx_tune.planning import profile_fields as fields
from netrx_tune.planning.policy_fields import Acceptance, Bar
from netrx_tune.planning.profile_document import Entries, Most, read_document
from netrx_tune.planning.profile_fields import Place
from netrx_tune.planning.profile_written import Written, WrittenSetting, parse_setting
from netrx_tune.rules import rule_names

PolicyRule = Literal["policy-setting", "policy-loss", "policy-profile"]

# What a policy asks for beyond the rules; each is reported as a rule is, and has a page.
POLICY_RULES: tuple[PolicyRule, ...] = get_args(PolicyRule)
ALL_STAGES = "all"
_KEYS = ("schema", "fail-on", "rules", "require", "loss", "profile", "accept")
_MOST = Most(size_bytes=1 << 20, nodes=50_000)


class LossLimit(NamedTuple):
    """The highest share that a stage may lose; `place` is where the policy says it."""

    share: float
    place: str  # "policy.yaml:7"


class Policy(NamedTuple):
    """What an input is judged by.

    `profile` is a profile and its bases, in that order, as their files have them: shares of
    memory are each host's own. `baseline` are acceptances by fingerprint.
    """

    path: str = ""
    fail_on: Bar = "warning"
    bars: Mapping[str, Bar] = {}  # by rule
    enabled: frozenset[str] | None = None  # None: all
    disabled: frozenset[str] = frozenset()
    require: tuple[WrittenSetting, ...] = ()
    loss: Mapping[str, LossLimit] = {}  # by stage, or "all"
    profile_name: str | None = None
    profile_place: str = ""
    profile: tuple[Written, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    baseline: Mapping[str, Acceptance] = {}
    digest: str = ""

    def bar(self, rule: str) -> Bar:
        """Return the severity from which a rule's finding fails."""
        return self.bars.get(rule, self.fail_on)

    def judges(self, rule: str) -> bool:
        """Tell whether a rule is in use."""
        return rule not in self.disabled and (self.enabled is None or rule in self.enabled)


def parse_policy(text: str, path: str) -> Policy:
    """Return what a policy's file says; its profile is still to be loaded by its name.

    Raises:
        ProfileError: it is not a policy; names file, line and key.
    """
    at = Place(path, "")
    top = fields.mapping(read_document(text, path, _MOST), at, _KEYS)
    if not top.entries:  # one that failed to be written passes nobody
        raise at.refused(1, "expected a policy, such as `fail-on: warning`", "an empty file")
    fields.check_schema(top, at)
    rules = (*rule_names(), *POLICY_RULES)
    fail_on, bars = _bars(top, at, rules)
    enabled, disabled = _rules(top, at, rules)
    profile = top.entries.get("profile")
    return Policy(
        path=path,
        fail_on=fail_on,
        bars=bars,
        enabled=enabled,
        disabled=disabled,
        require=_require(top, at),
        loss=_loss(top, at),
        profile_name=fields.text(profile, at.inside("profile")) if profile else None,
        profile_place=f"{path}:{profile.line}" if profile else "",
        accepted=own.acceptances(top, at, rules),
    )


def digest_of(policy: Policy, texts: Iterable[str], today: date) -> str:
    """Return what stands for all that a judgement depends on, the input itself left out.

    `texts` are those of the policy's files; the day counts as far as acceptances run out.
    """
    both = (*policy.accepted, *policy.baseline.values())
    held = "".join("+" if one.holds(today) else "-" for one in both)
    parts = (__version__, policy.fail_on, repr(policy.profile), held, *texts)
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _bars(top: Entries, at: Place, rules: tuple[str, ...]) -> tuple[Bar, dict[str, Bar]]:
    """Return the severity from which findings fail, and those of single rules."""
    node = top.entries.get("fail-on")
    inside = at.inside("fail-on")
    if node is None:
        return "warning", {}
    if not isinstance(node, Entries):
        return own.bar(node, inside), {}
    found = fields.mapping(node, inside, ("default", *rules))
    bars = {name: own.bar(value, inside.inside(name)) for name, value in found.entries.items()}
    return bars.pop("default", "warning"), bars


def _rules(
    top: Entries, at: Place, rules: tuple[str, ...]
) -> tuple[frozenset[str] | None, frozenset[str]]:
    """Return the rules that are in use, None for all, and those that are not."""
    node = top.entries.get("rules")
    if node is None:
        return None, frozenset()
    inside = at.inside("rules")
    found = fields.mapping(node, inside, ("enable", "disable"))
    chosen = {
        key: frozenset(own.names(value, inside.inside(key), rules, "rule"))
        for key, value in found.entries.items()
    }
    return chosen.get("enable"), chosen.get("disable", frozenset())


def _require(top: Entries, at: Place) -> tuple[WrittenSetting, ...]:
    node = top.entries.get("require")
    if node is None:
        return ()
    inside = at.inside("require")
    found = fields.mapping(node, inside)
    return tuple(parse_setting(key, found, inside, needs_why=False) for key in found.entries)


def _loss(top: Entries, at: Place) -> dict[str, LossLimit]:
    node = top.entries.get("loss")
    if node is None:
        return {}
    inside = at.inside("loss")
    found = fields.mapping(node, inside)
    for name, line in found.keys.items():
        own.check_stage(name, line, inside, also=(ALL_STAGES,))
    return {
        name: LossLimit(own.loss_share(value, inside.inside(name)), f"{at.path}:{value.line}")
        for name, value in found.entries.items()
    }
