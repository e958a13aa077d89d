"""The books of each layer: counters in, accounts out, each loss charged to one stage."""
