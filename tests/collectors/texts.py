"""What a text says of a host, for tests of those who read it."""

from __future__ import annotations

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.model.sample import Sample
from netrx_tune.model.snapshot import Snapshot


def sample_of(text: str) -> Sample:
    sample = parse_pasted(text)
    assert sample is not None
    return sample


def snapshot_of(text: str) -> Snapshot:
    return assemble(sample_of(text))
