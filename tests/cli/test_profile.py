"""`profile` as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from netrx_tune.cli.profile import SUBCOMMANDS, command
from netrx_tune.model.errors import InputError
from netrx_tune.reporters.exports import FORMATS, SEVERAL

SNAPSHOT = str(Path(__file__).parents[1] / "snapshots" / "v1.tar.gz")
CHECKOUT = Path(__file__).parents[2]
CLAMPED = """schema: 1
name: mine
summary: s
settings:
  net.core.rmem_max: {at_least: 8MiB, why: w, source: s}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), standalone_mode=False)


def value(result: Result) -> object:
    assert result.exception is None, result.exception
    return result.return_value


@pytest.fixture
def host(tmp_path: Path) -> Path:
    core = tmp_path / "host/proc/sys/net/core"
    core.mkdir(parents=True)
    (core / "rmem_max").write_text("212992\n")
    (tmp_path / "host/proc/meminfo").write_text("MemTotal:  1048576 kB\n")
    return tmp_path / "host"


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(CLAMPED)
    return str(path)


@pytest.mark.parametrize("name", list(SUBCOMMANDS))
def test_every_subcommand_has_help_and_an_example(name: str) -> None:
    assert name in run("--help").stdout
    assert "Example" in run(name, "--help").stdout


def test_a_subcommand_that_is_none_is_a_usage_error() -> None:
    assert "No such command" in str(run("lsit").exception)


def test_list_goes_on_after_a_file_that_is_wrong(tmp_path: Path) -> None:
    own = tmp_path / "etc/netrx-tune/profiles"
    own.mkdir(parents=True)
    (own / "bad.yaml").write_text("schema: 9\n")
    (own / "mine.yaml").write_text(CLAMPED)
    got = run("list", "--root", str(tmp_path))
    assert value(got) == 2
    assert "mine              s\n" in got.stdout
    assert got.stderr == f"netrx-tune: {own}/bad.yaml:1: schema: expected 1, got '9'\n"


def test_list_has_name_and_summary_of_each() -> None:
    text = run("list").stdout
    assert "quic-http3        QUIC and HTTP/3 servers, proxies and clients\n" in text
    document = json.loads(run("list", "--format", "json").stdout)
    assert document["schema"] == "netrx-tune/profiles/v1"
    assert len(document["profiles"]) >= 16


def test_show_stands_beside_the_hosts_values(host: Path, mine: str) -> None:
    text = run("show", mine, "--root", str(host)).stdout
    assert "net.core.rmem_max at least 8388608 bytes (8 MiB)" in text
    assert "This host has 212992 bytes (208 KiB): it would be raised." in text
    document = json.loads(run("show", mine, "--root", str(host), "--format", "json").stdout)
    setting = document["settings"][0]
    assert document["schema"] == "netrx-tune/profile/v1"
    assert setting["current"] == [212992]
    assert setting["changes"] is True
    (host / "proc/sys/net/core/rmem_max").write_text("16777216\n")
    assert "nothing to do" in run("show", mine, "--root", str(host)).stdout


def test_show_as_yaml_is_a_profile_again(tmp_path: Path) -> None:
    text = run("show", "ros2-dds", "--format", "yaml").stdout
    (tmp_path / "again.yaml").write_text(text)
    assert yaml.safe_load(text)["settings"]["net.ipv4.ipfrag_time"]["exactly"] == 3
    assert run("show", str(tmp_path / "again.yaml"), "--format", "yaml").stdout == text


def test_validate_names_file_line_and_key_of_each_that_is_wrong(tmp_path: Path, mine: str) -> None:
    bad, worse = tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    bad.write_text(CLAMPED.replace("8MiB", "010"))
    worse.write_text(CLAMPED.replace("net.core.rmem_max", '"../../etc/x\\e[2J"'))
    got = run("validate", mine, str(bad), str(worse))
    assert value(got) == 2
    assert got.stdout == f"{mine}: valid\n"
    first, second = got.stderr.splitlines()
    assert first.startswith(f"netrx-tune: {bad}:5: settings.net.core.rmem_max.at_least: expected")
    assert first.endswith("got '010'")
    assert second.startswith(f"netrx-tune: {worse}:5: settings: ")
    assert second.isprintable()
    document = json.loads(run("validate", mine, str(bad), "--format", "json").stdout)
    assert [row["valid"] for row in document["files"]] == [True, False]


def test_generate_from_a_snapshot_is_a_valid_profile_that_says_from_what(tmp_path: Path) -> None:
    output = tmp_path / "here.yaml"
    got = run("generate", "--from", SNAPSHOT, "-o", str(output))
    assert value(got) == 0
    made = yaml.safe_load(output.read_text())
    assert made["name"] == "here"
    assert made["generated"]["from"] == "v1.tar.gz"
    assert made["generated"]["kernel"] == "6.1.0-18-amd64"
    assert "no evidence asks for a setting; the profile is empty" in got.stderr
    assert "proves" not in got.stderr
    assert value(run("validate", str(output))) == 0


def test_an_empty_profile_of_counters_that_did_not_read_is_said_to_prove_little(
    tmp_path: Path,
) -> None:
    text = tmp_path / "softnet.txt"
    text.write_text("0000000a 00000000 00000000" + " 00000000" * 10 + "\n")
    got = run("generate", "--from", str(text))
    assert "is empty. That proves little: the UDP counters could not all be read" in got.stderr


