"""A new folder becomes a proven COCO dataset by mouse and keys; undo outlives the window."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from window_hands import press_key, type_text

from annotator.app import Application
from annotator.crash_watch import CrashWatch
from annotator.document.images import ImageId
from annotator.log_file import start_logging
from annotator.window.export_form import ExportForm
from annotator.window.label_page import LabelPage

pytestmark = pytest.mark.journey
WAIT_MS = 90_000
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Person:
    """Somebody at the window: only what mouse and keys can do, and what eyes can see."""

    def __init__(self, qtbot: QtBot, application: Application) -> None:
        self.qtbot, self.application = qtbot, application
        self.window = application.window

    def press(
        self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        press_key(self.window, key, keys)

    def type(self, text: str) -> None:
        type_text(self.window, text)

    @property
    def page(self) -> LabelPage:
        page = self.window.page
        assert page is not None
        return page

    def open_folder(self) -> None:
        self.press(Qt.Key.Key_O, CONTROL)  # the question for a folder is answered by the test
        self.wait(lambda: self.window.page is not None and self.sees_picture())

    def sees_picture(self) -> bool:
        return self.page.canvas.viewport is not None

    def wait(self, what: object) -> None:
        self.qtbot.waitUntil(what, timeout=WAIT_MS)

    def drag(self, button: Qt.MouseButton, *places: tuple[float, float]) -> None:
        canvas = self.page.canvas

        def at(x: float, y: float) -> QPoint:
            return canvas.to_view(QPointF(x, y)).toPoint()

        self.qtbot.mousePress(canvas, button, pos=at(*places[0]))
        for place in places:
            self.qtbot.mouseMove(canvas, at(*place))
        self.qtbot.mouseRelease(canvas, button, pos=at(*places[-1]))

    def undo_text(self) -> str:
        return self.window.actions_["edit.undo"].text()

    def labels(self) -> dict[str, bytes]:
        assert self.window.workspace is not None
        project = self.window.workspace.project
        return {
            entry.path: project.visible_classes(image_id).tobytes()
            for image_id, entry in project.images.items()
        }


@pytest.fixture
def person(
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    photographs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Person]:
    monkeypatch.setenv("ANNOTATOR_SETTINGS", str(tmp_path / "settings.json"))
    monkeypatch.setenv("ANNOTATOR_LOGS", str(tmp_path / "logs"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(photographs))
    log = start_logging()
    person = arrived(qtbot, Application(qapp, log, CrashWatch(log)))
    yield person
    person.window.close()
    person.window.deleteLater()
    log.close()


def arrived(qtbot: QtBot, application: Application) -> Person:
    """The window is there and has the keyboard."""
    application.window.resize(1200, 800)
    application.start(None)
    application.window.activateWindow()
    qtbot.waitUntil(application.window.isActiveWindow, timeout=WAIT_MS)
    return Person(qtbot, application)


def restarted(person: Person, qapp: QApplication) -> Person:
    """The window is closed, and another one opened as after a restart."""
    person.window.close()
    log = start_logging()
    return arrived(person.qtbot, Application(qapp, log, CrashWatch(log)))


def label_everything(person: Person) -> None:
    """Name a class, scribble on one image, accept all six."""
    person.open_folder()
    workspace = person.window.workspace
    assert workspace is not None
    person.wait(lambda: len(workspace.project.images) == 6)
    person.press(Qt.Key.Key_N, CONTROL)
    person.type("disc")
    person.press(Qt.Key.Key_Return)
    person.wait(lambda: [row.name for row in workspace.project.classes] == ["disc"])
    person.press(Qt.Key.Key_B)
    assert person.page.canvas.tool.name == "brush"
    person.press(Qt.Key.Key_S)
    assert person.page.canvas.tool.name == "scribble"
    while person.page.canvas.pen.radius > 4:
        person.press(Qt.Key.Key_BracketLeft)
    person.wait(person.sees_picture)
    person.drag(LEFT, (30, 32), (30, 40), (30, 48))
    assert person.undo_text() == "Undo Stroke, 'disc'"
    person.drag(RIGHT, (90, 20), (92, 45), (90, 70))
    assert person.undo_text() == "Undo Stroke, 'background'"
    live = person.window.live
    assert live is not None
    person.wait(lambda: all(live.proposal(one) for one in workspace.project.images))
    for number in range(6):
        accept_the_image_in_view(person)
        if number < 5:
            walk_on(person)
    assert len(workspace.project.image_ids_with_labels()) == 6


def accept_the_image_in_view(person: Person) -> None:
    image_id, workspace = person.page.image_id, person.window.workspace
    assert image_id is not None
    assert workspace is not None
    person.wait(person.sees_picture)
    person.press(Qt.Key.Key_Return)
    assert workspace.project.label_map(image_id).touched
    assert person.undo_text() == f"Undo Accept, '{workspace.project.image(image_id).path}'"


def walk_on(person: Person) -> None:
    """The next image that nothing was accepted on, by key."""
    seen: set[ImageId | None] = {person.page.image_id}
    person.press(Qt.Key.Key_D)
    person.wait(lambda: person.page.image_id not in seen and person.sees_picture())


def disc_mask(k: int) -> np.ndarray:
    rows, columns = np.mgrid[:96, :128]
    return ((columns - 30 - 12 * k) ** 2 + (rows - 40 - 4 * k) ** 2 < 20**2).astype(np.uint8)


def test_a_folder_is_drawn_on_accepted_exported_and_proven(person: Person, tmp_path: Path) -> None:
    person.window.actions_["window.palette"].trigger()  # the palette is where a stranger starts
    person.press(Qt.Key.Key_Escape)
    label_everything(person)
    person.press(Qt.Key.Key_E, CONTROL)
    person.wait(lambda: shown_form() is not None)
    form = shown_form()
    assert form is not None
    out = tmp_path / "out"
    person.qtbot.mouseClick(form.ask.folder, LEFT)
    person.press(Qt.Key.Key_A, CONTROL)
    person.type(str(out))
    person.wait(form.start.isEnabled)
    person.qtbot.mouseClick(form.start, LEFT)
    person.wait(lambda: not form.running and (out / "report.json").is_file())
    check_dataset(out)


def shown_form() -> ExportForm | None:
    forms = (w for w in QApplication.allWidgets() if isinstance(w, ExportForm) and w.isVisible())
    return next(forms, None)


def check_dataset(out: Path) -> None:
    """The report says so, and pycocotools reads back what was drawn."""
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["validation"]["passed"] is True
    coco = COCO(out / "annotations" / "instances_all.json")
    assert len(coco.imgs) == 6
    assert [category["name"] for category in coco.dataset["categories"]] == ["disc"]
    for image in coco.imgs.values():
        number = int(Path(image["file_name"]).stem.split("_")[-1])
        (annotation,) = coco.loadAnns(coco.getAnnIds(image["id"]))
        found, wanted = coco.annToMask(annotation).astype(bool), disc_mask(number).astype(bool)
        assert (found & wanted).sum() / (found | wanted).sum() > 0.8


def test_undo_and_redo_go_on_by_name_after_the_window_was_closed(
    person: Person, qapp: QApplication
) -> None:
    label_everything(person)
    full, last = person.labels(), person.undo_text()
    person.press(Qt.Key.Key_Z, CONTROL)
    person.press(Qt.Key.Key_Z, CONTROL)
    less, before = person.labels(), person.undo_text()
    redo = person.window.actions_["edit.redo"].text()
    assert before.startswith("Undo Accept, ")
    assert redo.startswith("Redo Accept, ")
    assert before != last
    again = restarted(person, qapp)
    again.open_folder()
    assert again.undo_text() == before
    assert again.window.actions_["edit.redo"].text() == redo
    assert again.labels() == less
    again.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    again.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert again.undo_text() == last
    assert again.labels() == full
    assert again.window.actions_["edit.redo"].text() == "Redo"
    while again.undo_text() != "Undo":
        again.press(Qt.Key.Key_Z, CONTROL)
    assert again.window.workspace is not None
    assert not again.window.workspace.project.images, "even the adding of the images is undone"
    again.window.close()
    again.window.deleteLater()
