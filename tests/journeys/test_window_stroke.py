"""A stroke under the pen is answered at once, and one that was given up has never been there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from stand_in_lane import StandInLane
from window_hands import RIGHT, Hand, press_key

from annotator.document.edits import add_class
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.window.main_window import MainWindow

pytestmark = pytest.mark.journey
WAIT_MS = 30_000


@pytest.fixture
def lane() -> StandInLane:
    return StandInLane()


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, photographs: Path, lane: StandInLane
) -> Iterator[MainWindow]:
    workspace = Workspace.create(tmp_path / "project", photographs)
    add_folder(workspace)
    workspace.do("Add class, 'disc'", [add_class(workspace.project, "disc")])
    window = MainWindow(lane, Style(qapp, Scheme.DARK))  # type: ignore[arg-type]
    window.resize(1000, 700)
    window.show()
    lane.start()
    window.show_workspace(workspace)
    window.activateWindow()
    qtbot.waitUntil(
        lambda: window.page is not None and window.page.canvas.viewport is not None, timeout=WAIT_MS
    )
    yield window
    window.close()
    window.deleteLater()


def taught(lane: StandInLane) -> object:
    return None if lane.support is None else lane.support.key


@pytest.mark.parametrize("how", ["escape", "tool", "image"])
def test_a_stroke_that_is_given_up_teaches_nothing(
    qtbot: QtBot, window: MainWindow, lane: StandInLane, how: str
) -> None:
    page, live, workspace = window.page, window.live, window.workspace
    assert page is not None
    assert live is not None
    assert workspace is not None
    Hand(page.canvas).drag([(30, 32), (30, 48)])
    Hand(page.canvas, RIGHT).drag([(90, 20), (90, 70)])

    def all_fresh() -> bool:
        proposals = [live.proposal(image_id) for image_id in workspace.project.images]
        return all(p is not None and p.support_version == live.version for p in proposals)

    qtbot.waitUntil(all_fresh, timeout=WAIT_MS)
    before = taught(lane)
    hand = Hand(page.canvas)
    hand.press((100, 10))
    hand.move((110, 20))
    qtbot.waitUntil(lambda: taught(lane) != before, timeout=WAIT_MS)  # it is answered as it grows
    page.canvas.setFocus()
    keys = {"escape": Qt.Key.Key_Escape, "tool": Qt.Key.Key_B, "image": Qt.Key.Key_D}
    press_key(window, keys[how])
    qtbot.waitUntil(lambda: taught(lane) == before and all_fresh(), timeout=WAIT_MS)
    assert workspace.history.undo_name == "Stroke, 'background'"
