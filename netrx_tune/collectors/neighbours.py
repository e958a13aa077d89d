"""Other network namespaces in a sample: their UDP counters, and a process that lives there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune.collectors.snmp import parse_snmp
from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.text import below
from netrx_tune.model.errors import ParseError

FOLDER = "/netrx/netns/"


class Neighbour(NamedTuple):
    """One other namespace; `counters` are its UDP and UDP-Lite lines."""

    inode: str
    pid: str
    process: str
    cgroup: str
    counters: Mapping[str, int]

    @property
    def name(self) -> str:
        """Return the container or unit that a namespace belongs to, else its process."""
        for word in self.cgroup.split("/"):
            for runtime in ("docker", "libpod", "crio", "cri-containerd", "kubepods"):
                if word.startswith(f"{runtime}-"):
                    return f"{runtime} {word.removeprefix(runtime)[1:13]}"
        parts = self.cgroup.rstrip("/").split("/")
        if len(parts) > 2 and parts[-2] == "docker":
            return f"docker {parts[-1][:12]}"
        return f"{self.process} (pid {self.pid})"


def neighbours(files: Mapping[str, str]) -> Iterator[Neighbour]:
    """Yield the namespaces of a sample; one that does not read is left out."""
    for path in below(files, FOLDER):
        if path.endswith("/who"):
            folder = path.removesuffix("/who")
            lines = [*files[path].splitlines(), "", "", ""]
            counters: dict[str, int] = {}
            for name, parse in (("snmp", parse_snmp), ("snmp6", parse_snmp6)):
                try:
                    found = parse(files.get(f"{folder}/{name}", "")).counters
                except ParseError:
                    continue
                counters.update({n: v for n, v in found.items() if n.startswith("Udp")})
            yield Neighbour(folder.removeprefix(FOLDER), lines[0], lines[1], lines[2], counters)