def lossy(tmp_path: Path) -> Path:
    """Return two samples between which the backlog of a CPU was full."""
    root = tmp_path / "r"
    for moment, dropped in (("0", 0), ("1", 0x500)):
        net = root / moment / "proc/net"
        core = root / moment / "proc/sys/net/core"
        net.mkdir(parents=True)
        core.mkdir(parents=True)
        row = " ".join(f"{n:08x}" for n in (0x9000 + dropped, dropped, *[0] * 10, 0, 0, 0))
        (net / "softnet_stat").write_text(f"{row}\n")
        (net / "snmp").write_text("Udp: InDatagrams InErrors\nUdp: 5 0\n")
        (core / "netdev_max_backlog").write_text("1000\n")
        seconds = 100 + 5 * int(moment)
        (root / moment / "proc/uptime").write_text(f"{seconds}.00 1.00\n")
    return root


def test_generate_after_apply_is_empty(tmp_path: Path) -> None:
    root = lossy(tmp_path)
    output = tmp_path / "here.yaml"
    run("generate", "--from", str(root), "-o", str(output), "-q")
    made = yaml.safe_load(output.read_text())
    key = "net.core.netdev_max_backlog"
    assert list(made["settings"]) == [key]
    assert made["generated"]["previous"] == {key: 1000}
    assert "softnet.dropped +1280" in made["settings"][key]["source"]
    target = root / "1/proc/sys/net/core/netdev_max_backlog"
    target.write_text(f"{made['settings'][key]['at_least']}\n")
    run("generate", "--from", str(root), "-o", str(output), "-q")
    assert yaml.safe_load(output.read_text())["settings"] == {}


@pytest.mark.parametrize("kind", list(FORMATS))
def test_export_writes_what_it_prints(kind: str, host: Path, mine: str, tmp_path: Path) -> None:
    printed = run("export", mine, "--format", kind, "--root", str(host))
    assert value(printed) == 0
    assert "8388608" in printed.stdout
    output = tmp_path / "out"
    run("export", mine, "--format", kind, "--root", str(host), "-o", str(output))
    if kind in SEVERAL:
        output /= "etc/sysctl.d/90-netrx-tune.conf"
    assert output.read_text() == printed.stdout


def test_export_of_several_files_fills_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "nf.yaml"
    key = "net.netfilter.nf_conntrack_max"
    path.write_text(CLAMPED.replace("net.core.rmem_max", key).replace("8MiB", "9000"))
    got = run("export", str(path), "--format", "systemd", "-o", str(tmp_path / "out"))
    assert value(got) == 0
    assert (tmp_path / "out/etc/modules-load.d/netrx-tune.conf").exists()
    assert f"{key} = " in (tmp_path / "out/etc/sysctl.d/90-netrx-tune.conf").read_text()


def test_export_for_other_hosts_does_not_look_at_this_one(host: Path, mine: str) -> None:
    (host / "proc/sys/net/core/rmem_max").write_text("99999999\n")
    here = run("export", mine, "--root", str(host)).stdout
    there = run("export", mine, "--root", str(host), "--for-other-hosts").stdout
    assert "net.core.rmem_max = 99999999\n" in here
    assert "net.core.rmem_max = 8388608\n" in there
    assert "keep the host's own value where it is higher" in there


def test_the_wheel_brings_the_profiles_along(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git, as hatchling asks it what to leave out")
    pytest.importorskip("hatchling", reason="needs hatchling")
    script = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, tmp_path], cwd=CHECKOUT, check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert sum(name.startswith("netrx_tune/profiles/") for name in names) == 16


def test_diagnose_with_a_profile_keeps_within_it(tmp_path: Path) -> None:
    def plan(*words: str) -> list[tuple[str, str, object]]:
        arguments = ["diagnose", "--from", str(root), "--format", "json", *words]
        tool = [sys.executable, "-m", "netrx_tune", *arguments]
        done = subprocess.run(tool, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)["plan"]
        return [(one["kind"], one["target"], one["proposed"]) for one in found]

    key = "net.core.netdev_max_backlog"
    root = lossy(tmp_path)
    assert [one[:2] for one in plan()] == [("sysctl", key)]
    floors = tmp_path / "floors.yaml"
    floors.write_text(CLAMPED.replace("net.core.rmem_max", key).replace("8MiB", "50000"))
    assert ("sysctl", key, 50000) in plan("--profile", str(floors))
    kept = tmp_path / "kept.yaml"
    kept.write_text(f"schema: 1\nname: kept\nsummary: s\nsettings: {{}}\nkeep: [{key}]\n")
    assert [one for one in plan("--profile", str(kept)) if one[0] == "sysctl"] == []
    assert ("none", key, None) in plan("--profile", str(kept))


def test_names_are_looked_up_below_root_first(host: Path, tmp_path: Path) -> None:
    own = host / "etc/netrx-tune/profiles"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text(CLAMPED)
    there = ("--root", str(host))
    listed = json.loads(run("list", "--format", "json", *there).stdout)["profiles"]
    paths = {one["name"]: one["path"] for one in listed}
    assert paths["mine"] == str(own / "mine.yaml")
    assert "syslog-collector" in paths
    assert "mine" not in run("list").stdout.split()
    for words in (("show", "mine"), ("export", "mine")):
        assert value(run(*words, *there)) == 0
        assert isinstance(run(*words).exception, InputError)
    heir = tmp_path / "heir.yaml"
    heir.write_text(CLAMPED.replace("name: mine", "name: heir\nextends: mine"))
    assert value(run("validate", str(heir), *there)) == 0
    assert value(run("validate", str(heir))) == 2
