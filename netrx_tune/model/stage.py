"""One place of the receive path that can lose a packet, as data."""

from typing import Literal, NamedTuple

from netrx_tune.model.kernel import KernelVersion

Layer = Literal["device", "softirq", "core", "ip", "udp", "tcp", "books"]

# loss: the kernel had no room or no use for it. policy: it did what it was told.
# pressure: nothing is lost. copy: a capture's copy is lost. stray: it was never on the way
# to a program of this host.
StageKind = Literal["loss", "policy", "pressure", "copy", "stray"]


class Stage(NamedTuple):
    """A stage of the receive path; kernel facts carry file and function.

    `counters` are those whose increase is this stage's loss; `also` are counters that the
    same packet moves as well, so that it is charged once. `blind` says what cannot be seen
    here and why. `since`/`until` bound the kernels that have the stage (until exclusive).
    """

    name: str  # "udp-rcvbuf-full"
    order: int  # place in the path, as in "90"
    layer: Layer
    title: str  # a few words for a line of the drawn path
    function: str  # "__udp_enqueue_schedule_skb() in net/ipv4/udp.c"
    what: str  # what happens there, in two or three sentences
    kind: StageKind = "loss"
    counters: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()  # drop reasons of skb:kfree_skb, without their prefix
    knobs: tuple[str, ...] = ()  # tunables by their full names
    remedy: str = ""
    wrong_when: str = ""  # when the usual remedy does not help
    blind: str = ""
    versions: str = ""  # what differs between kernels, in words
    since: KernelVersion | None = None
    until: KernelVersion | None = None
    unit: Literal["packets", "datagrams", "fragments", "segments", "connections"] = "packets"
