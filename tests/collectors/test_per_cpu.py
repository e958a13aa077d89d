"""Reading nf_conntrack, rt_cache, interrupts and softirqs: a number per CPU."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.interrupts import Interrupt, Interrupts, parse_interrupts
from netrx_tune.collectors.nf_conntrack import parse_nf_conntrack
from netrx_tune.collectors.rt_cache import parse_rt_cache
from netrx_tune.collectors.text import Reading
from netrx_tune.model.errors import ParseError

REST = "expect_new expect_create expect_delete search_restart"


@pytest.mark.parametrize(
    ("kernel", "second", "eighth", "names"),
    [
        ("4.19", "searched", "delete_list", ("searched", "delete_list")),
        ("5.10", "clashres", "delete_list", ("clash_resolve", "delete_list")),
        ("6.18", "clashres", "chainlength", ("clash_resolve", "chaintoolong")),
    ],
)
def test_conntrack_words_that_changed_their_meaning_have_todays_names(
    kernel: str,
    second: str,
    eighth: str,
    names: tuple[str, str],
) -> None:
    del kernel
    reading = parse_nf_conntrack(
        f"entries  {second} found new invalid ignore delete {eighth} insert insert_failed drop"
        f" early_drop icmp_error  {REST}\n"
        "00000324  00000001 00000002 00000000 0000000a 00000000 00000000 00000004 00000000"
        " 00000006 fffffffe 00000008 00000009  00000000 00000000 00000000 0000000b\n"
        "00000324  00000000 00000001 00000000 00000000 00000000 00000000 00000000 00000000"
        " 00000000 00000001 00000000 00000000  00000000 00000000 00000000 00000000\n",
    )
    assert reading == Reading(
        levels={"nf_conntrack.entries": 804},
        per_cpu={
            f"nf_conntrack.{names[0]}": (1, 0),
            "nf_conntrack.found": (2, 1),
            "nf_conntrack.new": (0, 0),
            "nf_conntrack.invalid": (10, 0),
            "nf_conntrack.ignore": (0, 0),
            "nf_conntrack.delete": (0, 0),
            f"nf_conntrack.{names[1]}": (4, 0),
            "nf_conntrack.insert": (0, 0),
            "nf_conntrack.insert_failed": (6, 0),
            "nf_conntrack.drop": (4294967294, 1),
            "nf_conntrack.early_drop": (8, 0),
            "nf_conntrack.icmp_error": (9, 0),
            "nf_conntrack.expect_new": (0, 0),
            "nf_conntrack.expect_create": (0, 0),
            "nf_conntrack.expect_delete": (0, 0),
            "nf_conntrack.search_restart": (11, 0),
        },
    )


def test_rt_cache_keeps_a_number_per_cpu() -> None:
    reading = parse_rt_cache(
        "entries  in_hit in_martian_dst in_martian_src\n"
        "0000000f  00000000 00000002       0000001f\n"
        "0000000f  00000000 00000000       00000001\n",
    )
    assert reading == Reading(
        levels={"rt_cache.entries": 15},
        per_cpu={
            "rt_cache.in_hit": (0, 0),
            "rt_cache.in_martian_dst": (2, 0),
            "rt_cache.in_martian_src": (31, 1),
        },
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a header with entries and a row per CPU"),
        ("entries drop\n", "expected a header with entries and a row per CPU"),
        ("drop found\n1 2\n", "expected a header with entries and a row per CPU"),
        ("entries drop\n00000001\n", ":2: expected 2 words, got '00000001'"),
        ("entries drop\n00000001 000000001\n", ":2: drop: expected a hexadecimal"),
    ],
)
def test_rows_that_no_kernel_writes_are_an_error(text: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_nf_conntrack(text)
    assert str(caught.value).startswith("/proc/net/stat/nf_conntrack")
    assert said in str(caught.value)


INTERRUPTS = """\
           CPU0       CPU2
  0:         36          0   IO-APIC   2-edge      timer
 28:     123456          7  IR-PCI-MSI 524288-edge      eth0-rx-0, eth0-tx-0
NMI:          1          2   Non-maskable interrupts
ERR:          5
FIQ:              usb_fiq
"""


def test_an_interrupt_has_a_count_per_cpu_of_the_header() -> None:
    text = INTERRUPTS.replace("FIQ:              usb_fiq\n", "")
    assert parse_interrupts(text) == Interrupts(
        cpus=(0, 2),
        lines=(
            Interrupt("0", (36, 0), "IO-APIC   2-edge      timer"),
            Interrupt("28", (123456, 7), "IR-PCI-MSI 524288-edge      eth0-rx-0, eth0-tx-0"),
            Interrupt("NMI", (1, 2), "Non-maskable interrupts"),
            Interrupt("ERR", (5,), ""),
        ),
    )


def test_only_the_interrupts_that_were_asked_for_are_read() -> None:
    got = parse_interrupts(INTERRUPTS, containing=("eth0", "eth1"))
    assert [line.name for line in got.lines] == ["28"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "/proc/interrupts: expected a header CPU0 CPU1 ..., got ''"),
        ("  cpu0\n", "/proc/interrupts:1: expected a header CPU0 CPU1 ..., got '  cpu0'"),
        ("CPUx\n", "/proc/interrupts:1: CPU: expected a decimal, got 'x'"),
        ("CPU0\nERR\n", "/proc/interrupts:2: expected a name and numbers, got 'ERR'"),
        ("CPU0\n1: -2 x\n", "/proc/interrupts:2: expected a name and numbers, got '1: -2 x'"),
        (f"CPU0\n1: {'9' * 21} x\n", "/proc/interrupts:2: 1: expected a decimal, got '9999"),
    ],
)
def test_what_is_no_table_of_interrupts_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_interrupts(text)
    assert str(caught.value).startswith(said)
