"""Archives and folders as anyone could make them, and what reading them says."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from netrx_tune.host.archive import read_snapshot
from netrx_tune.model.errors import InputError

SNMP = "Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 900 1 100 100\n"
PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "": bytes,
}


def pack(path: Path, members: Mapping[str, bytes | str], packer: str = "gz") -> str:
    """Write a tar archive as anyone could."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in members.items():
            content = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(PACKERS[packer](plain.getvalue()))
    return str(path)


def unpack(members: Mapping[str, str], folder: Path) -> str:
    for name, text in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def refusal(path: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        read_snapshot(str(path))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(f"{path}: ")
