"""What the tests of the engines share; its folder is on the path, and with it `fewshot_toys`."""

import pytest

from engines.reporting import SilentReporter


@pytest.fixture
def reporter() -> SilentReporter:
    return SilentReporter()
