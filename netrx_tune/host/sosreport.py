"""A support archive that sos made, as one sample of its host.

    proc/net -> self/net, proc/self -> 3255, proc/3255/net/snmp      the kernel's own files
    sos_commands/kernel/sysctl_-a                                    settings, as a text
    sos_commands/networking/ethtool_-S_eth0, -g, -l, -c, -i          what a driver says
    sos_commands/networking/ip_-s_-d_link                           each device's counters and kind
    sos_commands/firewall_tables/nft_list_ruleset, iptables_-vnxL    what rules dropped
    sos_commands/networking/tc_-s_qdisc_show                         what qdiscs dropped
    sos_commands/networking/ss_-peaonmi, nstat_-zas, netstat_-s      where there is no file
    sos_commands/networking/namespaces/blue/...                      another namespace
    sos_commands/host/uptime, sos_commands/date/date                 when

Which of them are there depends on sos' version, its plugins and the host; a command that failed
leaves an empty file, or its complaint. The members were not read at one instant, so what one of
them counts is never subtracted from what another does. A report has one moment: without a second
one it tells totals since boot.

Source: sos 4.0, sos/report/plugins/{networking,kernel,host,date}.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from netrx_tune.collectors import ethtool_text
from netrx_tune.collectors.clock import CLOCK
from netrx_tune.collectors.conntrack_text import parse_conntrack_s
from netrx_tune.collectors.link_text import parse_links
from netrx_tune.collectors.netstat_s import parse_netstat_s
from netrx_tune.collectors.nstat import parse_nstat
from netrx_tune.collectors.paths import (
    CONNTRACK_S,
    LINKS,
    NETSTAT_S,
    NICS,
    NSTAT,
    OF_HOST,
    RULES,
    SOCKETS,
    SYSCTL_A,
)
from netrx_tune.collectors.ss_text import parse_ss
from netrx_tune.collectors.sysctl import path_of, said_by_sysctl_a
from netrx_tune.host.kernel_tree import RawTree, kernel_files
from netrx_tune.host.sos_namespaces import (
    SOFTNET_GAP,
    Namespaces,
    by_namespace,
    namespace_gaps,
    namespace_members,
    of_every_namespace,
)
from netrx_tune.host.sos_rules import read_printed_rules
from netrx_tune.model.errors import ParseError
from netrx_tune.model.places import Places, of_record
from netrx_tune.model.sample import Gap, Link, Nic, Sample
from netrx_tune.reporters.snapshot_files import UPTIME, SavedSnapshot, saved_snapshot

_COMMANDS = "sos_commands/"
_ETHTOOL = re.compile(r"sos_commands/\w+/ethtool_-(?P<option>[Sglci])_(?P<device>.+)", re.DOTALL)
_FIELDS = {"S": "statistics", "g": "rings", "l": "channels", "c": "coalesce", "i": "driver"}
# Read by no parser yet, and kept for one that does.
_KEPT = re.compile(r"sos_commands/\w+/ip_-s[^/]*")
_LINKS = re.compile(r"sos_commands/\w+/ip_(?:-\w+_)*-s_(?:-\w+_)*link")
# Its options differ over sos' versions.
_PRINTED = {
    NSTAT: (re.compile(r"sos_commands/\w+/nstat_-\w*a\w*"), parse_nstat),
    NETSTAT_S: (re.compile(r"sos_commands/\w+/netstat_-s"), parse_netstat_s),
    CONNTRACK_S: (re.compile(r"sos_commands/\w+/conntrack_-S"), parse_conntrack_s),
}
_SS = re.compile(r"sos_commands/\w+/ss_-\w*a\w*m\w*")
# The tables of a snapshot of our own: a report has them in what commands printed, or not at all.
_UNPRINTED = dict.fromkeys((SOCKETS, LINKS, NICS, RULES), "")
_DENIED = re.compile(r"^sysctl: permission denied on key '(?P<key>net[^']+)'", re.MULTILINE)
_RELEASE = "/proc/sys/kernel/osrelease"
_UP = re.compile(
    r"\bup\s+(?:(?P<days>\d+) days?,\s+)?"
    r"(?:(?P<hours>\d+):(?P<minutes>\d\d)|(?P<only>\d+) min|(?P<hour>\d+) hours?)?"
)
_DATE = re.compile(
    r"\w{3} (?P<month>\w{3}) +(?P<day>\d+) (?P<hour>\d\d):(?P<rest>\d\d:\d\d)"
    r"(?: (?P<half>[AP]M))? UTC (?P<year>\d{4})"
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NO_NETWORKING = Gap(
    "/proc/net", "absent", "sos did not copy it: its networking plugin did not run"
)


def read_sosreport(tree: RawTree, netns: str | None = None) -> SavedSnapshot:
    """Return a report as a snapshot of one sample, looking into `netns` beside the host's own.

    What it lacks is among the sample's gaps.

    Raises:
        ValueError: the report says nothing of that namespace.
    """
    files, found, members = kernel_files(tree)
    gaps = list(found)
    _add_uptime(tree.files, files)
    _add_hostname(tree.files, files)
    namespaces = by_namespace(tree.files)
    if netns is not None:
        return _namespace(tree, files, namespaces, netns)
    if not any(path.startswith("/proc/net/") for path in files):
        gaps.append(_NO_NETWORKING)
    copied = dict(files)  # without what sysctl printed in the host's own
    beside = {
        name: partial(_namespace, tree, copied, namespaces, name) for name in sorted(namespaces)
    }
    members.update(_UNPRINTED)
    _add_settings(tree.files, files, gaps, members)
    sample = _printed(tree.files, files, gaps, members)
    sample = sample._replace(gaps=sample.gaps + namespace_gaps(namespaces))
    saved = saved_snapshot((sample,), kind="sosreport")
    places = Places(tree.root, members)
    return _dated(saved._replace(namespaces=beside, places=places), tree.files)


def _namespace(
    tree: RawTree, files: Mapping[str, str], namespaces: Namespaces, netns: str
) -> SavedSnapshot:
    """Return what a report says of a further network namespace."""
    printed = namespace_members(namespaces, netns)
    texts = {command: member.text for command, member in printed.items()}
    listing, listed = _command(tree.files, "sysctl_-a")
    known = of_every_namespace(files, listed)
    members = {path: listing for path in known if path.startswith(OF_HOST)}
    members.update((OF_HOST + path, path[1:]) for path in files if OF_HOST + path in known)
    gaps = [SOFTNET_GAP]
    own = dict(_UNPRINTED)
    _add_settings(texts, known, gaps, own)
    sample = _printed(texts, known, gaps, own)
    members.update((path, command and printed[command].name) for path, command in own.items())
    saved = saved_snapshot((sample,), kind="sosreport", netns=netns)
    return _dated(saved._replace(places=Places(tree.root, members)), tree.files)


def _dated(saved: SavedSnapshot, members: Mapping[str, str]) -> SavedSnapshot:
    """Return a report with the time at which it was taken, as far as it tells."""
    date = _command(members, "date_--utc")[1] or _command(members, "date")[1]
    utc = _utc(date)
    if utc is None:
        return saved
    sample = saved.samples[0]
    clock = f"realtime {datetime.fromisoformat(utc).timestamp():.3f}\n"
    return saved._replace(
        samples=(sample._replace(files={**sample.files, CLOCK: clock}),),
        times=(saved.times[0]._replace(utc=utc),),
    )


def _printed(
    texts: Mapping[str, str], files: dict[str, str], gaps: list[Gap], members: dict[str, str]
) -> Sample:
    """Return the sample of files and of what commands printed beside them; note which ones."""
    for name, text in texts.items():
        if text and _KEPT.fullmatch(name):
            files[f"/{name}"] = text
        for path, (look, parse) in _PRINTED.items():
            if text and look.fullmatch(name):
                try:
                    parse(text, name)
                except ParseError:  # the command's complaint
                    gaps.append(Gap(name, "absent", text.strip().partition("\n")[0][:80]))
                else:
                    files[path], members[path] = text, name
    links: list[Link] = []
    for name in filter(_LINKS.fullmatch, texts):
        found = parse_links(texts[name])
        links += found
        members.update((of_record(LINKS, link.name), name) for link in found)
    sample = Sample(files, links=tuple(links) or None, nics=_nics(texts, gaps, members))
    rules, said_by = read_printed_rules(texts, gaps)
    members.update((of_record(RULES, place), name) for place, name in said_by.items())
    sample = sample._replace(rules=rules)
    listing = next(filter(_SS.fullmatch, texts), None)
    if listing is not None:
        listed = parse_ss([texts[listing]])
        members[SOCKETS] = listing
        sample = sample._replace(sockets=listed.table, processes=listed.processes)
    return sample._replace(gaps=tuple(gaps))


def _command(files: Mapping[str, str], command: str) -> tuple[str, str]:
    """Return the name and text of a command's output, whichever plugin ran it."""
    for name, text in files.items():
        if name.startswith(_COMMANDS) and name.rpartition("/")[2] == command:
            return name, text
    return "", ""


