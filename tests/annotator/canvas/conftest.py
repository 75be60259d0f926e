"""What the tests of the canvas share; this folder is on the path, and with it `canvas_toys`."""

import pytest
from canvas_toys import new_canvas

from annotator.canvas.view import CanvasView


@pytest.fixture
def canvas(qtbot) -> CanvasView:
    view = new_canvas()
    qtbot.addWidget(view)
    return view
