"""Numbers and addresses as the kernel writes them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.address import endpoint, ipv4, ipv6
from netrx_tune.collectors.text import attempt, bitmap, decimal, hexadecimal, numbered, signed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_what_the_kernel_prints_reads_back(number: int) -> None:
    assert decimal(str(number), "file", "field") == number
    assert signed(str(-number), "file", "field") == -number
    assert hexadecimal(f"{number:08x}", "file", "field") == number
    assert hexadecimal(f"{number:X}", "file", "field") == number


@given(st.integers(min_value=0, max_value=2**600))
def test_a_bitmap_reads_back(mask: int) -> None:
    words = f"{mask:0800x}"
    text = ",".join(words[at : at + 8] for at in range(0, 800, 8))
    assert bitmap(f"{text}\n", "file", "field") == mask


@pytest.mark.parametrize("word", ["", "-", "+1", "1_0", "0x1", " 1", "1.0", "²", "\u0663"])
def test_what_int_would_take_and_the_kernel_never_writes_is_an_error(word: str) -> None:
    with pytest.raises(ParseError, match="file: field: expected a decimal"):
        decimal(word, "file", "field")
    with pytest.raises(ParseError, match="file: field: expected a decimal"):
        signed(f"-{word}", "file", "field")


@pytest.mark.parametrize("word", ["", "-1", "+1", "1_0", "0x1", "g", "1" * 17, "\u0663"])
def test_what_is_no_hexadecimal_is_an_error(word: str) -> None:
    with pytest.raises(ParseError, match="file: field: expected a hexadecimal"):
        hexadecimal(word, "file", "field")


def test_only_a_line_feed_ends_a_line() -> None:
    assert list(numbered("a\x0bb\x1cc\u2028d\r\n\n \t\ne")) == [
        (1, "a\x0bb\x1cc\u2028d\r"),
        (4, "e"),
    ]


@given(st.binary(min_size=16, max_size=16))
def test_ipv6_addresses_have_the_form_of_rfc_5952(packed: bytes) -> None:
    if not packed.startswith(bytes(10) + b"\xff\xff"):
        assert ipv6(packed) == str(ipaddress.IPv6Address(packed))


@given(st.lists(st.sampled_from([0, 0, 1, 0xDB8]), min_size=8, max_size=8))
def test_zeros_are_shortened_as_rfc_5952_says(groups: list[int]) -> None:
    packed = b"".join(group.to_bytes(2, "big") for group in groups)
    assert ipv6(packed) == str(ipaddress.IPv6Address(packed))


@given(st.binary(min_size=4, max_size=4))
def test_ipv4_addresses_and_mapped_ones_are_dotted(packed: bytes) -> None:
    assert ipv4(packed) == str(ipaddress.IPv4Address(packed))
    assert ipv6(bytes(10) + b"\xff\xff" + packed) == f"::ffff:{ipv4(packed)}"


def test_an_endpoint_sets_ipv6_in_brackets() -> None:
    assert endpoint(bytes([192, 0, 2, 1]), 53) == "192.0.2.1:53"
    assert endpoint(bytes(15) + b"\x01", 53) == "[::1]:53"


def test_a_table_that_no_kernel_writes_so_long_is_not_parsed() -> None:
    def fail(text: str, path: str) -> None:
        raise AssertionError(path, len(text))

    gaps: list[Gap] = []
    attempt({"/proc/net/snmp": "Udp: " + "1 " * (4 << 20)}, "/proc/net/snmp", fail, gaps)
    assert gaps == [Gap("/proc/net/snmp", "unparsed", "longer than 8 MiB")]
