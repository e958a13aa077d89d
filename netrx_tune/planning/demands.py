"""What a policy demands beyond the rules: settings, shares of loss, a profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

from netrx_tune.model.errors import ProfileError
from netrx_tune.model.finding import Diagnosis, Recommendation
from netrx_tune.model.judgement import JudgedFinding
from netrx_tune.model.places import Places
from netrx_tune.model.profile import SettingMode
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.planning.evidence_places import counter_spot, setting_spot
from netrx_tune.planning.policy import ALL_STAGES, LossLimit, Policy, PolicyRule
from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_amounts import in_units
from netrx_tune.planning.profile_written import WrittenSetting
from netrx_tune.planning.tunables import scope, tunable
from netrx_tune.planning.tunables.tunable import Tunable
from netrx_tune.rules.words import count, percent
from netrx_tune.rxpath.ledger import came

Values = tuple[int, ...]


class Unmet(NamedTuple):
    """A demand that is not met, with what it is about: a key, or a stage."""

    subject: str
    finding: JudgedFinding  # its fingerprint is still to be made


class Unknown(NamedTuple):
    """A demand that this input cannot answer."""

    rule: PolicyRule
    needs: str
    why: str


class Seen(NamedTuple):
    """What demands are held against."""

    diagnosis: Diagnosis
    snapshot: Snapshot
    places: Places | None


def demands(policy: Policy, seen: Seen) -> Iterator[Unmet | Unknown]:
    """Yield what is not met, and what cannot be told."""
    for one in policy.require:
        yield from _required(one, seen)
    for stage, limit in policy.loss.items():
        yield from _lost(stage, limit, seen)
    if policy.profile:
        yield from _profile(policy, seen)


def _required(one: WrittenSetting, seen: Seen) -> Iterator[Unmet | Unknown]:
    known = cast("Tunable", tunable(one.key))
    host = seen.snapshot.host
    if host.memory_bytes is None and any(amount.of_memory for amount in one.amounts):
        yield Unknown("policy-setting", one.key, "the input does not tell the host's memory")
        return
    memory, page = host.memory_bytes or 0, host.page_bytes
    wanted = tuple(in_units(amount, known, memory, page) for amount in one.amounts)
    if one.key not in seen.snapshot.settings:
        yield Unknown("policy-setting", one.key, "the input does not hold this setting")
        return
    where = f"{one.path}:{one.line}"
    why = one.why or "the policy requires it"
    yield from _setting("policy-setting", one.key, one.mode, wanted, where, why, seen)


def _setting(
    rule: PolicyRule,
    key: str,
    mode: SettingMode,
    wanted: Values,
    where: str,
    why: str,
    seen: Seen,
) -> Iterator[Unmet]:
    current = seen.snapshot.settings[key]
    if len(current) != len(wanted):
        proposed: Values = wanted
    elif mode == "exactly":
        proposed = wanted
    else:
        proposed = tuple(max(pair) for pair in zip(current, wanted, strict=True))
    if proposed == current:
        return
    known = cast("Tunable", tunable(key))
    at_least = "at least " if mode == "at_least" else ""
    summary = (
        f"{key} is {_words(current)} {known.unit}, and {where} wants {at_least}{_words(wanted)}"
    )
    yield Unmet(
        key,
        JudgedFinding(
            rule=rule,
            stage="",
            severity="warning",
            confidence="high",
            summary=summary,
            fingerprint="",
            fails=True,
            spot=setting_spot(key, seen.snapshot, seen.places),
            advice=Recommendation(
                kind="sysctl",
                target=key,
                scope=scope(known, seen.snapshot.host.kernel),
                why=why,
                cost=known.cost,
                takes_effect=known.takes_effect,
                current=_plain(current),
                proposed=_plain(proposed),
                command=_command(key, proposed),
                undo=_command(key, current),
            ),
        ),
    )


def _words(values: Values) -> str:
    return " ".join(map(count, values))


def _plain(values: Values) -> int | str:
    return values[0] if len(values) == 1 else " ".join(map(str, values))


def _command(key: str, values: Values) -> str:
    text = " ".join(map(str, values))
    return f"sysctl -w {key}={text}" if len(values) == 1 else f"sysctl -w {key}='{text}'"


def _lost(stage: str, limit: LossLimit, seen: Seen) -> Iterator[Unmet | Unknown]:
    ledger = seen.diagnosis.ledger
    counter = ""
    if stage == ALL_STAGES:
        lost, offered = ledger.lost, came(ledger)
        unseen = seen.diagnosis.host.sandbox is not None
    else:
        account = ledger.account(stage)
        if account is None:  # no such stage on this host, so nothing is lost there
            return
        lost, offered, unseen = account.lost or 0, account.offered, account.lost is None
        counter = account.by[0].counter if account.by else ""
    if unseen or (lost and offered is None and limit.share > 0):
        why = "nothing on this host counts it" if unseen else "what was offered is not known"
        yield Unknown("policy-loss", stage, why)
        return
    share = min(1.0, lost / offered) if lost and offered else None
    if not lost or (share is not None and share <= limit.share):
        return
    where = "all stages" if stage == ALL_STAGES else stage
    figure = f" of {count(offered)} ({percent(share)})" if offered and share is not None else ""
    yield Unmet(
        stage,
        JudgedFinding(
            rule="policy-loss",
            stage="" if stage == ALL_STAGES else stage,
            severity="warning",
            confidence="high",
            summary=f"{where} lost {count(lost)}{figure}, and {limit.place} allows"
            f" {percent(limit.share)}",
            fingerprint="",
            fails=True,
            lost=lost,
            share=share,
            present=None if seen.diagnosis.window.mode == "since-boot" else True,
            spot=counter_spot(counter, seen.snapshot, seen.places),
        ),
    )


def _profile(policy: Policy, seen: Seen) -> Iterator[Unmet | Unknown]:
    """Yield what differs from a profile; a setting that this host lacks is no difference."""
    host = seen.snapshot.host
    bases = {one.name: one for one in policy.profile[1:]}
    try:
        wanted = resolve(policy.profile[0], bases.get, Memory(host.memory_bytes, host.page_bytes))
    except ProfileError as error:
        yield Unknown("policy-profile", policy.profile[0].name, str(error))
        return
    held = [one for one in wanted.settings if one.key in seen.snapshot.settings]
    if wanted.settings and not held:
        yield Unknown("policy-profile", wanted.name, "the input holds none of its settings")
    for one in held:
        where = f"profile {wanted.name}"
        yield from _setting("policy-profile", one.key, one.mode, one.values, where, one.why, seen)
