"""The firewall and traffic control in a support archive: what iptables, nft and tc printed there.

    sos_commands/firewall_tables/nft_list_ruleset, iptables_-vnxL, iptables_-t_mangle_-nvL
    sos_commands/networking/tc_-s_qdisc_show, tc_-s_filter_show_dev_eth0_ingress
    sos_commands/networking/namespaces/blue/ip_netns_exec_blue_iptables-save

Source: sos 4.5, sos/report/plugins/firewall_tables.py and networking.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune.collectors.pasted_rules import IPTABLES, NFT, TC, rules_of
from netrx_tune.model.sample import Gap, RuleCounter

_NAME = re.compile(
    r"sos_commands/\w+/(?P<command>(?P<program>ip6?tables(?:-save)?|nft|tc)(?:_[^/]*)?)"
)
_FILTERS = re.compile(r"tc_-s_filter_show_dev_(?P<device>.+?)(?P<way>_ingress|_egress)?")
_KINDS = {"nft": NFT, "tc": TC}
# A command that failed leaves its complaint: no rule in that is no proof that there is none.
_LOOKS = {
    IPTABLES: re.compile(r"^(?:Chain |\*\w+$|:\S+ )", re.MULTILINE),
    NFT: re.compile(r"^table ", re.MULTILINE),
    TC: re.compile(r"^(?:qdisc|filter) ", re.MULTILINE),
}


class _Printed(NamedTuple):
    kind: str
    text: str
    command: str
    member: str


def read_printed_rules(
    texts: Mapping[str, str], gaps: list[Gap]
) -> tuple[tuple[RuleCounter, ...] | None, dict[str, str]]:
    """Return what rules and qdiscs count, and by the place of each the member that says it."""
    printed = list(_printed(texts))
    rules = rules_of(printed, gaps)
    taken = frozenset(rules or ())
    members: dict[str, str] = {}
    for one in printed if taken else ():
        for rule in taken.intersection(rules_of([one], []) or ()):
            members.setdefault(rule.place, one.member)
    return rules, members


def _printed(texts: Mapping[str, str]) -> Iterator[_Printed]:
    for name, text in texts.items():
        found = _NAME.fullmatch(name)
        if not found:
            continue
        kind = _KINDS.get(found["program"], IPTABLES)
        filters = _FILTERS.fullmatch(found["command"])
        command = found["command"].replace("_", " ")
        if filters:  # a device's name may have such a line, too
            way = (filters["way"] or "").replace("_", " ")
            command = f"tc -s filter show dev {filters['device']}{way}"
        if _LOOKS[kind].search(text):
            yield _Printed(kind, text, command, name)
