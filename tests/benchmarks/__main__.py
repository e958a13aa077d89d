"""Run one benchmark: `python -m tests.benchmarks NAME [ARGUMENT...]`; each says its own --help."""

from __future__ import annotations

import argparse
import importlib
import sys

BENCHMARKS = {
    "causes": "how often cause and limit of a full buffer are right",
    "loop": "whether the first advice ends the loss, and is not too large",
    "startup": "the time of a whole run on an idle host, against Python with click and json",
    "sockets": "time and memory with 97,500 sockets, against ss",
    "watching": "CPU time of a watch, with few sockets and with 97,500",
    "cpus": "what a host of 512 CPUs takes to parse",
    "fleet": "a local Dask cluster against the process pool, many snapshots",
    "reading": "what one saved snapshot of a host of 64 CPUs takes to read, by part",
    "check": "snapshots judged in a second, and memory up to 100,000 of them",
}


def main() -> int:
    """Run the benchmark that is named, with the other arguments."""
    lines = [f"  {name:10}{what}" for name, what in BENCHMARKS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog="\n".join(["benchmarks:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=len(sys.argv) < 3,
    )
    parser.add_argument("name", choices=BENCHMARKS, metavar="NAME")
    name, others = parser.parse_known_args()
    module = importlib.import_module(f"tests.benchmarks.{name.name}")
    code: int = module.main(others)
    return code


if __name__ == "__main__":
    sys.exit(main())
