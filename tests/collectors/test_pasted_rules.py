"""Firewalls in a text: several prints of a rule are one rule, and what is not shown is said."""

from __future__ import annotations

from netrx_tune.collectors.pasted_parts import parts_of
from tests.collectors.texts import sample_of as read

HEAD = "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n pkts bytes target prot opt in out source\n"
EXACT = HEAD + "234579 30026112 DROP udp -- * * 0.0.0.0/0 0.0.0.0/0 udp dpt:9000\n"
ROUNDED = HEAD + " 235K   30M DROP udp -- * * 0.0.0.0/0 0.0.0.0/0 udp dpt:9000\n"
SIX = HEAD + "   19  2812 DROP udp -- * * ::/0 ::/0 udp dpt:9000\n"
NFT = """table ip filter {
\tchain INPUT {
\t\ttype filter hook input priority filter; policy accept;
\t\tudp dport 9000 counter packets 234579 bytes 30026112 drop
\t}

\tchain other {
\t}
}
"""
QDISC = """qdisc ingress ffff: dev eth0 parent ffff:fff1 ----------------
 Sent 9088 bytes 71 pkt (dropped 31, overlimits 0 requeues 0)
 backlog 0b 0p requeues 0
"""


def counted(text: str) -> list[tuple[str, int]]:
    """Return the counters without the marks of their rules."""
    return [(rule.place.partition(" #")[0], rule.packets) for rule in read(text).rules or ()]


def absent(text: str) -> set[str]:
    gaps = {gap.path for gap in read(text).gaps if gap.why == "absent"}
    return gaps & {"nftables:rules", "tc:qdisc"}


def test_a_text_without_a_firewall_knows_no_rule() -> None:
    assert read("Udp: InErrors\nUdp: 3\n").rules is None


def test_of_two_prints_of_a_table_the_exact_one_counts() -> None:
    row = [("iptables filter INPUT rule 1", 234_579)]
    assert counted(f"$ iptables -vnL\n{ROUNDED}\n$ iptables -vnxL\n{EXACT}") == row
    assert counted(f"$ iptables -vnxL\n{EXACT}\n$ iptables -vnL\n{ROUNDED}") == row


def test_an_exact_and_a_rounded_print_are_not_two_moments() -> None:
    sample = read(f"$ iptables -vnL\n{ROUNDED}\n$ iptables -vnxL\n{EXACT}")
    assert [gap.path for gap in sample.gaps if "earlier one" in gap.detail] == []


def test_a_listing_without_counters_takes_none_away() -> None:
    bare = NFT.replace(" packets 234579 bytes 30026112", "")
    row = [("ip filter INPUT rule 1", 234_579)]
    assert counted(f"# nft list ruleset\n{NFT}\n# nft -s list ruleset\n{bare}") == row


def test_of_two_moments_the_last_counts_and_it_is_said() -> None:
    later = EXACT.replace("234579", "234600")
    sample = read(f"# iptables -vnxL\n{EXACT}\n# sleep 9; iptables -vnxL\n{later}")
    assert [rule.packets for rule in sample.rules or ()] == [234_600]
    assert [gap.path for gap in sample.gaps if "earlier one" in gap.detail] == ["iptables filter"]
    sample = read(f"# nft list ruleset\n{NFT}\n# nft list ruleset\n{NFT.replace('79', '80')}")
    assert [rule.packets for rule in sample.rules or ()] == [234_580]
    assert [gap.path for gap in sample.gaps if "earlier one" in gap.detail] == ["nft"]


def test_a_rule_that_iptables_and_nft_show_is_one() -> None:
    assert counted(f"# iptables -vnxL\n{EXACT}\n# nft list ruleset\n{NFT}") == [
        ("iptables filter INPUT rule 1", 234_579)
    ]
    old = f"# iptables-legacy -vnxL\n{EXACT}\n# nft list ruleset\n{NFT}"
    assert len(counted(old)) == 2


def test_a_listing_with_handles_beside_one_without_is_one() -> None:
    with_handle = NFT.replace("drop\n", "drop # handle 7\n")
    found = counted(f"# nft list ruleset\n{NFT}\n# nft -a list ruleset\n{with_handle}")
    assert found == [("ip filter INPUT handle 7", 234_579)]


def test_both_ip_versions_have_rules_of_their_own() -> None:
    assert counted(f"{EXACT}\n{SIX}") == [
        ("iptables filter INPUT rule 1", 234_579),
        ("ip6tables filter INPUT rule 1", 19),
    ]


def test_what_the_text_does_not_show_is_absent() -> None:
    assert absent(EXACT) == {"nftables:rules", "tc:qdisc"}
    assert absent(QDISC) == {"nftables:rules"}
    assert absent(f"# nft list ruleset\n{NFT}") == {"tc:qdisc"}
    assert absent(f"# nft list table ip filter\n{NFT}") == {"nftables:rules", "tc:qdisc"}
    assert absent(f"# nft list ruleset\n{NFT}\n# tc -s qdisc\n{QDISC}") == set()


def test_parts_end_where_other_programs_begin() -> None:
    text = (
        f"On the gateway:\n```\n# iptables -vnxL\n{EXACT}\n```\nand\n\n{QDISC}\n"
        f"Udp: InErrors\nUdp: 3\n{NFT}net.core.rmem_max = 212992\nsee you\n"
    )
    assert [part.kind for part in parts_of(text)] == [
        "iptables", "tc", "/proc/net/snmp", "nft", "/netrx/sysctl-a",
    ]  # fmt: skip


def test_a_listing_that_is_cut_off_takes_no_other_part_with_it() -> None:
    cut = "\n".join(NFT.split("\n")[:4])
    text = f"{cut}\nroot@gw:~# cat /proc/net/snmp\nUdp: InErrors\nUdp: 3\n"
    sample = read(text)
    assert "/proc/net/snmp" in sample.files
    assert [rule.packets for rule in sample.rules or ()] == [234_579]


def test_rows_that_a_narrow_terminal_folded_are_read() -> None:
    folded = EXACT.replace("in out source\n", "in out source\ndestination\n").replace(
        "0.0.0.0/0 udp dpt:9000", "0.0.0.0/0\nudp dpt:9000"
    )
    more = "     7  896 REJECT udp -- * * 0.0.0.0/0 0.0.0.0/0\n reject-with icmp-port-unreachable\n"
    assert counted(folded + more) == [
        ("iptables filter INPUT rule 1", 234_579),
        ("iptables filter INPUT rule 2", 7),
    ]
