"""What the command costs and how often it is right, measured: `python -m tests.benchmarks`."""
