"""What lines of logs in a text become."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.log_text import TABLE_FULL, Request, requests_of
from netrx_tune.collectors.pasted import parse_pasted

FULL = "nf_conntrack: table full, dropping packet"


@pytest.mark.parametrize(
    "line",
    [
        f"[12345.678] nf_conntrack: {FULL}",
        f"Mar  1 12:00:01 web1 kernel: {FULL}.",
        FULL,
        "[7.5] nf_conntrack: nf_conntrack: table full in netns 4026532281, dropping packet",
        "ip_conntrack: table full, dropping packet.",
    ],
)
def test_a_full_table_of_connections_is_counted_by_its_lines(line: str) -> None:
    sample = parse_pasted(f"$ dmesg\n{line}\n{line}\n")
    assert sample is not None
    assert assemble(sample).levels[TABLE_FULL] == 2


def test_prose_about_such_a_line_is_none() -> None:
    assert parse_pasted(f'If you see "{FULL}" then raise the limit.\n') is None


def test_a_request_is_read_as_it_was_written_and_anything_else_left_out() -> None:
    some = (Request(7_340_032, 425_984, "quic-go"), Request(8_388_608, None, "GStreamer"))
    text = "".join(one.line for one in some)
    assert tuple(requests_of(f"x\t1\ty\n{text}-1\t\t\n{'9' * 30}\t1\tz\n")) == some
