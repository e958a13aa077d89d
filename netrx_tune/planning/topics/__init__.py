"""Systems of the receive path that are neither a stage nor a knob, and the words of a report.

Each system says how it was on kernel 3.13, how it is today, what can be lost there, and which
stages, counters and tunables belong to it. Read in the trees from 3.10 to 6.19, measured on
5.10, 6.1, 6.12, 6.18 and 7.3. Imported by `explain` alone.
"""

from __future__ import annotations

from netrx_tune.planning.topics.host import HOST_TOPICS
from netrx_tune.planning.topics.ip import IP_TOPICS
from netrx_tune.planning.topics.topic import Topic
from netrx_tune.planning.topics.udp import UDP_TOPICS
from netrx_tune.planning.topics.words import WORD_TOPICS

TOPICS: tuple[Topic, ...] = (*IP_TOPICS, *UDP_TOPICS, *HOST_TOPICS, *WORD_TOPICS)
