"""`netrx-tune check` of a report that looks into several network namespaces: each is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from netrx_tune.planning.fingerprints import host_of, label_of
from tests.host.packing import pack
from tests.saved import members

ROOT = Path(__file__).parents[2]
FOLDER = "sos_commands/networking/namespaces"
NSTAT = """#kernel
IpInReceives {offered} 0.0
IpInDelivers {offered} 0.0
UdpInDatagrams {read} 0.0
UdpInErrors {lost} 0.0
UdpRcvbufErrors {lost} 0.0
"""
SOS = "sos.tar.gz"


def counted(lost: int) -> str:
    return NSTAT.format(offered=10_000, read=10_000 - lost, lost=lost)


def report(own: int = 0, **namespaces: str) -> dict[str, str]:
    """Return a report of a host that lost so many datagrams, and what nstat said elsewhere."""
    last = {
        name.removeprefix("1/"): text
        for name, text in members(own).items()
        if name.startswith("1/")
    }
    files = {**last, "etc/hostname": "web7\n", "sos_commands/date/date": "", "version.txt": ""}
    for name, text in namespaces.items():
        files[f"{FOLDER}/{name}/ip_netns_exec_{name}_nstat_-zas"] = text
        files[f"{FOLDER}/{name}/ip_netns_exec_{name}_ip_address_show"] = "1: lo\n"
    return files


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pack(Path(SOS), report(blue=counted(3000), green=counted(0), red="Cannot open it\n"))


def check(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "netrx_tune", "check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def lines(*arguments: str) -> list[dict[str, Any]]:
    text = check(*arguments, "--format", "jsonl")[1]
    return [json.loads(line) for line in text.splitlines()]


def marks(one: dict[str, Any]) -> list[str]:
    return [finding["fingerprint"] for finding in one["findings"]]


def test_each_namespace_has_a_judgement_and_the_worst_one_decides() -> None:
    code, text = check(SOS)
    assert code == 1
    assert "PASSED: sos.tar.gz (kernel" in text
    assert "FAILED: sos.tar.gz (netns blue) (kernel" in text
    assert "PASSED: sos.tar.gz (netns green) (kernel" in text
    assert "1 input with 2 further network namespaces: 2 passed, 1 failed." in text
    assert "Next: netrx-tune diagnose --from sos.tar.gz --netns blue" in text


def test_a_namespace_without_counters_is_a_gap_and_no_verdict() -> None:
    own = lines(SOS)[0]
    assert own["gaps"] == [
        {
            "path": "netns red",
            "why": "absent",
            "detail": "not judged: the input has no counters of it",
        }
    ]
    assert "Not read: netns red: not judged" in check(SOS, "-v")[1]


def test_json_says_which_namespace_it_is_and_the_first_names_the_others() -> None:
    found = lines(SOS)
    assert [(one["input"], one["namespace"], one["host"]) for one in found] == [
        (SOS, None, "web7"),
        (SOS, "blue", "web7 (netns blue)"),
        (SOS, "green", "web7 (netns green)"),
    ]
    assert [one["namespaces"] for one in found] == [["blue", "green"], [], []]
    assert [one["about"]["netns"] for one in found] == [None, "blue", "green"]
    document = json.loads(check(SOS, "--format", "json")[1])
    assert document["inputs"] == found
    summary = document["summary"]
    assert (summary["inputs"], summary["namespaces"], summary["failed"]) == (1, 2, 1)


def test_fingerprints_differ_by_namespace_and_the_hosts_own_is_what_it_was() -> None:
    pack(Path("both.tar.gz"), report(3000, blue=counted(3000), green=counted(3000)))
    pack(Path("alone.tar.gz"), report(3000))
    own, blue, green = lines("both.tar.gz")
    (alone,) = lines("alone.tar.gz")
    rules = [finding["rule"] for finding in blue["findings"]]
    assert rules == ["socket-buffer-full"] == [one["rule"] for one in own["findings"]]
    assert marks(own) == marks(alone)
    assert len({*marks(own), *marks(blue), *marks(green)}) == 3
    # The host's own has had this one since there were fingerprints: baselines hold it.
    assert marks(own) == ["8f1e445294669dbc"]


def test_a_baseline_accepts_one_namespace_and_not_the_other() -> None:
    update = ("--baseline", "known.yaml", "--update-baseline", "--reason", "a known reader", "-q")
    assert check(SOS, *update)[0] == 0
    assert "host: web7 (netns blue)" in Path("known.yaml").read_text().replace('"', "")
    assert check(SOS, "--baseline", "known.yaml")[0] == 0
    pack(Path("later.tar.gz"), report(blue=counted(3000), green=counted(3000)))
    found = lines("later.tar.gz", "--baseline", "known.yaml")
    assert [one["outcome"] for one in found] == ["passed", "passed", "failed"]


def test_the_other_forms_tell_namespaces_apart() -> None:
    suites = ET.fromstring(check(SOS, "--format", "junit")[1].encode())  # noqa: S314 - our own
    assert [(one.get("name"), one.get("hostname"), one.get("failures")) for one in suites] == [
        (SOS, "web7", "0"),
        (f"{SOS} (netns blue)", "web7 (netns blue)", "1"),
        (f"{SOS} (netns green)", "web7 (netns green)", "0"),
    ]
    (result,) = json.loads(check(SOS, "--format", "sarif")[1])["runs"][0]["results"]
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == SOS
    assert place["logicalLocations"] == [
        {
            "name": f"{FOLDER}/blue/ip_netns_exec_blue_nstat_-zas:6",
            "fullyQualifiedName": f"{SOS}!/{FOLDER}/blue/ip_netns_exec_blue_nstat_-zas:6",
            "kind": "member",
        }
    ]
    assert result["partialFingerprints"]["netrxTune/v1"] == marks(lines(SOS)[1])[0]
    assert f"| {SOS} (netns blue) | warning |" in check(SOS, "--format", "markdown")[1]
    annotations = check(SOS, "--format", "github")[1].splitlines()
    title = "socket-buffer-full on web7 (netns blue)"
    assert annotations[0].startswith(f"::error file={SOS},title={title}::3,000 of 10,000")


def test_what_a_namespace_does_not_tell_of_a_policys_settings_is_not_missed() -> None:
    files = report(blue=counted(0))
    files["proc/sys/net/ipv4/ipfrag_high_thresh"] = "4194304\n"
    pack(Path("set.tar.gz"), files)
    Path("p.yaml").write_text("require: {net.ipv4.ipfrag_high_thresh: {at_least: 1MiB}}\n")
    assert check("set.tar.gz", "--policy", "p.yaml")[0] == 0
    own, blue = lines("set.tar.gz", "--policy", "p.yaml")
    assert (own["outcome"], blue["outcome"]) == ("passed", "passed")
    assert "policy-setting" in {one["rule"] for one in blue["skipped"]}


def test_a_resumed_run_takes_all_namespaces_or_none() -> None:
    resume = ("--resume", "run.jsonl", "-o", "jsonl=run.jsonl")
    assert check(SOS, *resume)[0] == 1
    whole = Path("run.jsonl").read_text()
    assert whole.count("\n") == 3
    text = check(SOS, *resume, "-o", "-")[1]
    assert "3 taken from the earlier run, unchanged." in text
    assert Path("run.jsonl").read_text() == whole
    Path("run.jsonl").write_text("".join(whole.splitlines(keepends=True)[:2]))
    text = check(SOS, *resume, "-o", "-")[1]
    assert "taken from the earlier run" not in text
    assert Path("run.jsonl").read_text().count("\n") == 5
    assert "3 taken from the earlier run" in check(SOS, *resume, "-o", "-")[1]


def test_a_fleets_report_counts_hosts_and_not_their_namespaces() -> None:
    Path("in").mkdir()
    for number in range(9):
        pack(Path(f"in/{number}.tar.gz"), report(blue=counted(3000 * (number == 4))))
    check("in", "--format", "jsonl", "-o", "run.jsonl")
    # A resumed run leaves lines of earlier runs, as of a namespace that is gone.
    stale = Path("run.jsonl").read_text().replace('"blue"', '"gone"')
    Path("run.jsonl").write_text(stale + Path("run.jsonl").read_text())
    for given in ("run.jsonl", "in"):
        command = [sys.executable, "-m", "netrx_tune", "fleet", "report", given]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert text.startswith("1 of 9 hosts (11 %) lose packets"), text
        assert "1 of 9" in text.replace("\n", " ")


def test_two_reports_in_one_folder_are_a_window_in_each_namespace() -> None:
    for number, lost in (("0", 0), ("1", 3000)):
        files = report(lost, blue=counted(lost)) | {"proc/uptime": f"10{number}0.00 1.00\n"}
        for name, text in files.items():
            place = Path("two") / number / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    own, blue = lines("two")
    assert (own["window"]["mode"], blue["window"]["mode"]) == ("between-samples",) * 2
    assert blue["findings"][0]["lost"] == 3000


@pytest.mark.parametrize(
    ("netns", "label"),
    [
        (None, "web7"),
        ("blue", "web7 (netns blue)"),
        ("/run/netns/blue", "web7 (netns blue)"),
        ("/var/run/netns/blue", "web7 (netns blue)"),
        ("/run/docker/netns/4f", "web7 (netns /run/docker/netns/4f)"),
        ("pid 812", "web7 (netns of a process)"),
        ("/proc/812/ns/net", "web7 (netns of a process)"),
    ],
)
def test_a_label_names_the_namespace_as_it_will_be_called_in_the_next_run(
    netns: str | None, label: str
) -> None:
    assert label_of("runs/web7.tar.gz", netns=netns) == label
    assert host_of(label) == "web7"
