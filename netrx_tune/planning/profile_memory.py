"""Whether a profile's values keep to its own share of a host's memory.

A profile made on one host may be applied on a smaller one, and a share that was computed there
is a plain number by now.
"""

from __future__ import annotations

from netrx_tune.model.profile import Profile
from netrx_tune.planning.plan_values import Host, bytes_each
from netrx_tune.planning.tunables import tunable


def beyond_memory(profile: Profile, host: Host) -> dict[str, str]:
    """Return why each key that asks for more than what is left of the share cannot be set.

    Keys take their part in the order of the profile, as those of a plan do. Nothing is refused
    where the profile has no limit, or the host does not tell its memory.
    """
    if profile.memory_share is None or host.memory_bytes is None:
        return {}
    most = left = int(host.memory_bytes * profile.memory_share)
    refused = {}
    for one in profile.settings:
        known = tunable(one.key)
        counts = one.values[known.limit_index] if known else 0
        need = bytes_each(one.key, host, 1) * counts
        if need > left:
            refused[one.key] = (
                f"full, it pins {need:,} B; of this host's memory the profile allows"
                f" {100 * profile.memory_share:.3g} % ({most:,} B), of which {left:,} B are left:"
                " take a smaller value, or raise limits.memory_share"
            )
        else:
            left -= need
    return refused
