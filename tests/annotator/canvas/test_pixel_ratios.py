import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("scale", ["1.5", "2"])
def test_every_promise_of_the_canvas_holds_on_dense_screens(scale: str) -> None:
    """Qt reads the scale once, as it starts: these tests run in another process."""
    names = ("test_canvas_view.py", "test_canvas_compare.py")
    tests = [str(Path(__file__).with_name(name)) for name in names]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
