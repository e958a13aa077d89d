"""Two inputs of one host are a window; two hosts, two boots or two namespaces are not."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from netrx_tune.host.pairs import read_pair
from netrx_tune.host.saved import saved_window
from netrx_tune.model.errors import InputError
from tests.host.packing import SNMP, pack

FIRST = {
    "proc/9/net/snmp": SNMP,
    "etc/hostname": "web7\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "proc/sys/kernel/random/boot_id": "0d6d3d8f-16e3-4c3e-a1a0-2f5d0ad3b9c4\n",
    "sos_commands/date/date": "Sun Nov 22 19:30:27 UTC 2026\n",
    "sos_commands/host/uptime": " 19:30:27 up 3 days,  2:01,  1 user,  load average: 0.31\n",
}
SECOND = {
    **FIRST,
    "proc/9/net/snmp": SNMP.replace("900 1 100 100", "1800 1 200 200"),
    "sos_commands/date/date": "Sun Nov 22 19:30:57 UTC 2026\n",
    "sos_commands/host/uptime": " 19:30:57 up 3 days,  2:01,  1 user,  load average: 0.31\n",
}


def packed(tmp_path: Path, name: str, members: Mapping[str, str]) -> str:
    below = {f"sosreport-web7/{member}": text for member, text in members.items()}
    return pack(tmp_path / name, below, "xz")


def test_two_reports_of_one_host_are_a_window(tmp_path: Path) -> None:
    paths = packed(tmp_path, "a", FIRST), packed(tmp_path, "b", SECOND)
    for first, second in (paths, paths[::-1]):  # whichever is named first
        delta = saved_window(second, earlier=first).delta
        assert (delta.mode, delta.seconds) == ("between-samples", 30.0)
        assert delta.increases["Udp.RcvbufErrors"] == 100
        assert delta.notes == ()


def test_two_trees_are_a_window_as_well(tmp_path: Path) -> None:
    for name, text, uptime in (("a", SNMP, 10), ("b", SECOND["proc/9/net/snmp"], 70)):
        pack(tmp_path / name, {"proc/net/snmp": text, "proc/uptime": f"{uptime}.00 1.00\n"})
    delta = saved_window(str(tmp_path / "b"), earlier=str(tmp_path / "a")).delta
    assert (delta.mode, delta.seconds) == ("between-samples", 60.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"etc/machine-id": "f" * 32 + "\n"}, "two hosts: machine-id 0123456789ab... and ffff"),
        (
            {
                "etc/hostname": "web8\n",
                "etc/machine-id": "\n",
                "proc/sys/kernel/random/boot_id": "22222222-16e3-4c3e-a1a0-2f5d0ad3b9c4\n",
            },
            "two hosts: web7 and web8",
        ),
        (
            {
                "proc/sys/kernel/random/boot_id": "11111111-16e3-4c3e-a1a0-2f5d0ad3b9c4\n",
                "sos_commands/host/uptime": " 19:30:57 up 0 min,  1 user\n",
            },
            "one host, rebooted in between",
        ),
        (
            {
                "proc/sys/kernel/random/boot_id": "",
                "sos_commands/date/date": "Mon Nov 23 19:30:57 UTC 2026\n",
                "sos_commands/host/uptime": " 19:30:57 up 45 min,  1 user\n",
            },
            "uptime is shorter",
        ),
        ({"sos_commands/date/date": FIRST["sos_commands/date/date"]}, "both are of one moment"),
    ],
)
def test_what_may_not_be_subtracted_is_refused(
    tmp_path: Path, changes: Mapping[str, str], words: str
) -> None:
    paths = packed(tmp_path, "a", FIRST), packed(tmp_path, "b", {**SECOND, **changes})
    with pytest.raises(InputError) as caught:
        read_pair(*paths)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netrx_tune", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def test_the_command_takes_two_reports_and_a_namespace(tmp_path: Path) -> None:
    nstat = "sos_commands/networking/namespaces/blue/ip_netns_exec_blue_nstat_-zas"
    lost = "#kernel\nUdpInDatagrams 7 0.0\nUdpInErrors {0} 0.0\nUdpRcvbufErrors {0} 0.0\n"
    first = packed(tmp_path, "a", {**FIRST, nstat: lost.format(3)})
    second = packed(tmp_path, "b", {**SECOND, nstat: lost.format(8)})
    said = run("diagnose", "--from", first, "--from", second, "--format", "json")
    document = json.loads(said.stdout)
    assert document["window"] == {"mode": "between-samples", "seconds": 30.0}
    assert document["ledger"]["lost"] == 100
    blue = run("diagnose", "--from", first, "--from", second, "--netns", "blue", "--format", "json")
    document = json.loads(blue.stdout)
    assert document["host"]["netns"] == "blue"
    assert document["ledger"]["lost"] == 5
    assert run("path", "--from", first, "--from", second).returncode == 0


@pytest.mark.parametrize(
    "arguments", [["a", "b", "c"], ["-", "-"]], ids=["three", "standard input twice"]
)
def test_more_than_two_inputs_are_a_mistake(arguments: list[str]) -> None:
    said = run("diagnose", *(word for one in arguments for word in ("--from", one)), given="")
    assert said.returncode == 2
    assert "--from is given once, or twice" in said.stderr


def test_a_namespace_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    path = packed(tmp_path, "a", FIRST)
    said = run("diagnose", "--from", path, "--netns", "blue")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == (
        f"netrx-tune: {path}: the report has no network namespace 'blue';"
        " it has the host's own alone\n"
    )
