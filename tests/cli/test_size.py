"""`size` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.cli.size import command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def document(*arguments: str) -> dict[str, object]:
    got = run(*arguments, "--format", "json")
    assert got.exception is None or got.exit_code == 0, got.output
    loaded: dict[str, object] = json.loads(got.stdout)
    return loaded


def test_a_buffer_for_a_kernel_is_the_same_on_every_host() -> None:
    got = document(
        *("--rate", "20000", "--payload", "1400", "--stall", "200ms", "--drain", "60000"),
        *("--link", "veth", "--kernel", "6.1"),
    )
    buffer = got["buffer"]
    assert isinstance(buffer, dict)
    assert got["schema"] == "netrx-tune/size/v1"
    assert buffer["datagrams"] == 4000
    assert buffer["room_datagrams"] == 4364
    assert buffer["rcvbuf_bytes"] == 2 * buffer["so_rcvbuf_bytes"]
    assert buffer["rmem_max"] == {"needed": 5029888, "current": 212992, "enough": False}
    assert buffer["helps"] is True


@settings(max_examples=30)
@given(st.integers(1, 100_000), st.integers(0, 9000), st.integers(1, 2_000_000))
def test_the_round_trip_through_the_command(rate: int, payload: int, stall: int) -> None:
    load = ("--rate", f"{rate}", "--payload", f"{payload}", "--kernel", "6.18")
    buffer = document(*load, "--stall", f"{stall}us")["buffer"]
    assert isinstance(buffer, dict)
    if not buffer["helps"]:
        return
    survives = document(*load, "--rcvbuf", f"{buffer['rcvbuf_bytes']}")["survives"]
    assert isinstance(survives, dict)
    assert survives["stall_seconds"][0] * 1e6 >= stall - 1e-3


def test_what_a_program_asks_for_is_capped_and_doubled() -> None:
    load = ("--payload", "100", "--kernel", "6.1")
    capped = document(*load, "--so-rcvbuf", "8MiB")["survives"]
    assert isinstance(capped, dict)
    assert capped["rcvbuf_bytes"] == 2 * 212992
    assert "asks for 8,388,608 B gets 425,984 B" in capped["steps"][0]
    assert "net.core.rmem_max (212,992) cuts it" in capped["steps"][0]


def test_overload_is_told_and_no_buffer_is_proposed() -> None:
    got = run(
        *[
            "--rate",
            "20000",
            "--drain",
            "15000",
            "--payload",
            "300",
            "--stall",
            "0.2",
            "--kernel",
            "6.1",
        ]
    )
    assert "No buffer helps" in got.stdout
    assert "setsockopt(" not in got.stdout
    assert "25 %, whatever the buffer is" in got.stdout


def test_a_limit_that_is_enough_is_left_alone() -> None:
    got = run(*["--accept-backlog", "500", "--stall", "2s", "--kernel", "6.1"])
    assert "4,096 is enough: change nothing" in got.stdout
    assert "sysctl -w" not in got.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "nothing to compute"),
        ("--payload 100", "what has to be bridged"),
        ("--payload 100 --stall 200ms", "what has to be bridged"),
        ("--payload 100 --burst 5 --stall 1s", "exclude each other"),
        ("--payload 100 --truesize 832 --burst 5", "exclude each other"),
        ("--rcvbuf 1MiB", "what does a datagram cost"),
        ("--payload 100 --rcvbuf 3GiB", "largest buffer"),
        ("--payload 100 --rcvbuf 3MB", "not a size"),
        ("--payload 100 --rcvbuf 0", "out of range"),
        ("--payload 100 --burst 5 --kernel six", "no version"),
        ("--payload 100 --rate 5 --stall 5h", "not a time"),
        ("--payload 100 --rate 5 --fragments 200%", "above 0 and up to 1"),
        ("--payload 100 --rate 5 --fragments 1%", "not fragmented"),
        ("--accept-backlog 5", "needs --stall"),
        ("--payload 5 --burst 5 --length 9", "--length is of a queue"),
        ("--conntrack 5 --backlog", "needs --burst"),
        ("--fragments 1%", "needs --rate"),
        ("--payload 70000 --burst 1", "70000"),
        ("--payload 1 --burst 0", "0"),
        ("--payload 1 --burst 1e9", "'1e9' is not a valid whole number"),
        ("--truesize 832 --burst 5 --mtu 9000", "--mtu means nothing without --payload"),
        ("--payload 1 --burst 5 --timeout 5", "nothing without --fragments or --conntrack"),
        ("--payload 1 --burst 5 --rate 5", "--rate means nothing without --stall"),
        ("--conntrack 5 --sockets 4", "--sockets means nothing without --payload"),
        ("--payload 1 --burst 5 --kernel 6.1 --root /", "--root has settings of its own"),
    ],
)
def test_a_mistake_is_one_line(arguments: str, says: str) -> None:
    got = run(*arguments.split())
    assert got.exit_code == 2
    assert says in got.stderr


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_part_reads_in_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = run(
        *("--rate", "20000", "--payload", "8000", "--stall", "200ms", "--backlog"),
        *("--fragments", "1%", "--conntrack", "100", "--accept-backlog", "10"),
    ).stdout
    for name in ("netdev_max_backlog", "ipfrag_high_thresh", "nf_conntrack_max", "somaxconn"):
        assert name in text
    assert "Wrong when:" in text


def test_the_help_has_every_option() -> None:
    page = command.get_help(click.Context(command, info_name="size"))
    for option in ("--rate", "--stall", "--rcvbuf", "--truesize", "--fragments"):
        assert option in page


def test_what_a_buffer_survives_reads_with_its_range() -> None:
    text = run(
        *("--rate", "20000", "--payload", "300", "--rcvbuf", "416KiB"),
        *("--drain", "10000", "--sockets", "4", "--kernel", "6.1"),
    ).stdout
    assert "takes a burst of 85 datagrams, or a pause of 3.15 ms" in " ".join(text.split())
    assert "No buffer helps" in text
    assert "in 4 sockets" in text
    assert "after 6.3 ms to" in text


def test_a_measured_truesize_leaves_no_range() -> None:
    got = document("--truesize", "1280", "--burst", "2000", "--kernel", "4.19")
    buffer = got["buffer"]
    assert isinstance(buffer, dict)
    assert got["truesize"] == {"low_bytes": 1280, "high_bytes": 1280, "how": "measured"}
    assert any("x 4/3" in step for step in buffer["steps"])


def test_a_burst_beyond_the_largest_buffer_is_said_to_be() -> None:
    text = run("--truesize", "2304", "--burst", "100000000", "--kernel", "6.18").stdout
    assert "A burst of 100,000,000 needs more than the largest buffer" in text
    assert "setsockopt(" not in text


def test_a_reader_as_fast_as_the_traffic_never_catches_up() -> None:
    text = run(
        *("--rate", "1000", "--drain", "1000", "--payload", "100"),
        *("--stall", "1s", "--kernel", "6.18", "--link", "veth"),
    ).stdout
    assert "never faster than the traffic" in text


def test_what_a_queue_of_a_given_length_bears() -> None:
    got = run(*["--accept-backlog", "500", "--stall", "2s", "--length", "128", "--kernel", "6.1"])
    assert "128 bridge 0.256 s at 500/s without accept()." in got.stdout
    table = run(*["--conntrack", "1000", "--timeout", "30", "--length", "9000"])
    assert "New flows are refused above 300/s." in table.stdout


def test_another_root_has_its_own_limits(tmp_path: Path) -> None:
    core = tmp_path / "proc" / "sys" / "net" / "core"
    core.mkdir(parents=True)
    (core / "rmem_max").write_text("123456\n")
    load = ("--rate", "20000", "--payload", "300", "--stall", "200ms")
    buffer = document(*load, "--root", str(tmp_path))["buffer"]
    assert isinstance(buffer, dict)
    assert buffer["rmem_max"]["current"] == 123456


def test_parts_are_apart_and_nothing_follows_the_last() -> None:
    load = ("--rate", "20000", "--payload", "300", "--stall", "200ms", "--kernel", "6.1")
    text = run(*load, "--backlog").stdout
    assert text.count("\n\n") == 1
    assert not text.endswith("\n\n")
