"""Hosts with sshd, each in network, mount, process and host-name namespaces of its own.

They hang on one bridge of a further namespace, the controller's. Each has its own /etc/sysctl.d,
/var/lib and /run, so that each can be changed and put back alone. It knows root and two users: an
operator, who may do anything by sudo, and a guest, who may not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

from tests.live import netns
from tests.live.netns import in_netns, run

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
REPOSITORY = Path(__file__).parents[2]
_PORT = 22
# $0 is the host's folder, $1 its name, $2 sshd, $3 its configuration, $4 the key that is let in;
# then sshd in the foreground.
_BOOT = """
set -e
hostname "$1"
mkdir -p "$0/etc/sudoers.d" "$0/home"
echo "operator ALL=(ALL) NOPASSWD: ALL" > "$0/etc/sudoers.d/operator"
cp /etc/passwd /etc/shadow /etc/group "$0/etc"
for user in operator:2001 guest:2002; do
  name=${user%:*} number=${user#*:}
  echo "$name:x:$number:$number::/home/$name:/bin/sh" >> "$0/etc/passwd"
  echo "$name:*:20000:0:99999:7:::" >> "$0/etc/shadow"
  echo "$name:x:$number:" >> "$0/etc/group"
  mkdir -p "$0/home/$name"
  chown "$number:$number" "$0/home/$name"
done
for place in /etc/sysctl.d /etc/sudoers.d /home /var/lib /run; do
  mkdir -p "$0$place"
  [ ! -d "$place" ] || mount --bind "$0$place" "$place"
done
for file in /etc/passwd /etc/shadow /etc/group; do mount --bind "$0$file" "$file"; done
mkdir -p -m 0755 /run/sshd
cp "$4" /run/let_in.pub
chmod 0644 /run/let_in.pub
exec "$2" -D -e -f "$3"
"""
_CONFIGURATION = """
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile /run/let_in.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""
# Datagrams of three fragments over the loopback, read as they come, until it is killed.
_FRAGMENTS = """
import socket, time
reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
reader.bind(("127.0.0.1", 9000))
reader.setblocking(False)
while True:
    sender.sendto(b"x" * 4000, ("127.0.0.1", 9000))
    try:
        reader.recv(4096)
    except BlockingIOError:
        pass
    time.sleep(0.002)
"""


class Host(NamedTuple):
    """One host: its name, its namespace, its address, and the folder that is its disk."""

    name: str
    netns: str
    address: str
    folder: Path

    def sysctl(self, key: str) -> str:
        """Return the value that this host runs with."""
        return in_netns(self.netns, ["cat", f"/proc/sys/{key.replace('.', '/')}"]).strip()

    @property
    def has_our_file(self) -> bool:
        """Tell whether a file of ours would set something at boot."""
        return (self.folder / "etc/sysctl.d/90-netrx-tune.conf").exists()


class Hosts:
    """Some hosts and their controller; leaving the `with` block ends and removes them all."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._names = names
        self._stack = ExitStack()
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.all: dict[str, Host] = {}

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _build(self) -> None:
        for kind in ("host", "user"):
            key = self._folder / f"{kind}_key"
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
        self._controller = self._stack.enter_context(netns.namespace("controller"))
        bridge = ("link add hosts type bridge", "addr add 10.78.0.254/24 dev hosts")
        self._batch(self._controller, *bridge, "link set hosts up")
        for number, name in enumerate(self._names, start=1):
            self.all[name] = self._host(number, name)
        for host in self.all.values():
            self._wait(host)

    def _batch(self, place: str, *lines: str) -> None:
        run(["ip", "-netns", place, "-batch", "-"], text="\n".join(lines) + "\n")

    def _host(self, number: int, name: str) -> Host:
        place = self._stack.enter_context(netns.namespace(name))
        folder = self._folder / name
        folder.mkdir()
        host = Host(name, place, f"10.78.0.{number}", folder)
        pair = f"link add up{number} type veth peer name eth0 netns {place}"
        self._batch(self._controller, pair, f"link set up{number} master hosts up")
        eth0 = (f"addr add {host.address}/24 dev eth0", "link set eth0 up")
        self._batch(place, *eth0, "link set lo mtu 1500")
        self._boot(host)
        return host

    def _boot(self, host: Host) -> None:
        configuration = host.folder / "sshd_config"
        configuration.write_text(
            _CONFIGURATION.format(
                port=_PORT,
                address=host.address,
                folder=self._folder,
            )
        )
        own = ("unshare", "--mount", "--propagation", "private", "--uts", "--pid", "--fork")
        key = str(self._folder / "user_key.pub")
        boot = ("sh", "-c", _BOOT, str(host.folder), host.name, SSHD, str(configuration), key)
        command = ["ip", "netns", "exec", host.netns, *own, "--kill-child", "--mount-proc", *boot]
        with (host.folder / "sshd.log").open("wb") as log:
            self._daemons[host.name] = self._start(command, log=log.fileno())

    def _start(self, command: Sequence[str], *, log: int = -1) -> subprocess.Popen[bytes]:
        where = log if log >= 0 else subprocess.DEVNULL
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=where, stderr=where)
        self._stack.callback(started.wait)
        self._stack.callback(started.kill)
        return started

    def _wait(self, host: Host) -> None:
        for _ in range(100):
            if "Server listening" in (host.folder / "sshd.log").read_text():
                return
            time.sleep(0.05)
        raise netns.LabError(f"{host.name}: {(host.folder / 'sshd.log').read_text()}")

    def power_off(self, name: str) -> None:
        """End a host's sshd and all that runs below it."""
        self._daemons[name].kill()
        self._daemons[name].wait()

    def boot(self, name: str) -> None:
        """Start a host again that was ended; its disk and its running values are as they were."""
        self._boot(self.all[name])
        self._wait(self.all[name])

    def send_fragments(self, name: str) -> None:
        """Let a host send itself datagrams in fragments."""
        place = self.all[name].netns
        self._start(["ip", "netns", "exec", place, sys.executable, "-c", _FRAGMENTS])

    def inventory(
        self, groups: Mapping[str, Sequence[str]], users: Mapping[str, str] | None = None
    ) -> Path:
        """Write an inventory and return its path; who is not among `users` is root."""
        lines: list[str] = []
        for group, members in groups.items():
            lines += [f"[{group}]"]
            for name in members:
                user = (users or {}).get(name, "root")
                lines += [f"{name} ansible_host={self.all[name].address} ansible_user={user}"]
        path = self._folder / "inventory.ini"
        path.write_text("\n".join(lines) + "\n")
        return path

    def play(
        self, playbook: Path, inventory: Path, limit: str = "all", **more: object
    ) -> tuple[int, str]:
        """Run a playbook from the controller; return its exit code and what it printed."""
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "HOME": str(home),
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_SSH_PIPELINING": "True",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": "/run/cp",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "8",
            "ANSIBLE_TIMEOUT": "5",
            "ANSIBLE_LOCALHOST_WARNING": "False",
        }
        words: list[str] = ["--limit", limit, "-e", "ansible_python_interpreter=python3"]
        words += ["-e", f"ansible_ssh_private_key_file={self._folder / 'user_key'}"]
        for name, value in more.items():
            words += ["-e", f"netrx_tune_{name}={value}"]
        own = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        setup = 'mount -t tmpfs none /run && exec "$0" "$@"'
        done = subprocess.run(
            [
                *("ip", "netns", "exec", self._controller, *own, "sh", "-c", setup),
                *("ansible-playbook", "-i", str(inventory), str(playbook), *words),
            ],
            env=environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr
