"""Ask drivers by ioctl, as ethtool does, in the calling thread's network namespace."""

from __future__ import annotations

import errno
import socket
import struct
from array import array
from collections.abc import Iterable
from contextlib import suppress
from fcntl import ioctl

from netrx_tune.collectors import ethtool, netlink
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Nic

_MOST_NAME_BYTES = 15  # IFNAMSIZ with its NUL is 16
_IFREQ = "@16sP16x"  # struct ifreq: a name, and a pointer in a union of 24 bytes


def read_nics(names: Iterable[str]) -> tuple[tuple[Nic, ...], tuple[Gap, ...]]:
    """Return what each device's driver says of itself.

    A device without a driver to ask, such as lo, is neither listed nor a gap.
    """
    nics: list[Nic] = []
    gaps: list[Gap] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        for name in names:
            where = ethtool.path(name)
            try:
                nics.append(ethtool.parse(name, _ask_all(channel, name)))
            except ParseError as error:
                gaps.append(Gap(where, "unparsed", str(error)))
            except OSError as error:
                if error.errno == errno.EOPNOTSUPP:
                    continue
                gaps.append(netlink.gap(where, error.errno, error.strerror or str(error)))
    return tuple(nics), tuple(gaps)


def _ask_all(channel: socket.socket, name: str) -> ethtool.Replies:
    driver = _ask(channel, name, ethtool.driver_request())
    names = statistics = None
    with suppress(OSError):  # a driver without statistics
        count = ethtool.parse_count(_ask(channel, name, ethtool.count_request()))
        if count:
            names = _ask(channel, name, ethtool.names_request(count))
            statistics = _ask(channel, name, ethtool.statistics_request(count))
    return ethtool.Replies(
        driver=driver,
        names=names,
        statistics=statistics,
        rings=_ask_optional(channel, name, ethtool.rings_request()),
        channels=_ask_optional(channel, name, ethtool.channels_request()),
        coalesce=_ask_optional(channel, name, ethtool.coalesce_request()),
    )


def _ask_optional(channel: socket.socket, name: str, request: bytes) -> bytes | None:
    try:
        return _ask(channel, name, request)
    except OSError:
        return None


def _ask(channel: socket.socket, name: str, request: bytes) -> bytes:
    """Return the request's buffer as the driver filled it."""
    packed = name.encode("utf-8", "surrogateescape")
    if len(packed) > _MOST_NAME_BYTES:
        raise OSError(errno.ENODEV, "no device has so long a name")
    buffer = array("B", request)
    address, _length = buffer.buffer_info()
    ioctl(channel.fileno(), ethtool.SIOCETHTOOL, struct.pack(_IFREQ, packed, address))
    return buffer.tobytes()
