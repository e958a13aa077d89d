"""Servers on the loopback that hold snapshots: one that speaks as S3 does, one of the web."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_SECONDS = 60
_PORT = re.compile(rb"http://127\.0\.0\.1:([0-9]+)|port ([0-9]+)")


class S3:
    """The server, its address and what a client must know of it."""

    def __init__(self, address: str, *, has_key: bool = True) -> None:
        self.address = address
        self._key = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}
        if not has_key:
            self._key = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}

    @property
    def environment(self) -> dict[str, str]:
        """Return what leads fsspec there."""
        return {
            **self._key,
            "AWS_ENDPOINT_URL": self.address,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make(self, bucket: str, members: Mapping[str, bytes]) -> None:
        """Make a bucket and put objects into it."""
        self._send("PUT", bucket, b"")
        for name, content in members.items():
            self._send("PUT", f"{bucket}/{name}", content)

    def lock(self) -> None:
        """Ask for credentials from now on, which nobody has."""
        self._send("POST", "moto-api/reset-auth", b"0")

    def unlock(self) -> None:
        """Ask for none."""
        self._send("POST", "moto-api/reset-auth", b"1000000")

    def _send(self, method: str, path: str, content: bytes) -> None:
        kind = {"Content-Type": "application/octet-stream", "Authorization": "AWS somebody:x"}
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.address}/{path}", content, kind, method=method
        )
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - likewise
            answer.read()


@contextmanager
def s3(folder: Path) -> Iterator[S3]:
    """Give a server that speaks as S3 does."""
    with _served(folder / "s3.log", "moto.server", "-H", "127.0.0.1", "-p", "0") as address:
        yield S3(address)


@contextmanager
def web(folder: Path, log: Path) -> Iterator[str]:
    """Give the address of a web server that shows a folder."""
    words = ("http.server", "--bind", "127.0.0.1", "--directory", str(folder), "0")
    with _served(log, *words) as address:
        yield address


@contextmanager
def _served(log: Path, *words: str) -> Iterator[str]:
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-u", "-m", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"},
        )
    try:
        yield _address(server, log)
    finally:
        server.kill()
        server.wait()


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(_SECONDS * 10):
        found = _PORT.search(log.read_bytes())
        if found:
            return f"http://127.0.0.1:{(found[1] or found[2]).decode()}"
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(log.read_text())
