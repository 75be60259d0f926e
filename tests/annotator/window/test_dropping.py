"""Dropping: a whole window takes files and folders, says so quietly, and takes nothing else."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from annotator.window.dropping import DropZone, accept_drops, dropped_paths
from annotator.window.welcome import WelcomePage

COPY, LEFT, NONE = (
    Qt.DropAction.CopyAction,
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def heard() -> list[tuple[Path, ...]]:
    return []


@pytest.fixture
def zone(qtbot: QtBot, heard: list[tuple[Path, ...]]) -> DropZone:
    window = QWidget()
    window.resize(400, 300)
    QVBoxLayout(window).addWidget(QLabel("inside"))
    qtbot.addWidget(window)
    made = accept_drops(window, heard.append, text=lambda: "Drop to add")
    window.show()
    return made


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def enter(widget: QWidget, data: QMimeData) -> bool:
    event = QDragEnterEvent(QPoint(5, 5), COPY, data, LEFT, NONE)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def drop(widget: QWidget, data: QMimeData) -> None:
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), COPY, data, LEFT, NONE))


def test_a_hovering_folder_is_answered_and_a_drop_is_told_once(
    zone: DropZone, heard: list[tuple[Path, ...]], tmp_path: Path
) -> None:
    window = zone.parent()
    assert isinstance(window, QWidget)
    data = files(tmp_path, tmp_path / "a.png", tmp_path)
    assert enter(window, data)
    assert zone.veil.isVisible()
    assert zone.veil.geometry() == window.rect()
    assert zone.veil.words.text() == "Drop to add"
    assert not zone.veil.grab().isNull()
    drop(window, data)
    assert zone.veil.isHidden()
    assert heard == [(tmp_path, tmp_path / "a.png")]


def test_what_hovers_over_a_child_reaches_the_window(zone: DropZone, tmp_path: Path) -> None:
    window = zone.parent()
    assert isinstance(window, QWidget)
    child = window.findChild(QLabel)
    data = files(tmp_path)
    event = QDragEnterEvent(QPoint(5, 5), COPY, data, LEFT, NONE)
    QApplication.sendEvent(child, event)
    assert zone.veil.isVisible()


def test_leaving_takes_the_words_away(
    zone: DropZone, heard: list[tuple[Path, ...]], tmp_path: Path
) -> None:
    window = zone.parent()
    assert isinstance(window, QWidget)
    data = files(tmp_path)
    enter(window, data)
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert zone.veil.isHidden()
    assert heard == []


def test_text_and_web_addresses_are_not_taken(
    zone: DropZone, heard: list[tuple[Path, ...]]
) -> None:
    window = zone.parent()
    assert isinstance(window, QWidget)
    words, web = QMimeData(), QMimeData()
    words.setText("hello")
    web.setUrls([QUrl("https://example.org/a.png")])
    assert not enter(window, words)
    assert not enter(window, web)
    assert zone.veil.isHidden()
    assert dropped_paths(web) == ()
    assert heard == []


def test_what_falls_onto_the_first_page_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    page = WelcomePage()
    qtbot.addWidget(page)
    page.show()
    data = files(tmp_path)
    data.setUrls([*data.urls(), QUrl("https://example.org/a.png")])
    assert enter(page, data)
    with qtbot.waitSignal(page.dropped) as fell:
        drop(page, data)
    assert [Path(p) for p in fell.args[0]] == [tmp_path]
