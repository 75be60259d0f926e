"""The window's first journey: a stroke on one picture, answers on all, accept, undo, reopen."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from annotator.document.annotations import BitMask
from annotator.document.edits import add_class, label_patch
from annotator.document.label_map import Provenance
from annotator.flows.engine_lane import EngineLane
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.window.export_dialog import ExportDialog
from annotator.window.main_window import MainWindow

pytestmark = pytest.mark.journey
WAIT_MS = 60_000


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, photographs: Path
) -> Iterator[MainWindow]:
    workspace = Workspace.create(tmp_path / "project", photographs)
    add_folder(workspace)
    workspace.do("Add class, 'disc'", [add_class(workspace.project, "disc")])
    lane = EngineLane()
    shown = MainWindow(lane, Style(qapp, Scheme.DARK))
    shown.resize(1200, 800)
    shown.show()
    lane.start()
    shown.show_workspace(workspace)
    qtbot.waitUntil(lambda: shown.page is not None and shown.page.canvas.viewport is not None)
    yield shown
    shown.close()
    shown.deleteLater()


def drag(qtbot: QtBot, window: MainWindow, start: tuple[float, float], end: tuple[float, float],
         button: Qt.MouseButton) -> None:  # fmt: skip
    """A real stroke with the mouse, in image coordinates."""
    assert window.page is not None
    canvas = window.page.canvas

    def at(x: float, y: float) -> QPoint:
        return canvas.to_view(QPointF(x, y)).toPoint()

    qtbot.mousePress(canvas, button, pos=at(*start))
    for step in range(1, 6):
        share = step / 5
        x = start[0] + share * (end[0] - start[0])
        y = start[1] + share * (end[1] - start[1])
        qtbot.mouseMove(canvas, at(x, y))
    qtbot.mouseRelease(canvas, button, pos=at(*end))


def test_two_strokes_with_the_mouse_answer_the_gallery(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    page, live = window.page, window.live
    assert page is not None
    assert live is not None
    assert page.image_id is not None
    page.canvas.set_radius(3.0)
    drag(qtbot, window, (30, 32), (30, 48), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(live.all_answered, timeout=WAIT_MS):
        drag(qtbot, window, (90, 20), (90, 70), Qt.MouseButton.RightButton)
    project = window.workspace.project  # type: ignore[union-attr]
    assert len(project.cues(page.image_id)) == 2
    proposals = [live.proposal(image_id) for image_id in project.images]
    shares = [(p.classes == 1).mean() * 96 * 128 / 1257 for p in proposals if p is not None]
    assert len(shares) == 6
    assert min(shares) > 0.85
    assert max(shares) < 1.25
    qtbot.keyClick(page.canvas, Qt.Key.Key_Return)
    assert project.label_map(page.image_id).touched
    qtbot.keyClick(page.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not project.label_map(page.image_id).touched
    window.close_project()
    with Workspace.open(tmp_path / "project") as again:
        assert again.history.redo_name == "Accept, 'disc_0.png'"
        assert len(again.project.cues(page.image_id)) == 2


def test_delete_on_the_picture_never_removes_a_class(qtbot: QtBot, window: MainWindow) -> None:
    page = window.page
    assert page is not None
    assert window.workspace is not None
    page.canvas.setFocus()
    qtbot.keyClick(page.canvas, Qt.Key.Key_Delete)
    assert len(window.workspace.project.classes) == 1


def test_keys_walk_the_gallery_and_change_tools(qtbot: QtBot, window: MainWindow) -> None:
    page = window.page
    assert page is not None
    first = page.image_id
    qtbot.keyClick(page.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: page.image_id != first)
    qtbot.keyClick(page.canvas, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: page.image_id == first)
    qtbot.keyClick(page.canvas, Qt.Key.Key_P)
    assert page.canvas.tool.name == "polygon"
    qtbot.keyClick(page.canvas, Qt.Key.Key_S)
    assert page.canvas.tool.name == "scribble"


def test_an_export_from_the_window_is_proven_and_shown(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    workspace = window.workspace
    assert workspace is not None
    image_id = next(iter(workspace.project.images))
    mask = BitMask.of(np.ones((20, 20), bool), (20, 30))
    workspace.do("Paint", [label_patch(workspace.project, image_id, mask, 1, Provenance.DRAWN)])
    dialog = ExportDialog(workspace, window)
    qtbot.addWidget(dialog)
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.show()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.running, timeout=WAIT_MS)
    assert "checks passed" in dialog.verdict.text()
    assert (tmp_path / "out" / "annotations" / "instances_all.json").is_file()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.running, timeout=WAIT_MS)
    assert str(tmp_path / "out") in dialog.verdict.text(), "a full folder is refused by name"
