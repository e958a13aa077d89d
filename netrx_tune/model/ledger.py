"""The books: where each packet of the window went, one packet in one account."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Bound = Literal["exact", "at-least", "at-most", "unseen"]


class Entry(NamedTuple):
    """One counter's part in an account."""

    counter: str
    increase: int


class Account(NamedTuple):
    """What one stage lost in the window.

    `offered` is what came to that stage in the same unit, None where nothing counts it;
    shares are lost / offered.
    """

    stage: str
    lost: int | None  # None with bound "unseen"
    bound: Bound
    by: tuple[Entry, ...]
    offered: int | None = None
    why: str = ""  # how the figure was found, when it is not one counter's

    @property
    def share(self) -> float | None:
        """Lost over offered, or None where either is unknown or nothing was offered."""
        if self.lost is None or not self.offered:
            return None
        return min(1.0, self.lost / self.offered)

    # _replace() takes three times as long, and every account of every host comes this way.
    def with_offered(self, offered: int | None) -> "Account":
        """Return the account with another number of what came to its stage."""
        stage, lost, bound, by, _, why = self
        return Account(stage, lost, bound, by, offered, why)


class Ledger(NamedTuple):
    """All accounts in path order.

    offered = delivered + queued + lost. `lost` includes `unattributed`, the part that the
    layers' totals show and no counter names. `delivered` counts datagrams that programs
    read and TCP segments; `queued` what arrived in the window and still waits to be read.
    `since_boot` holds what each stage's account says of the time from boot to the window's end.
    `offered` is None where TCP's part is not shown and others than datagrams were lost.
    """

    accounts: tuple[Account, ...]
    offered: int | None
    delivered: int | None
    queued: int | None
    lost: int
    unattributed: int | None
    since_boot: Mapping[str, Account] = MappingProxyType({})

    def total(self, stage: str) -> int | None:
        """Return what a stage lost since boot, or None where that cannot be known."""
        account = self.since_boot.get(stage)
        return account.lost if account else None

    @property
    def is_blank(self) -> bool:
        """Tell whether not one stage's figure is known."""
        return all(account.lost is None for account in self.accounts)

    def account(self, stage: str) -> Account | None:
        """Return a stage's account, or None if the stage cannot exist on this host."""
        for account in self.accounts:
            if account.stage == stage:
                return account
        return None

    def lost_at(self, stage: str) -> int:
        """Return what a stage is known to have lost; 0 where it is unseen."""
        account = self.account(stage)
        return account.lost or 0 if account else 0
