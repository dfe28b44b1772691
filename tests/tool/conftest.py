"""What the tests of tools share."""

import os
from pathlib import Path

import pytest

from tests.tool.surroundings import Surroundings


@pytest.fixture
def here(tmp_path: Path) -> Surroundings:
    return Surroundings(Path(os.path.realpath(tmp_path)))
