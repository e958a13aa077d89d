"""A load test of its own: a program that receives, and one that sends; run as a script.

    python tests/live/load_test.py [pause of the receiver in seconds] [port]

It prints what it sent and what it read, and fails with 3 if fewer than half arrived.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

_SENT = 4_000
_PER_SECOND = 2_000
_PAYLOAD = b"x" * 200


def _send(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        began = time.monotonic()
        for number in range(_SENT):
            sender.sendto(_PAYLOAD, ("127.0.0.1", port))
            time.sleep(max(0.0, began + number / _PER_SECOND - time.monotonic()))


def main(pause_seconds: float, port: int) -> int:
    """Send and receive; the receiver goes away once for that long."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))
        receiver.settimeout(0.5)
        sending = threading.Thread(target=_send, args=(port,))
        sending.start()
        read = 0
        try:
            while receiver.recv(2048):
                read += 1
                if read == _SENT // 4:
                    time.sleep(pause_seconds)
        except TimeoutError:
            sending.join()
    sys.stdout.write(json.dumps({"sent": _SENT, "read": read}) + "\n")
    return 0 if read >= _SENT // 2 else 3


if __name__ == "__main__":
    words = sys.argv[1:] + ["0", "9000"][len(sys.argv) - 1 :]
    sys.exit(main(float(words[0]), int(words[1])))
