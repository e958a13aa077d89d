"""Each fault on the live kernel: the stage right, the count exact, nothing else lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.live.children import MissingError
from tests.live.faults import FAULTS
from tests.live.lab import obstacle
from tests.live.performance import Outcome, perform
from tests.live.tracing import tracing
from tests.live.truth import Fault

Stage = Callable[..., Outcome]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Plays a fault the first time it is asked for, and skips it where it cannot be played.

    A play whose own witnesses disagree proves nothing, so it is played once more.
    """
    snapshots: Path = tmp_path_factory.mktemp("snapshots")
    outcomes: dict[str, Outcome] = {}
    why = obstacle()

    def outcome_of(fault: Fault, *, again: bool = False) -> Outcome:
        if why:
            pytest.skip(f"{fault.name}: {why}")
        if again or fault.name not in outcomes:
            try:
                outcomes[fault.name] = perform(fault, trace, snapshots)
                if outcomes[fault.name].doubts:
                    outcomes[fault.name] = perform(fault, trace, snapshots)
            except MissingError as error:
                pytest.skip(f"{fault.name}: needs {error}")
        return outcomes[fault.name]

    if why:
        yield outcome_of
        return
    with tracing() as trace:
        yield outcome_of


def _param(fault: Fault) -> ParameterSet:
    return pytest.param(fault, id=fault.name, marks=[pytest.mark.alone] if fault.alone else [])


CAUSED = tuple(fault for fault in FAULTS if fault.cause)


@pytest.mark.live
@pytest.mark.parametrize("fault", [_param(fault) for fault in FAULTS])
def test_the_loss_is_charged_to_its_stage_to_the_packet_and_so_it_is_from_the_snapshot(
    fault: Fault, played: Stage
) -> None:
    outcome = played(fault)
    assert outcome.doubts == ()
    for expected in fault.expected:
        assert outcome.truth.lost[expected.stage] > 0, "the lab lost nothing"
    assert outcome.complaints == ()
    assert outcome.replay is not None
    assert outcome.differences == ()


@pytest.mark.live
@pytest.mark.alone
def test_full_buffers_have_the_cause_that_the_programs_gave_them(played: Stage) -> None:
    """A cause is an inference, right in 95 of 100 windows, so one fault may look otherwise twice.

    `python -m tests.benchmarks causes` measures how often; counts and stages have no such leave.
    """
    wrong = [
        f"{fault.name}: {again}"
        for fault in CAUSED
        if played(fault).wrong_causes and (again := played(fault, again=True).wrong_causes)
    ]
    assert len(CAUSED) >= 10
    assert len(wrong) <= 1, wrong


CROWDS = (
    "reuseport-one-slow",
    "reuseport-one-flow",
    "multicast-one-slow",
    "many-sockets-one-slow",
)


@pytest.mark.live
@pytest.mark.alone
@pytest.mark.parametrize("name", CROWDS)
def test_which_of_many_sockets_lost_is_said_with_its_process_and_share(
    name: str, played: Stage
) -> None:
    """Which cause it is may be missed once, as above; who lost beside how many others may not."""
    fault = next(fault for fault in FAULTS if fault.name == name)
    outcome = played(fault)
    assert outcome.truth.words
    if outcome.wrong_causes:
        outcome = played(fault, again=True)
    assert outcome.missing_words == ()


def test_every_fault_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
