"""Programs' own settings: found by process name, complete, and written into the advice."""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation, SocketReport
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.planning.program_advice import alternatives, refine
from netrx_tune.planning.programs import SETTINGS, candidates

WHY = (
    "0.0.0.0:514 ({name}, pid 7) asked for too little: the arithmetic. Use the program's own"
    " setting for its receive buffer if it has one, and restart it: a running socket keeps its"
    " size."
)


def _finding(
    process: str, *, why: str = WHY, cause: str = "burst", kind: str = "setsockopt"
) -> Finding:
    sock = SocketReport(1, "inet", "udp", "0.0.0.0:514", None, 7, process, 9, 212992, "app-request")
    ask = Recommendation(
        kind, "SO_RCVBUF", "application", why.format(name=process), "cost",  # type: ignore[arg-type]
        current=106496, proposed=4194304 if kind == "setsockopt" else None,
        command="setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 4194304)",
    )  # fmt: skip
    raised = ask._replace(kind="sysctl", target="net.core.rmem_max")
    return Finding(
        "socket-buffer-full", "udp-rcvbuf-full", "critical", "high", "text",
        cause=cause, sockets=(sock,), recommendations=(ask, raised),  # type: ignore[arg-type]
    )  # fmt: skip


def test_every_setting_has_a_source_and_a_line_with_the_size() -> None:
    for one in SETTINGS:
        assert one.source, one.title
        assert bool(one.name) == bool(one.line) == bool(one.where), one.title
        assert not one.line or "12345" in one.line.format(bytes=12345, port=53), one.title
        assert one.name or one.note, one.title
        assert all(0 < len(name) <= 15 for name in one.programs), one.title


def test_a_program_is_found_by_its_process_name() -> None:
    assert [one.name for one in candidates("unbound", "53")] == ["so-rcvbuf"]
    assert {one.title for one in candidates("java", "5044")} == {
        "Logstash (udp input)",
        "Aeron (media driver)",
    }
    assert candidates("python3", "53") == ()


def test_a_name_that_many_programs_have_is_believed_on_the_ports_of_one() -> None:
    assert [one.name for one in candidates("agent", "8125")] == ["dogstatsd_so_rcvbuf"]
    assert candidates("agent", "514") == ()
    assert [one.name for one in candidates("dogstatsd", "514")] == ["dogstatsd_so_rcvbuf"]
    assert "datadog" not in refine(_finding("agent"), None).recommendations[0].why.lower()


def test_a_known_programs_advice_is_a_line_of_its_configuration() -> None:
    item, raised = refine(_finding("rsyslogd"), KernelVersion(6, 12)).recommendations
    assert item.target == "rcvbufSize"
    assert item.command == 'input(type="imudp" port="514" rcvbufSize="4194304")'
    assert "Use the program's own setting" not in item.why
    assert "Restart it: a running socket keeps its size." in item.why
    assert item.proposed == 4194304
    assert raised.target == "net.core.rmem_max"


def test_a_program_without_a_setting_comes_last_and_is_said_to_have_none() -> None:
    raised, item = refine(_finding("livekit-server"), KernelVersion(6, 12)).recommendations
    assert raised.target == "net.core.rmem_max"
    assert "LiveKit has no setting for it" in item.why


def test_the_limit_comes_last_where_a_program_never_asks() -> None:
    item, raised = refine(_finding("knotd"), KernelVersion(6, 12)).recommendations
    assert "Knot DNS has no setting for it" in item.why
    assert raised.target == "net.core.rmem_max"


def test_an_ambiguous_program_is_told_all_it_may_be() -> None:
    item = refine(_finding("java"), KernelVersion(6, 12)).recommendations[0]
    assert item.target == "SO_RCVBUF"
    assert "Logstash" in item.why
    assert "Aeron" in item.why


def test_an_author_is_told_what_this_kernel_has() -> None:
    new = refine(_finding("python3"), KernelVersion(6, 12)).recommendations[0].why
    old = refine(_finding("python3"), KernelVersion(4, 19)).recommendations[0].why
    assert "UDP_GRO" in new
    assert "UDP_GRO" not in old
    assert "recvmmsg()" in old
    assert len(alternatives(None)) == 2


def test_an_overloaded_reader_is_told_the_newer_ways_too() -> None:
    found = _finding(
        "python3", why="Read faster: recvmmsg().", cause="sustained-overload", kind="application"
    )
    assert "SO_PREFER_BUSY_POLL" in refine(found, KernelVersion(6, 12)).recommendations[0].why
    assert refine(found, KernelVersion(4, 4)) == found


def test_other_stages_are_left_alone() -> None:
    found = _finding("unbound")._replace(stage="tcp-rcvbuf-full")
    assert refine(found, None) == found
