"""The command as a script meets it: arguments, exit codes, streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from netrx_tune.cli import diagnose as module
from netrx_tune.cli.profile_generate import _next
from netrx_tune.host import namespaces
from tests import scenario

SNMP = """\
Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos \
InDiscards InDelivers OutRequests ReasmTimeout ReasmReqds ReasmOKs ReasmFails
Ip: 2 64 {received} 0 0 0 0 0 {received} 0 0 0 0 0
Tcp: InSegs PassiveOpens
Tcp: 0 0
Icmp: InMsgs
Icmp: 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti \
MemErrors
Udp: {read} 0 {lost} 0 {lost} 0 0 0 0
"""


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netrx_tune", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, check=False)


def tree(folder: Path, read: int, lost: int, uptime: float = 100.0) -> None:
    net = folder / "proc" / "net"
    net.mkdir(parents=True)
    (net / "snmp").write_text(SNMP.format(received=read + lost, read=read, lost=lost))
    (folder / "proc" / "uptime").write_text(f"{uptime:.2f} 1.00\n")
    kernel = folder / "proc" / "sys" / "kernel"
    kernel.mkdir(parents=True)
    (kernel / "osrelease").write_text("6.1.0-18-amd64\n")


@pytest.fixture
def interval(tmp_path: Path) -> Path:
    tree(tmp_path / "0", 1000, 50, 100.0)
    tree(tmp_path / "1", 1900, 150, 110.0)
    return tmp_path


def test_a_folder_of_two_samples_is_judged_as_an_interval(interval: Path) -> None:
    got = run("diagnose", "--from", str(interval), "--format", "json")
    document = json.loads(got.stdout)
    assert got.returncode == 0
    assert document["schema"] == "netrx-tune/diagnosis/v1"
    assert document["window"] == {"mode": "between-samples", "seconds": 10.0}
    ledger = {k: v for k, v in document["ledger"].items() if k != "stages"}
    assert ledger["lost"] == 100
    assert ledger["delivered"] == 900
    finding = document["findings"][0]
    assert (finding["rule"], finding["stage"]) == ("socket-buffer-full", "udp-rcvbuf-full")
    assert (finding["severity"], finding["lost"], finding["share"]) == ("critical", 100, 0.1)


def test_one_tree_is_totals_since_boot_and_never_critical(interval: Path) -> None:
    got = run("diagnose", "--from", str(interval / "1"), "--format", "json")
    document = json.loads(got.stdout)
    assert document["window"]["mode"] == "since-boot"
    assert [f["severity"] for f in document["findings"]] == ["warning"]
    assert [f["present"] for f in document["findings"]] == [None]
    assert document["ledger"]["queued"] is None


@pytest.mark.parametrize("command", [["diagnose", "--from"], ["profile", "generate", "--from"]])
def test_an_interval_beside_what_is_saved_is_said_to_be_of_no_use(
    interval: Path, command: list[str]
) -> None:
    said = "note: --interval is not used: what is saved has its own window\n"
    assert run(*command, str(interval), "--interval", "9").stderr.startswith(said)
    assert said not in run(*command, str(interval)).stderr
    assert not run(*command, str(interval), "--interval", "9", "-q").stderr


@pytest.mark.parametrize(
    ("bar", "code"), [("never", 0), ("note", 1), ("warning", 1), ("critical", 1)]
)
def test_fail_on_decides_the_exit_code(interval: Path, bar: str, code: int) -> None:
    assert run("diagnose", "--from", str(interval), "--fail-on", bar).returncode == code


def test_a_quiet_input_passes_every_bar(tmp_path: Path) -> None:
    tree(tmp_path / "0", 1000, 0, 100.0)
    tree(tmp_path / "1", 2000, 0, 110.0)
    got = run("diagnose", "--from", str(tmp_path), "--fail-on", "note")
    assert got.returncode == 0
    assert got.stdout.startswith("No packet was lost")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diagnose", "--from", "/no/such/file"], "/no/such/file"),
        (["diagnose", "--netns", "no-such-namespace"], "no-such-namespace"),
        (["diagnose", "--pid", "4194305"], "4194305"),
        (["diagnose", "--netns", "x", "--pid", "1"], "exclude each other"),
        (["diagnose", "--interval", "-1"], "-1"),
        (["diagnose", "--all-netns", "--from", "x"], "--all-netns"),
        (["explain", "RcvbufErors"], "Udp.RcvbufErrors"),
        (["path", "no-such-stage"], "no-such-stage"),
        (["path", "udp-rcvbuf-ful"], "'udp-rcvbuf-ful'; near it: udp-rcvbuf-full,"),
        (["no-such-command"], "no-such-command"),
        (["diagnoze"], "'diagnoze'; near it: diagnose. See `netrx-tune --help`."),
        (["profile", "sow"], "'sow'; near it: show. See `netrx-tune profile --help`."),
        (["fleet", "reprot"], "'reprot'; near it: report. See `netrx-tune fleet --help`."),
        (["diagnose", "--interval", "nan"], "'nan' is not a number of seconds"),
        (["diagnose", "--interval", "5s"], "'5s' is not a number of seconds, such as 5 or 0.5."),
        (["diagnose", "x"], "unexpected extra argument (x). See `netrx-tune diagnose --help`."),
        (["diagnose", "--no-such-option"], "See `netrx-tune diagnose --help`"),
        (["diagnose", "--netns", ""], "'--netns': it is empty; is a variable of the shell not"),
        (["check", "x.tar.gz", "--policy="], "'--policy': it is empty"),
        (["check", "x.tar.gz", "--baseline", ""], "'--baseline': it is empty"),
        (["check", "x.tar.gz", ""], "'SNAPSHOT...': it is empty"),
        (["check", "x.tar.gz", "-o", "junit="], "--output junit=: the name of the file is empty"),
        (["check", "x.tar.gz", "-o", "parquet="], "--output parquet=DIR: give one folder"),
        (["profile", "generate", "-o", ""], "'--output': it is empty"),
        (["fleet", "init", ""], "'DIR': it is empty"),
        (["diff"], "Missing argument 'A'. See `netrx-tune diff --help`"),
        (["explain", "qqqqqqqq"], "netrx-tune path"),
        (["fleet", "report", "/no/such\n::error::file"], "/no/such\\x0a::error::file"),
        (["diagnose", "--from", "/no/\x1b[31m\n::error::file"], "\\x1b[31m\\x0a::error::file"),
        (["profile", "validate", "./no\n.yaml"], "no\\x0a.yaml"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_2(arguments: list[str], said: str) -> None:
    got = run(*arguments)
    assert got.returncode == 2
    assert said in got.stderr
    assert got.stderr.startswith("netrx-tune: ")
    assert got.stderr.count("\n") == 1
    assert "Traceback" not in got.stderr
    assert arguments[:2] == ["fleet", "report"] or not got.stdout


def test_an_input_without_any_counter_is_exit_3(tmp_path: Path) -> None:
    tree(tmp_path, 1, 1)
    (tmp_path / "proc" / "net" / "snmp").write_text("nothing of the kind\n")
    got = run("diagnose", "--from", str(tmp_path))
    assert got.returncode == 3
    assert "no counter of the receive path could be read" in got.stderr


def test_a_line_of_a_log_beside_settings_alone_is_pointed_to(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("HTTP/3 UDP receive buffer capped by OS\nnet.core.rmem_max = 212992\n")
    got = run("diagnose", "--from", str(text))
    assert got.returncode == 3
    assert got.stderr.endswith("of which tells: netrx-tune explain log-buffer-cut\n")


def test_a_snapshot_of_a_folder_without_any_file_of_a_host_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    saved = tmp_path / "s.tar.gz"
    place = ("--root", str(tmp_path / "image"), "--interval", "0")
    got = run("snapshot", "-o", str(saved), *place)
    assert (got.returncode, saved.exists()) == (3, False)
    assert "no file of it could be read, so nothing was saved" in got.stderr


def test_an_interrupt_is_one_line_however_often_it_comes() -> None:
    command = [sys.executable, "-m", "netrx_tune", "diagnose", "--interval", "30"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == b"watching for 30 s\n"
        while running.poll() is None:
            running.send_signal(signal.SIGINT)
            time.sleep(0.002)
        assert running.stderr.read().strip() == b"netrx-tune: interrupted"
    assert running.returncode == 2


PRUNED = "7 packets pruned from receive queue because of socket buffer overrun\n"
ICMP = "Icmp:\n 1 ICMP messages received\n InCsumErrors: 2\n 3 ICMP messages sent\n InRate: 0\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (PRUNED, "is TcpExt.PruneCalled, which alone tells neither of loss nor of health"),
        ("Chain INPUT (policy DROP)\n", "is rules of a firewall that do not say what all"),
        (ICMP, "is Icmp.InMsgs, Icmp.InCsumErrors, Icmp.OutMsgs and 1 more, which alone"),
    ],
)
def test_counters_that_alone_tell_of_no_loss_are_named_and_exit_3(
    tmp_path: Path, lines: str, said: str
) -> None:
    text = tmp_path / "grepped.txt"
    text.write_text(lines)
    got = run("diagnose", "--from", str(text))
    assert (got.returncode, got.stdout) == (3, "")
    assert f"all that was read {said}" in got.stderr
    assert "show all of netstat -s or nstat -az" in got.stderr
    assert run("check", str(text)).returncode == 3


def test_what_can_be_said_without_any_counter_is_shown_and_exit_3_all_the_same(
    tmp_path: Path,
) -> None:
    text = tmp_path / "ss.txt"
    text.write_text('LISTEN 129    128    *:8080    *:*    users:(("java",pid=42,fd=33))\n')
    got = run("diagnose", "--from", str(text), "--format", "json")
    assert got.returncode == 3
    assert [one["rule"] for one in json.loads(got.stdout)["findings"]] == ["queue-full-now"]
    shown = run("diagnose", "--from", str(text))
    assert shown.returncode == 3
    assert shown.stdout.startswith("No counter of the receive path could be read")


SNMP6 = "Ip6InReceives {n}\nIp6InDelivers {n}\nUdp6InDatagrams {n}\nUdp6InErrors 0\n"


@pytest.mark.parametrize(("damaged", "version"), [("snmp", "IPv4"), ("snmp6", "IPv6")])
def test_half_of_the_counters_is_no_clean_bill(tmp_path: Path, damaged: str, version: str) -> None:
    for sample, read in ((0, 100), (1, 200)):
        tree(tmp_path / f"{sample}", read, 0, 100.0 + read)
        net = tmp_path / f"{sample}" / "proc" / "net"
        (net / "snmp6").write_text(SNMP6.format(n=read))
        (net / "softnet_stat").write_text("00000001" + " 00000000" * 12 + "\n")
    whole = json.loads(run("diagnose", "--from", str(tmp_path), "--format", "json").stdout)
    assert whole["ledger"]["offered"] == 200
    (net / damaged).write_text((net / damaged).read_text().replace(" 200", " -7"))
    got = run("diagnose", "--from", str(tmp_path), "--format", "json")
    ledger = json.loads(got.stdout)["ledger"]
    assert (got.returncode, ledger["offered"], ledger["delivered"]) == (0, None, None)
    (full,) = (one for one in ledger["stages"] if one["stage"] == "udp-rcvbuf-full")
    assert (full["lost"], full["bound"]) == (None, "unseen")
    assert version in full["why"]
    for gate in (("diagnose", "--fail-on", "warning", "--from"), ("check",)):
        got = run(*gate, str(tmp_path))
        assert got.returncode == 3
        assert f"not show: /proc/net/{damaged}:" in got.stdout + got.stderr


def test_what_one_ip_version_lost_is_at_least_lost(tmp_path: Path) -> None:
    for sample, lost in ((0, 0), (1, 50)):
        tree(tmp_path / f"{sample}", 100 + lost, lost, 100.0 + lost)
        net = tmp_path / f"{sample}" / "proc" / "net"
        (net / "snmp6").write_text("nothing of the kind\n")
    got = run("diagnose", "--from", str(tmp_path), "--fail-on", "warning", "--format", "json")
    document = json.loads(got.stdout)
    (full,) = (one for one in document["ledger"]["stages"] if one["stage"] == "udp-rcvbuf-full")
    assert (got.returncode, full["lost"], full["bound"]) == (1, 50, "at-least")


def test_root_reads_another_file_system(interval: Path) -> None:
    got = run("diagnose", "--interval", "0", "--root", str(interval / "1"), "--format", "json")
    assert json.loads(got.stdout)["ledger"]["lost"] == 150


def test_data_goes_to_stdout_and_progress_to_stderr() -> None:
    got = run("diagnose", "--interval", "0.1", "--format", "json")
    assert got.stderr == "watching for 0.1 s\n"
    assert json.loads(got.stdout)["window"]["mode"] == "interval"
    assert run("diagnose", "--interval", "0.1", "--quiet").stderr == ""


def test_a_saved_window_is_judged_again_to_the_same_result(tmp_path: Path) -> None:
    saved = tmp_path / "window.tar.gz"
    live = run("diagnose", "--interval", "0.2", "--format", "json", "--save", str(saved))
    again = run("diagnose", "--from", str(saved), "--format", "json")
    want, got = json.loads(live.stdout), json.loads(again.stdout)
    assert got.pop("window")["mode"] == "between-samples"
    want.pop("window")
    assert got == want


def test_snapshot_then_diagnose(tmp_path: Path) -> None:
    saved = tmp_path / "host.tar.gz"
    got = run("snapshot", "-o", str(saved), "--interval", "0.1", "--redact", "--format", "json")
    assert got.returncode == 0
    assert json.loads(got.stdout)["samples"] == 2
    assert saved.stat().st_mode & 0o777 == 0o600
    assert run("diagnose", "--from", str(saved)).returncode == 0


@pytest.mark.parametrize("name", ["udp-rcvbuf-full", "RcvbufErrors", "rmem_max", "early-demux"])
def test_explain_has_a_page_as_text_and_json(name: str) -> None:
    assert name in run("explain", name).stdout
    assert json.loads(run("explain", name, "--format", "json").stdout)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(("bar", "code"), [("never", 0), ("warning", 1)])
def test_a_reader_who_has_enough_does_not_change_the_exit_code(
    interval: Path, form: str, bar: str, code: int
) -> None:
    words = ("diagnose", "--from", str(interval), "--fail-on", bar, "--format", form)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "netrx_tune", *words], stdout=writing, stderr=writing, check=False
    )
    os.close(writing)
    assert done.returncode == code


def test_a_closed_output_takes_no_archive() -> None:
    command = f"exec >&-; exec {sys.executable} -m netrx_tune snapshot --interval 0 -o -"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"netrx-tune: -: standard output is closed\n"
    assert done.returncode == 2


@pytest.mark.parametrize("command", [("explain", "RcvbufErrors"), ("path", "udp-rcvbuf-full")])
def test_titles_stand_out_where_colour_is_wanted(command: tuple[str, ...]) -> None:
    assert "\x1b[1m" in run(*command, "--color", "always").stdout
    assert "\x1b" not in run(*command).stdout


def test_path_shows_one_stage_or_all() -> None:
    one = json.loads(run("path", "udp-rcvbuf-full", "--format", "json").stdout)
    assert [stage["stage"] for stage in one["stages"]] == ["udp-rcvbuf-full"]
    assert "udp-rcvbuf-full" in run("path").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["diagnose --interval 0", "path", "explain rmem_max"])
def test_a_full_disk_is_no_bug_of_ours(command: str) -> None:
    words = f"{sys.executable} -m netrx_tune {command} >/dev/full"
    got = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=False)
    assert got.returncode == 2
    assert got.stderr == "netrx-tune: standard output: No space left on device\n"


@pytest.mark.parametrize(
    "command",
    [
        "snapshot --interval 60 -o",
        "diagnose --interval 60 --save",
        "profile generate --interval 60 -o",
    ],
)
def test_what_cannot_be_written_is_refused_before_the_watch(command: str) -> None:
    begun = time.monotonic()
    got = run(*command.split(), "/no/such/folder/x.tar.gz")
    assert (got.returncode, got.stderr.count("\n")) == (2, 1)
    assert "no folder /no/such/folder to write it to" in got.stderr
    assert time.monotonic() - begun < 30


def test_nobody_needs_root_to_look_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "enter", lambda _: pytest.fail("entered"))
    got = CliRunner().invoke(module.command, ["--pid", str(os.getpid()), "--interval", "0"])
    assert "namespace pid" in " ".join(got.output.split())


def test_namespaces_are_told_apart_by_an_empty_line(monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(scenario.diagnose(case) for _, case in scenario.load())
    monkeypatch.setattr(module, "_everywhere", lambda *_, **__: iter((one, one)))
    text = CliRunner().invoke(module.command, ["--all-netns"]).stdout
    first, _, second = text.partition(f"\n\n{text.partition(chr(10))[0]}\n")
    assert first.count("\nHost: ") == second.count("Host: ") == 1


def test_the_command_to_type_next_is_one_that_works(tmp_path: Path) -> None:
    named = tmp_path / "my run \x1b[31m.tar.gz"
    got = run("snapshot", "--interval", "0", "-o", str(named))
    assert f"--from '{tmp_path}/my run \\x1b[31m.tar.gz'" in got.stdout
    assert "\x1b" not in got.stdout
    made = _next("generated"), _next("a b.yaml"), _next("/x/generated")
    assert [one.rpartition("apply ")[2] for one in made] == [
        "./generated",
        "'a b.yaml'",
        "/x/generated",
    ]
