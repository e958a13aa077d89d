"""The files of a snapshot as text: what a damaged or foreign line costs, and what it does not."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import (
    Gap,
    Link,
    Nic,
    Process,
    RuleCounter,
    Sample,
    Socket,
    SocketTable,
)
from netrx_tune.reporters import snapshot_records
from netrx_tune.reporters.snapshot_files import (
    BOOT_ID,
    SavedSnapshot,
    by_sample,
    parse_snapshot,
    render_snapshot,
    saved_snapshot,
)
from netrx_tune.reporters.snapshot_manifest import SCHEMA, parse_manifest
from netrx_tune.reporters.snapshot_records import parse_records, render_records

COUNT = st.integers(0, 2**64 - 1)
MAYBE = st.none() | COUNT
TEXT = st.text(max_size=20)
COUNTS = st.dictionaries(TEXT, COUNT, max_size=3)
SOCKETS = st.builds(
    Socket,
    family=st.sampled_from(["inet", "inet6", "packet"]),
    protocol=st.sampled_from(["udp", "udplite", "raw", "packet", "tcp"]),
    local=TEXT,
    remote=TEXT,
    inode=COUNT,
    cookie=MAYBE,
    uid=MAYBE,
    interface=COUNT,
    unread_bytes=MAYBE,
    rmem_alloc_bytes=MAYBE,
    rcvbuf_bytes=MAYBE,
    backlog_bytes=MAYBE,
    drops=MAYBE,
    accept_queue=MAYBE,
    accept_limit=MAYBE,
)
LINKS = st.builds(
    Link,
    name=TEXT,
    ifindex=COUNT,
    kind=TEXT,
    statistics=COUNTS,
    peer_statistics=st.none() | COUNTS,
    xdp=st.sampled_from(["none", "native", "generic", "offload"]),
)
NICS = st.builds(
    Nic,
    device=TEXT,
    driver=TEXT,
    statistics=COUNTS,
    ring_rx=MAYBE,
    ring_rx_max=MAYBE,
    channels_rx=MAYBE,
    channels_rx_max=MAYBE,
    coalesce_rx_usecs=MAYBE,
    coalesce_adaptive_rx=st.none() | st.booleans(),
    channels_kind=st.sampled_from([None, "rx", "combined", "both"]),
)
RULES = st.builds(
    RuleCounter,
    source=st.sampled_from(["nft", "tc"]),
    place=TEXT,
    hook=st.sampled_from(["ingress", "prerouting", "input", "forward", "other"]),
    verdict=st.sampled_from(["drop", "reject", "other"]),
    packets=COUNT,
    at_most=MAYBE,
)
PROCESSES = st.builds(
    Process, inode=COUNT, pid=COUNT, name=TEXT, cgroup=TEXT, state=TEXT, udp_sockets=MAYBE
)
GAPS = st.builds(Gap, path=TEXT, why=st.sampled_from(["absent", "denied", "unparsed"]), detail=TEXT)


def several(one: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(one, max_size=3).map(tuple)


SAMPLES = st.builds(
    Sample,
    files=st.dictionaries(st.sampled_from(["/proc/net/snmp", "/netrx/clock"]), TEXT),
    gaps=several(GAPS),
    sockets=st.none()
    | st.builds(
        SocketTable,
        sockets=several(SOCKETS),
        counts=COUNTS,
        source=st.sampled_from(["sock_diag", "proc"]),
    ),
    links=st.none() | several(LINKS),
    nics=st.none() | several(NICS),
    rules=st.none() | several(RULES),
    processes=several(PROCESSES),
)


@given(samples=st.lists(SAMPLES, min_size=1, max_size=2), netns=st.none() | TEXT, gaps=GAPS)
def test_any_snapshot_reads_as_it_was(samples: list[Sample], netns: str, gaps: Gap) -> None:
    saved = saved_snapshot(tuple(samples), netns=netns, gaps=(gaps,), meta={"tool": "1"})
    assert parsed(dict(render_snapshot(saved, "1"))) == saved


@pytest.mark.parametrize(
    ("table", "record"),
    [
        (snapshot_records.SOCKETS, Socket),
        (snapshot_records.LINKS, Link),
        (snapshot_records.NICS, Nic),
        (snapshot_records.RULES, RuleCounter),
        (snapshot_records.PROCESSES, Process),
    ],
)
def test_every_field_of_a_record_is_written(
    table: snapshot_records._Table[Socket], record: type[Socket]
) -> None:
    assert tuple(table.checks) == record._fields


SAVED = saved_snapshot(
    (
        Sample(
            files={"/proc/net/snmp": "x\n"},
            processes=(
                Process(1, 10, "a", "/", "S"),
                Process(2, 20, "b", "/", "S"),
                Process(3, 30, "c", "/", "S"),
            ),
        ),
    )
)
PROCESSES_FILE = "0/netrx/processes.jsonl"


def parsed(files: Mapping[str, str]) -> SavedSnapshot:
    """Return what the files of a snapshot say, by their names in it."""
    return parse_snapshot(files["netrx.yaml"], by_sample(files))


def with_line(number: int, line: str) -> SavedSnapshot:
    """Return the snapshot with one line of its processes replaced."""
    files = dict(render_snapshot(SAVED, "1"))
    lines = files[PROCESSES_FILE].split("\n")
    lines[number - 1] = line
    files[PROCESSES_FILE] = "\n".join(lines)
    return parsed(files)


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("", "expected a JSON object, got ''"),
        ("noise", "expected a JSON object, got 'noise'"),
        ("[1]", "expected a JSON object, got '[1]'"),
        ("[" * 5000, f"expected a JSON object, got {'[' * 80!r}"),
        ('{"inode":' + "1" * 5000 + "}", None),
        ("{}", "inode: not a value of that field, got 'None'"),
        ('{"inode":true}', "inode: not a value of that field, got 'True'"),
        ('{"inode":-1}', "inode: not a value of that field, got '-1'"),
        ('{"inode":1e3}', "inode: not a value of that field, got '1000.0'"),
        ('{"inode":18446744073709551616}', None),
        ('{"inode":1,"pid":NaN}', "pid: not a value of that field, got 'nan'"),
        ('{"inode":1,"pid":2,"name":null}', "name: not a value of that field, got 'None'"),
    ],
)
def test_a_line_that_does_not_read_costs_that_line(line: str, detail: str | None) -> None:
    sample = with_line(3, line).samples[0]
    assert [process.name for process in sample.processes] == ["a", "c"]
    (gap,) = sample.gaps
    assert (gap.path, gap.why) == (f"{PROCESSES_FILE}:3", "unparsed")
    assert detail is None or gap.detail == detail


def test_a_damaged_header_costs_what_only_it_says() -> None:
    sample = Sample({}, sockets=SocketTable((), {"udp/inet": 4}, "sock_diag"))
    ((path, _),) = render_records(sample)
    got = parse_records({path: "noise\n"}, "1", ())
    assert got.sockets == SocketTable((), {}, "proc")
    assert got.gaps == (
        Gap("1/netrx/sockets.jsonl:1", "unparsed", "expected a JSON object, got 'noise'"),
    )


def test_a_table_of_a_later_version_is_not_guessed_at() -> None:
    sample = with_line(1, '{"table":"processes","version":2}').samples[0]
    assert sample.processes == ()
    assert [gap.detail for gap in sample.gaps] == ["expected version 1 or below, got '2'"]


def test_what_a_later_version_adds_is_passed_over() -> None:
    line = '{"inode":9,"pid":9,"name":"z","cgroup":"/","state":"S","nice":19}'
    assert with_line(3, line).samples[0].processes[1] == Process(9, 9, "z", "/", "S")


def test_many_bad_lines_are_few_gaps() -> None:
    files = dict(render_snapshot(SAVED, "1"))
    files[PROCESSES_FILE] += "noise\n" * 100_000
    assert len(parsed(files).samples[0].gaps) == 8


def manifest(**changes: object) -> str:
    fields: dict[str, object] = {
        "schema": SCHEMA,
        "tool": {"version": "1"},
        "kernel": "6.1.0",
        "netns": None,
        "samples": [{"time": "2026-11-22T00:00:00Z", "uptime_seconds": 5, "gaps": []}],
    }
    return json.dumps({**fields, **changes})


def test_a_manifest_written_by_hand_is_read() -> None:
    text = f"""
    schema: {SCHEMA}
    kernel: "6.1.0"
    samples:
      - time: '2026-11-22T00:00:00Z'
        uptime_seconds: 5
      - uptime_seconds: 6.5
        gaps: [{{path: /proc/net/raw, why: denied, detail: refused}}]
    """
    found = parse_manifest(text)
    assert found.kernel == "6.1.0"
    assert [about.moment.uptime_seconds for about in found.samples] == [5.0, 6.5]
    assert found.samples[1].gaps == (Gap("/proc/net/raw", "denied", "refused"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "text: expected keys and values, got 'None'"),
        ("[", "expected YAML"),
        ("a: &x 1\nb: *x", "expected YAML, got 'an alias stands there'"),
        ("schema: 1\n'schema': 2", "expected YAML, got 'a key stands there twice'"),
        ("{" * 5000, "expected YAML"),
        ("? [a]\n: b", "expected YAML"),
        ("x: !!python/object/apply:os.system [id]", "expected YAML"),
        ("x: !!bool maybe", "expected YAML"),
        ("x: !!timestamp maybe", "expected YAML"),
        ("a: " + "b" * 70_000, "expected at most 65536 characters"),
        ("#" * 5_000_000, "expected at most 4194304 characters"),
        (manifest(schema="netrx-tune/snapshot/v2"), "this version of netrx-tune reads"),
        (manifest(schema="other/v1"), f"schema: expected {SCHEMA}, got 'other/v1'"),
        (manifest(schema=None), f"schema: expected {SCHEMA}, got 'None'"),
        (manifest(samples=[]), "samples: expected one or two, got '0'"),
        (manifest(samples=[{}] * 3), "samples: expected one or two, got '3'"),
        (manifest(samples={}), "samples: expected a list"),
        (manifest(samples=["x"]), "samples: expected keys and values"),
        (manifest(kernel=6.1), "kernel: expected a text in quotes, got '6.1'"),
        (manifest(samples=[{"uptime_seconds": "x"}]), "uptime_seconds: expected a number"),
        (manifest(samples=[{"uptime_seconds": -1}]), "uptime_seconds: expected a number"),
        (manifest(samples=[{"uptime_seconds": float("nan")}]), "uptime_seconds: expected"),
        (manifest(samples=[{"gaps": [{"why": "bored"}]}]), "gaps: why: expected absent"),
        (manifest(samples=[{"gaps": [{"why": []}]}]), "gaps: why: expected absent"),
        (manifest(tool=[]), "tool: expected keys and values"),
        (manifest(redactions="all"), "redactions: expected a list"),
    ],
)
def test_a_manifest_that_does_not_read_is_refused_by_its_place(text: str, words: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_manifest(text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("netrx.yaml: ")
    assert "\n" not in str(caught.value)


@given(text=st.text(max_size=200))
def test_any_text_is_a_manifest_or_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_manifest(text)


@pytest.mark.parametrize(
    ("files", "uptime", "utc", "kernel"),
    [
        ({}, None, None, None),
        ({"/proc/uptime": "nan 1\n", "/netrx/clock": "realtime inf\n"}, None, None, None),
        ({"/proc/uptime": "-1 1\n", "/netrx/clock": "realtime 1e300\n"}, None, None, None),
        ({"/proc/uptime": "\n", "/netrx/clock": "monotonic 1\n"}, None, None, None),
        ({"/netrx/clock": "realtime 0\n"}, None, "1970-01-01T00:00:00.000Z", None),
        ({"/proc/uptime": "12.34 5\n"}, 12.34, None, None),
        (
            {"/proc/version": "Linux version 4.18.0-553.el8 (x@y) #1\n"},
            None,
            None,
            "4.18.0-553.el8",
        ),
    ],
)
def test_times_and_release_are_what_files_say(
    files: Mapping[str, str], uptime: float | None, utc: str | None, kernel: str | None
) -> None:
    saved = saved_snapshot((Sample(files),))
    assert saved.times[0] == (utc, uptime)
    assert (saved.kernel, saved.seconds) == (kernel, None)


def test_a_boot_id_in_the_manifest_stands_where_the_kernel_has_it() -> None:
    text = manifest(samples=[{"boot": "sha256:00ff"}])
    assert parsed({"netrx.yaml": text}).samples[0].files == {BOOT_ID: "sha256:00ff\n"}
