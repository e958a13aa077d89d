"""The books: where each packet of the window went, one packet in one account."""

from typing import Literal, NamedTuple

Bound = Literal["exact", "at-least", "at-most", "unseen"]


class Entry(NamedTuple):
    """One counter's part in an account."""

    counter: str
    increase: int


class Account(NamedTuple):
    """What one stage lost in the window.

    `offered` is what came to that stage in the same unit, None where nothing counts it;
    shares are lost / offered. `total` is the sum since boot at the window's end.
    """

    stage: str
    lost: int | None  # None with bound "unseen"
    bound: Bound
    by: tuple[Entry, ...]
    offered: int | None = None
    total: int | None = None
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
        stage, lost, bound, by, _, total, why = self
        return Account(stage, lost, bound, by, offered, total, why)

    def with_total(self, total: int | None) -> "Account":
        """Return the account with its sum since boot."""
        stage, lost, bound, by, offered, _, why = self
        return Account(stage, lost, bound, by, offered, total, why)


class Ledger(NamedTuple):
    """All accounts in path order.

    offered = delivered + queued + lost. `lost` includes `unattributed`, the part that the
    layers' totals show and no counter names. `delivered` counts datagrams that programs
    read and TCP segments; `queued` what arrived in the window and still waits to be read.
    `offered` is None where TCP's part is not shown and others than datagrams were lost.
    """

    accounts: tuple[Account, ...]
    offered: int | None
    delivered: int | None
    queued: int | None
    lost: int
    unattributed: int | None

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