def _add_settings(
    texts: Mapping[str, str], files: dict[str, str], gaps: list[Gap], members: dict[str, str]
) -> None:
    """Add what `sysctl -a` and `uname -a` say to the files that sos copied."""
    name, listed = _command(texts, "sysctl_-a")
    if listed:
        files[SYSCTL_A], members[SYSCTL_A] = listed, name
    elif name:
        gaps.append(Gap(name, "absent", "the file is empty"))
    for path, text in said_by_sysctl_a(listed).items():
        files.setdefault(path, text)
    gaps.extend(
        Gap(path_of(found["key"]), "denied", "sysctl: permission denied")
        for found in _DENIED.finditer(listed)
    )
    words = _command(texts, "uname_-a")[1].split()
    if words[:1] == ["Linux"] and len(words) > 2:
        files.setdefault(_RELEASE, f"{words[2]}\n")


def _add_uptime(members: Mapping[str, str], files: dict[str, str]) -> None:
    """Add /proc/uptime, which sos does not copy, from `uptime`, which tells whole minutes."""
    found = _UP.search(_command(members, "uptime")[1])
    if found is None or UPTIME in files:
        return
    days, hours, minutes, only, hour = (int(part or 0) for part in found.groups())
    seconds = days * 86400 + (hours + hour) * 3600 + (minutes + only) * 60
    files[UPTIME] = f"{seconds}.00 0.00\n"


