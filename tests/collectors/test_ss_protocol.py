"""Lists of ss that name no protocol: iproute2 6.1 printed them in a namespace with real drops."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.ss_protocol import protocol_of_list

CONNECTED = """\
Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
211968 0          127.0.0.1:9000    127.0.0.1:9001 users:(("python3",pid=17437,fd=4))
\t skmem:(r211968,rb212992,t0,tb212992,f1024,w0,o0,bl0,d1408)
0      0          127.0.0.1:9001    127.0.0.1:9000 users:(("python3",pid=17437,fd=5))
\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)
"""
BARE = """\
Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
211968 0          127.0.0.1:9000    127.0.0.1:9001
"""
OF_TCP = CONNECTED.replace("tb212992", "tb3939840")
ALL = """\
State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
UNCONN 0      0            0.0.0.0:48422      0.0.0.0:*
\t skmem:(r0,rb212992,t0,tb425984,f0,w0,o0,bl0,d0)
ESTAB  211968 0          127.0.0.1:9000     127.0.0.1:9001
\t skmem:(r211968,rb212992,t0,tb425984,f1024,w0,o0,bl0,d1408)
"""


def drops(text: str) -> dict[str, int | None]:
    sample = parse_pasted(text)
    table = sample.sockets if sample else None
    return {sock.local: sock.drops for sock in table.sockets if sock.drops} if table else {}


def nameless(text: str) -> list[str]:
    sample = parse_pasted(text)
    return [gap.detail[:7] for gap in (sample.gaps if sample else ()) if gap.path == "ss"]


@pytest.mark.parametrize("command", ["", "$ ss -unmp\n", "# ss -A udp -nm state established\n"])
def test_connected_sockets_of_udp_are_read_without_their_state(command: str) -> None:
    assert drops(command + CONNECTED) == {"127.0.0.1:9000": 1408}


def test_connected_sockets_stand_beside_the_others() -> None:
    assert drops(ALL) == {"127.0.0.1:9000": 1408}


@pytest.mark.parametrize("command", ["$ ss -tnm state established\n", "ss --tcp -nm\n"])
def test_connections_of_tcp_lose_nothing(command: str) -> None:
    assert drops(command + CONNECTED) == {}
    assert nameless(command + CONNECTED) == []


@pytest.mark.parametrize("sign", ["timer:(keepalive,9min,0)", "cubic wscale:7,7 rto:204"])
def test_connections_are_told_by_what_udp_has_not(sign: str) -> None:
    text = CONNECTED.replace("\t skmem", f"\t {sign} skmem")
    assert drops(text) == {}
    assert nameless(text) == []


def test_what_nothing_tells_is_said_and_not_guessed() -> None:
    assert drops(OF_TCP) == {}
    assert nameless(OF_TCP) == ["2 rows "]
    assert nameless(BARE) == ["1 rows "]
    assert nameless(f"$ ss -un\n{BARE}") == []


def test_a_command_is_of_its_own_list_only() -> None:
    assert nameless(f"$ ss -un\n{BARE}\nand later:\n{BARE.replace('9000', '9002')}") == ["1 rows "]


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("$ ss -unmp", "udp"),
        ("root@web:~# ss -H -u -n -m", "udp"),
        ("sudo ss -nmu state connected", "udp"),
        ("ss -tunmp", None),
        ("ss -A udp,tcp -n", None),
        ("ss -nm", None),
        ("less -u", None),
        ("watch -n 1 'ss -tnm'", "tcp"),
    ],
)
def test_the_command_tells_the_protocol(line: str, want: str | None) -> None:
    assert protocol_of_list(f"{line}\n") == want
