"""Each fault on the live kernel: the stage right, the count exact, nothing else lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.children import MissingError
from tests.live.faults import FAULTS
from tests.live.lab import obstacle
from tests.live.performance import perform
from tests.live.tracing import Trace, tracing
from tests.live.truth import Fault


@pytest.fixture(scope="module")
def trace() -> Iterator[Trace | None]:
    """The tracer, or None on a machine where the lab cannot work."""
    if obstacle():
        yield None
        return
    with tracing() as made:
        yield made


@pytest.mark.live
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_loss_is_charged_to_its_stage_to_the_packet(
    fault: Fault, trace: Trace | None, tmp_path: Path
) -> None:
    if trace is None:
        pytest.skip(f"{fault.name}: {obstacle()}")
    try:
        outcome = perform(fault, trace, tmp_path)
    except MissingError as error:
        pytest.skip(f"{fault.name}: needs {error}")
    assert outcome.doubts == ()
    for expected in fault.expected:
        assert outcome.truth.lost[expected.stage] > 0, "the lab lost nothing"
    assert outcome.complaints == ()


def test_every_fault_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
