"""What the words of a report mean: how its books add up, and why a queue was full."""

from __future__ import annotations

from netrx_tune.planning.topics.topic import Topic

WORD_TOPICS: tuple[Topic, ...] = (
    Topic(
        name="books",
        title="how a report adds up packets, and how sure its counts are",
        what=(
            "Offered = delivered + queued + lost. A lost packet is charged to one stage, once.\n"
            "- offered: what came for programs of this host. A stage's share is lost / offered at "
            "that stage.\n"
            "- delivered: what programs read; UDP counts a datagram when it is read.\n"
            "- queued: what came in the window and still waits.\n"
            "- exact: the counters name just these packets.\n"
            "- at least: more of them may hide in other counters.\n"
            "- at most: the counter holds other things as well.\n"
            "- not visible (unseen): nothing here tells. That is not 0.\n"
            "- unattributed: it is missing between two layers' totals, and no counter says why.\n"
            "- since boot: totals, which do not tell when it was lost; watch for a window."
        ),
        lost=(
            "Frames for other hosts or of protocols that nobody here speaks are named at their "
            "stage and not added to lost."
        ),
        aliases=(
            *("ledger", "offered", "delivered", "queued", "share", "bound", "exact", "at least"),
            *("at most", "not visible", "unseen", "unattributed", "since boot", "window"),
        ),
        stages=("device-unattributed", "ip-unattributed", "udp-unattributed"),
        counters=("Ip.InReceives", "Udp.InDatagrams"),
    ),
    Topic(
        name="causes",
        title="why a queue was full, and whether room helps",
        what=(
            "Several diseases move the same counter. `cause` is the one that the watch saw.\n"
            "- burst: the queue stands empty, then overflows at once; on average its reader keeps "
            "up. Room helps, up to the burst's size.\n"
            "- reader-stall: the reader is away (sleep, disk, lock, garbage collection, CPU "
            "quota), then reads all. Room helps, up to the pause's length; or end the pause.\n"
            "- sustained-overload: more comes in than goes out, all the time. Room only delays "
            "the loss: read faster, with more readers, or send less.\n"
            "- reader-stopped: nothing was read. Room does not help: see what the program waits "
            "for.\n"
            "- reader-starved: the reader wants to run and gets no CPU. Room does not help: give "
            "it a CPU, or lift its quota.\n"
            "- unknown: totals only, or too short a look. netrx-tune diagnose --interval 30 tells "
            "while it happens."
        ),
        lost=(
            "Sockets' buffers have all of them. The reader of a CPU's backlog and of a card's "
            "ring is a CPU: there it is a burst, or sustained-overload where that CPU has no time "
            "left."
        ),
        aliases=(
            *("cause", "burst", "reader-stall", "stall", "sustained-overload", "overload"),
            *("reader-stopped", "reader-starved", "unknown"),
        ),
        stages=("udp-rcvbuf-full", "cpu-backlog-overflow", "nic-ring-overflow"),
        counters=("Udp.RcvbufErrors",),
    ),
)
