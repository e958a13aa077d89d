"""Every system of the receive path has a page that holds together."""

from __future__ import annotations

import pytest

from netrx_tune.planning.counters import COUNTER_NOTES
from netrx_tune.planning.topics import TOPICS
from netrx_tune.planning.topics.topic import Topic
from netrx_tune.planning.tunables import tunable
from netrx_tune.rxpath.stages import STAGES, stage

NAMES = {
    "books",
    "causes",
    "containers",
    "defragmentation",
    "delivery",
    "early-demux",
    "gro",
    "multicast",
    "netfilter",
    "quarter-rule",
    "routing",
    "rps",
    "so-rcvbuf",
    "socket-backlog",
    "socket-queue",
    "softirq",
    "truesize",
    "udp",
    "udp-lite",
}

# What the article of 2016 walks through on 3.13, and the functions that it names there.
ARTICLE = {
    "early-demux": ("ip_rcv_finish", "udp_v4_early_demux", "net.ipv4.ip_early_demux"),
    "routing": ("ip_route_input", "dst_input"),
    "defragmentation": ("ip_local_deliver", "ip_defrag"),
    "netfilter": ("NF_HOOK", "ip_local_deliver_finish"),
    "delivery": ("inet_add_protocol", "udp_rcv", "no_policy"),
    "udp": ("__udp4_lib_rcv", "skb", "udp_queue_rcv_skb", "sk_rcvqueues_full"),
    "socket-queue": ("sock_queue_rcv_skb", "skb_set_owner_r", "sk_rmem_schedule", "sk_data_ready"),
    "so-rcvbuf": ("SO_RCVBUFFORCE", "net.core.rmem_default", "8388608", "CAP_NET_ADMIN"),
    "socket-backlog": ("sk_add_backlog", "release_sock"),
}


def test_there_is_a_page_for_each_system() -> None:
    assert {topic.name for topic in TOPICS} == NAMES


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_says_how_it_was_how_it_is_and_what_is_lost(topic: Topic) -> None:
    system = (topic.then, topic.now) if topic.name not in {"books", "causes"} else ()
    for words in (topic.what, *system, topic.lost):
        assert words.endswith(".")


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_tied_to_stages_counters_and_tunables_that_exist(topic: Topic) -> None:
    counters = {name for one in STAGES for name in (*one.counters, *one.also)}
    counters |= {note.name for note in COUNTER_NOTES}
    assert topic.stages
    assert [stage(name).name for name in topic.stages] == list(topic.stages)
    assert set(topic.counters) <= counters
    assert [name for name in topic.tunables if tunable(name) is None] == []


@pytest.mark.parametrize("name", ARTICLE)
def test_each_system_of_the_article_is_told_for_its_kernel(name: str) -> None:
    topic = next(one for one in TOPICS if one.name == name)
    text = " ".join((topic.what, topic.then, *topic.aliases))
    assert [word for word in ARTICLE[name] if word not in text] == []


def test_notes_have_unique_names() -> None:
    names = [note.name for note in COUNTER_NOTES]
    assert len(set(names)) == len(names)


def test_a_note_says_what_it_counts() -> None:
    assert [note.name for note in COUNTER_NOTES if not note.what.endswith(".")] == []
