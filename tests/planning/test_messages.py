"""Lines of logs, as people paste them, and the pages that explain them."""

from __future__ import annotations

import pytest

from netrx_tune.planning.messages import MESSAGES, message_in
from netrx_tune.reporters.pages import page

LINES = [
    (
        (
            "2024/05/03 13:09:29 failed to sufficiently increase receive buffer size (was: 208 kiB,"
            " wanted: 7168 kiB, got: 416 kiB). See https://github.com/quic-go/quic-go/wiki"
        ),
        "log-quic-go-buffer",
        (7_340_032, 425_984),
    ),
    ("failed to sufficiently increase receive buffer size", "log-quic-go-buffer", (None, None)),
    (
        (
            "[1626249031] unbound[110586:0] warning: so-rcvbuf 1048576 was not granted. Got 425984."
            " To fix: start with root permissions(linux) or sysctl bigger net.core.rmem_max(linux)"
        ),
        "log-unbound-so-rcvbuf",
        (1_048_576, 425_984),
    ),
    ("so-rcvbuf 4194304 was not granted", "log-unbound-so-rcvbuf", (4_194_304, None)),
    (
        (
            "The kernel refused to set the receive buffer (SO_RCVBUF) to the requested size, you"
            " probably need to adjust buffer related kernel parameters; so_rcvbuf='1703936',"
            " so_rcvbuf_set='425984'"
        ),
        "log-syslog-ng-so-rcvbuf",
        (1_703_936, 425_984),
    ),
    (
        (
            "ros2: failed to increase socket receive buffer size to at least 10485760 bytes,"
            " current is 425984 bytes"
        ),
        "log-cyclone-dds-buffer",
        (10_485_760, 425_984),
    ),
    (
        "Can't set UDP SO_RCVBUF to 1048576, the system set it to 425984 instead",
        "log-tinc-buffer",
        (1_048_576, 425_984),
    ),
    (
        (
            "set_rcvbuf: failed to increase socket receive buffer size to 2097152 bytes, maximum is"
            " 425984 bytes"
        ),
        "log-aeron-buffer",
        (2_097_152, 425_984),
    ),
    (
        "[104235.156774] nf_conntrack: nf_conntrack: table full, dropping packet",
        "log-conntrack-full",
        (None, None),
    ),
    (
        "TCP: request_sock_TCP: Possible SYN flooding on port 127.0.0.1:23456. Sending cookies.",
        "log-syn-flooding",
        (None, None),
    ),
    ("possible SYN flooding on port 4671. Sending cookies.", "log-syn-flooding", (None, None)),
    ("TCP: out of memory -- consider tuning tcp_mem", "log-tcp-out-of-memory", (None, None)),
    (
        "UDP: bad checksum. From 208.105.163.98:28810 to 192.168.2.2:12287 ulen 73",
        "log-udp-bad-checksum",
        (None, None),
    ),
    (
        "IPv4: martian source 192.0.2.1 from 198.51.100.7, on dev eth0",
        "log-martian-source",
        (None, None),
    ),
    (
        "swapper/3: page allocation failure: order:2, mode:0xa20(GFP_ATOMIC), nodemask=(null)",
        "log-page-allocation-failure",
        (None, None),
    ),
    ("netdev budget ran outs", "log-budget-ran-out", (None, None)),
]


@pytest.mark.parametrize(("line", "name", "numbers"), LINES)
def test_a_line_is_known_by_its_own_words(
    line: str, name: str, numbers: tuple[int | None, int | None]
) -> None:
    heard = message_in(line)
    assert heard is not None
    assert heard.message.name == name
    assert (heard.wanted_bytes, heard.got_bytes) == numbers


def test_every_message_has_a_line_here() -> None:
    assert {name for _, name, _ in LINES} == {message.name for message in MESSAGES}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "eth0: link becomes ready",
        "so-rcvbuf 4194304 was granted",
        "page allocation failure: order:0, mode:0xdc0(GFP_KERNEL)",
        "conntrack table has 12 entries",
    ],
)
def test_other_lines_are_not_claimed(line: str) -> None:
    assert message_in(line) is None


def test_the_page_computes_with_the_numbers_of_the_line() -> None:
    found = page(LINES[0][0])
    assert found is not None
    text = found.sections[0].text
    assert "has to be at least 7,340,032" in text
    assert "cut the request to 212,992" in text
    lost = next(s.text for s in found.sections if s.heading == "Is anything lost?")
    assert lost.startswith("No.")


def test_a_request_that_was_granted_and_doubled_is_no_cut() -> None:
    heard = message_in("Can't set UDP SO_RCVBUF to 25000000, the system set it to 50000000 instead")
    assert heard is not None
    assert "cut" not in heard.arithmetic


def test_a_huge_number_or_a_huge_line_costs_no_time() -> None:
    heard = message_in("so-rcvbuf " + "9" * 1500 + " was not granted")
    assert heard is not None
    assert heard.wanted_bytes == int("9" * 18)
    assert message_in("kernel refused to set the receive buffer " + "so_rcvbuf=" * 10_000)
