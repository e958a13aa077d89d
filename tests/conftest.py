"""What all tests share: `--accept` rewrites expected outputs, so that a diff shows the change."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Programs of the development group are found also where .venv is not activated.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
)


# What a busy machine makes slow is not wrong: benchmarks measure time.
settings.register_profile(
    "untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Let what tests start be interrupted: a shell's background job has SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="rewrite expected outputs; read the diff"
    )


# By `-n N --dist loadfile --no-loadscope-reorder` files are begun in this order, those that take
# longest first: what begins last is what a core would end alone. Two that each start a cluster do
# not begin together.
_LONG = (
    "fleet/test_playbooks.py",
    "fleet/test_storage.py",
    "host/test_applying_crash.py",
    "cli/test_check.py",
    "fleet/test_dask.py",
    "collectors/test_any_text.py",
    "collectors/test_endless_texts.py",
    "cli/test_diagnose.py",
    "host/test_profile_set.py",
    "host/test_profile_consumers.py",
    "planning/test_fixed_point.py",
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not read files without live tests where those alone are asked for: it takes seconds."""
    asks = re.match(r"(live|alone)\b", config.option.markexpr)
    if not asks or not re.fullmatch(r"test_\w+\.py", collection_path.name):
        return None
    return f"mark.{asks[1]}" not in collection_path.read_text() or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {str(Path(__file__).parent / name): at for at, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--accept"))
