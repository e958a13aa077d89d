"""/proc/sys/kernel/random/boot_id: drawn anew at each boot, the same for all who ask.

Kernel: drivers/char/random.c, proc_do_uuid().
"""

from __future__ import annotations

_HASHED = "sha256:"


def hashed_boot(boot_id: str) -> str:
    """Return what stands for a boot id on disk: the same for the same boot, and not the id."""
    text = boot_id.strip()
    if text.startswith(_HASHED):
        return text
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL

    return _HASHED + sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
