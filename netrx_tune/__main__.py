"""Run the command as `python -m netrx_tune`."""

from netrx_tune.cli import main

if __name__ == "__main__":  # a spawned worker imports this module too
    main()
