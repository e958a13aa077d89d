"""The command itself, installed as `netrx-tune`, or run as `python -m netrx_tune`."""

import sys


def main() -> None:
    """Run the command; one that is interrupted while it still loads ends as any other."""
    try:
        from netrx_tune.cli import main as run  # noqa: PLC0415 - its loading can be interrupted

        run()
    except KeyboardInterrupt:
        sys.stderr.write("netrx-tune: interrupted\n")
        sys.exit(2)


if __name__ == "__main__":  # a spawned worker imports this module too
    main()
