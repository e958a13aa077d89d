"""A profile as text: what it sets, beside what the host has."""

from __future__ import annotations

from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.reporters.profile_text import profile_json, render_profile

PROFILE = Profile(
    name="here",
    summary="2 settings that a diagnosis asks for",
    path="",
    extends=None,
    settings=(
        ProfileSetting("net.core.rmem_max", "at_least", (8 << 20,), "bursts", "rule", (212992,)),
        ProfileSetting("net.ipv4.ipfrag_time", "exactly", (3,), "why", ""),
    ),
    application=("restart",),
    keep=("net.core.busy_poll",),
    memory_share=0.25,
    generated={"from": "web1\x1b[2J"},
)
TEXT = r"""here: 2 settings that a diagnosis asks for
  from: web1\x1b[2J

  net.core.rmem_max at least 8388608 bytes (8 MiB)
      This host has 16777216 bytes (16 MiB): nothing to do.
      Why: bursts
      Source: rule
      Before: 212992 bytes (208 KiB)
  net.ipv4.ipfrag_time exactly 3 seconds
      This host has 30 seconds: it would be set.
      Why: why

In programs and devices, which no sysctl reaches:
  - restart

Never proposed: net.core.busy_poll
"""


def text(profile: Profile, now: dict[str, tuple[int, ...]]) -> str:
    return render_profile(profile, now, width=100, color=False)


def test_each_value_stands_beside_the_hosts_with_reason_source_and_what_was() -> None:
    now: dict[str, tuple[int, ...]] = {
        "net.core.rmem_max": (16 << 20,),
        "net.ipv4.ipfrag_time": (30,),
    }
    assert text(PROFILE, now) == TEXT


def test_what_the_host_does_not_show_is_said_and_not_guessed() -> None:
    assert text(PROFILE, {}).count("This host does not show its value") == 2
    assert "holds another count of numbers" in text(PROFILE, {"net.core.rmem_max": (1, 2)})


def test_an_empty_profile_says_so() -> None:
    empty = Profile("e", "s", "/e.yaml", "base", (), (), (), None, {})
    assert text(empty, {}) == "e: s\n  /e.yaml, on top of base\n\n  It sets nothing.\n"


def test_json_has_unit_scope_and_whether_it_changes_anything() -> None:
    found = profile_json(PROFILE, {"net.core.rmem_max": (212992,)})
    assert found["limits"] == {"memory_share": 0.25}
    settings = found["settings"]
    assert isinstance(settings, list)
    assert settings[0] == {
        "key": "net.core.rmem_max",
        "mode": "at_least",
        "values": [8388608],
        "unit": "bytes",
        "scope": "host",
        "takes_effect": "restart",
        "why": "bursts",
        "source": "rule",
        "current": [212992],
        "previous": [212992],
        "changes": True,
    }
    assert settings[1]["changes"] is None
