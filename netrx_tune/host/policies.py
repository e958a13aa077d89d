"""Reading policies and baselines, and writing baselines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

from netrx_tune.host import profiles
from netrx_tune.host.decompress import unreadable
from netrx_tune.host.small import read_at_most
from netrx_tune.model.errors import InputError, ProfileError
from netrx_tune.planning.baseline import MOST, parse_baseline
from netrx_tune.planning.policy import Policy, digest_of, parse_policy
from netrx_tune.planning.policy_fields import Acceptance, Bar
from netrx_tune.planning.profile import chain
from netrx_tune.planning.profile_written import Written


class Wanted(NamedTuple):
    """What the command line says of a policy; None where it says nothing."""

    policy: str | None = None
    baseline: str | None = None
    fail_on: Bar | None = None
    new_baseline: bool = False  # the baseline need not be there yet


def load(wanted: Wanted, today: date) -> Policy:
    """Return the policy that is in force.

    Raises:
        ProfileError: the policy, its profile or the baseline is not one; file, line and key.
        InputError: one of them cannot be read.
    """
    text = _read(wanted.policy) if wanted.policy else ""
    policy = parse_policy(text, wanted.policy) if wanted.policy else Policy()
    if wanted.fail_on:
        bars = {} if wanted.fail_on == "never" else policy.bars
        policy = policy._replace(fail_on=wanted.fail_on, bars=bars)
    if policy.profile_name:
        policy = policy._replace(profile=_profile(policy))
    accepted = ""
    if wanted.baseline:
        accepted, listed = _baseline(wanted.baseline, may_lack=wanted.new_baseline)
        policy = policy._replace(baseline=listed)
    return policy._replace(digest=digest_of(policy, (text, accepted), today))


def write_baseline(path: str, text: str) -> None:
    """Write a baseline, whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    profiles.write(path, [("", text)])


def _baseline(path: str, *, may_lack: bool) -> tuple[str, dict[str, Acceptance]]:
    if may_lack and not Path(path).exists():
        return "", {}
    text = _read(path)
    return text, parse_baseline(text, path)


def _profile(policy: Policy) -> tuple[Written, ...]:
    """Return the profile that a policy names, with its bases; a path is from its own folder."""
    name = policy.profile_name or ""
    where = profiles.shelf()
    if name.endswith((".yaml", ".yml")) or "/" in name:
        name = str(Path(policy.path).parent / name)
        name = name if "/" in name else f"./{name}"
    try:
        first = profiles.written(name, where)
        return tuple(chain(first, lambda base: profiles.by_name(base, where)))
    except InputError as error:
        raise InputError(f"{policy.profile_place}: profile: {error}") from None


def _read(path: str) -> str:
    try:
        raw = read_at_most(path, MOST.size_bytes + 1)
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ProfileError(path, f"{line}: expected UTF-8", f"{raw[error.start]:#04x}") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
