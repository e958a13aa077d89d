"""What all tests share: `--accept` rewrites expected outputs, so that a diff shows the change."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# Programs of the development group are found also where .venv is not activated.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="rewrite expected outputs; read the diff"
    )


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--accept"))