def _add_hostname(members: Mapping[str, str], files: dict[str, str]) -> None:
    """Add the name of the host, from the file or from what commands printed."""
    uname = _command(members, "uname_-a")[1].split()[1:2]
    named = _command(members, "hostname")[1].split()[:1] or uname
    if named and "/etc/hostname" not in files:
        files["/etc/hostname"] = f"{named[0]}\n"


def _utc(date: str) -> str | None:
    """Return what `date` printed as ISO 8601, or None where it is another time zone's."""
    found = _DATE.match(date)
    if found is None or found["month"] not in _MONTHS:
        return None
    month, day, hour = _MONTHS.index(found["month"]) + 1, int(found["day"]), int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] == "PM" else 0)
    return f"{found['year']}-{month:02}-{day:02}T{hour:02}:{found['rest']}Z"


def _nics(
    texts: Mapping[str, str], gaps: list[Gap], members: dict[str, str]
) -> tuple[Nic, ...] | None:
    """Return what ethtool said of each device, or None if it was not run."""
    said: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        found = _ETHTOOL.fullmatch(name)
        if found and _says_something(name, found["device"], found["option"], text, gaps):
            said.setdefault(found["device"], {})[_FIELDS[found["option"]]] = text
            if found["option"] == "S":  # the counters, which findings tell of
                members[of_record(NICS, found["device"])] = name
    nics = (
        ethtool_text.parse(device, ethtool_text.Texts(**fields), device)
        for device, fields in said.items()
    )
    return tuple(nic for nic in nics if nic) if said else None


def _says_something(name: str, device: str, option: str, text: str, gaps: list[Gap]) -> bool:
    """Tell whether a text is ethtool's answer; note where it should be one and is not."""
    if not text:
        gaps.append(Gap(name, "absent", "the file is empty: the command failed"))
        return False
    try:
        nic = ethtool_text.parse(device, ethtool_text.Texts(**{_FIELDS[option]: text}), name)
    except ParseError as error:
        gaps.append(Gap(name, "unparsed", str(error)))
        return False
    if nic is None and option == "S" and device != "lo":  # many devices have no rings to tell of
        gaps.append(Gap(name, "absent", text.strip().partition("\n")[0][:80]))
    return nic is not None
