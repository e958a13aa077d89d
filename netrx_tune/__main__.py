"""Run the command as `python -m netrx_tune`."""

from netrx_tune.cli import main

main()
