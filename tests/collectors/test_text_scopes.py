"""Whose counters a text shows, by the commands in it."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.text_scopes import scopes_of

_UDP = "Udp:\n    812731 packets received\n    9123 packet receive errors\n"


@pytest.mark.parametrize(
    ("first", "second", "want"),
    [
        ("", "", ("the host's",)),
        ("$ docker exec sfu netstat -su", "$ netstat -su", ("sfu", "the host's")),
        ("$ netstat -su", "# ip netns exec blue netstat -su", ("the host's", "blue")),
        ("$ kubectl exec -n m a -- netstat -su", "$ kubectl exec -n m b -- nstat", ("a", "b")),
        ("$ kubectl exec a -c x -- netstat -su", "$ kubectl exec a -c y -- netstat -su", ("a",)),
        ("# nsenter -t 71 -n netstat -su", "# nsenter -t 71 -n netstat -su", ("71",)),
        (
            "# nsenter --net=/run/netns/blue netstat -su",
            "# ip netns exec blue nstat -az",
            ("blue",),
        ),
        ("$ docker exec -it sfu sh\n/ # netstat -su", "/ # netstat -su", ("sfu",)),
        (
            "$ docker exec -it sfu bash\nroot@4f:/# netstat -su",
            "root@4f:/# exit\n$ netstat -su",
            ("sfu", "the host's"),
        ),
        ("$ docker exec sfu netstat -su", "netstat says after a minute:", ("sfu",)),
        ("$ docker exec sfu netstat -su", "$ sysctl -a", ("sfu",)),
        ("root@tx:~# netstat -su", "root@rx:~# netstat -su", ("tx", "rx")),
        ("[me@tx ~]$ nstat -az", "[root@tx ~]# nstat -az", ("tx",)),
        ("[me@tx.example.com ~]$ nstat -az", "root@tx:~# nstat -az", ("tx",)),
        ("me@10.0.0.1:~$ nstat -az", "me@10.0.0.2:~$ nstat -az", ("10.0.0.1", "10.0.0.2")),
        ("$ ssh -p 22 root@a netstat -su", "$ ssh root@b netstat -su", ("a", "b")),
        ("me@tx:~$ docker exec sfu nstat", "me@tx:~$ nstat -az", ("sfu", "tx")),
        ("me@tx:~$ uname -r", "netstat -su", ("tx",)),
        ("$ netstat -su", "Then I went by ssh to the box again:", ("the host's",)),
        ("$ netstat -su", "me@tx:~$ nstat -az", ("tx",)),
    ],
)
def test_a_text_tells_by_its_commands_whose_counters_it_shows(
    first: str, second: str, want: tuple[str, ...]
) -> None:
    assert scopes_of(f"{first}\n{_UDP}{second}\n{_UDP}") == want
