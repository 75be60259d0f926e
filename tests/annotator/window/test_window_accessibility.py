"""Everything by keyboard and by name: Tab goes everywhere in reading order, nothing is nameless."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from annotator.app import Application
from annotator.crash_watch import CrashWatch
from annotator.document.annotations import Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, add_class
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace
from annotator.log_file import start_logging
from annotator.window.action_table import ROWS, Trigger
from annotator.window.main_window import MainWindow
from annotator.window.pages import Place

WAIT_MS = 30_000
LATER = {"page.generator"}  # rows of a page that is still to come
PAGES = [place for place in Place if place is not Place.WELCOME]


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The whole application on a small project with marks; its engine is never started."""
    monkeypatch.setenv("ANNOTATOR_SETTINGS", str(tmp_path / "settings.json"))
    monkeypatch.setenv("ANNOTATOR_LOGS", str(tmp_path / "logs"))
    log = start_logging()
    application = Application(qapp, log, CrashWatch(log))
    window = application.window
    window.resize(1200, 800)
    window.show()
    window.show_workspace(small_project(tmp_path))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: window.page is not None and window.page.canvas.viewport is not None, timeout=WAIT_MS
    )
    yield window
    window.close()
    window.deleteLater()
    log.close()


def small_project(folder: Path) -> Workspace:
    pictures = folder / "pictures"
    pictures.mkdir()
    for k in range(4):
        pixels = np.random.default_rng(k).integers(0, 255, (48, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(pictures / f"{k}.png")
    workspace = Workspace.create(folder / "project", pictures)
    add_folder(workspace)
    for name in ("disc", "ring"):
        workspace.do(f"Add class, '{name}'", [add_class(workspace.project, name)])
    for image_id in list(workspace.project.images)[:2]:
        for target in (ClassId(1), BACKGROUND):
            track = ((10.0, 10.0 + 5 * target), (30.0, 12.0 + 5 * target))
            stroke = Stroke(workspace.project.next_cue_id(), target, track, 3.0)
            workspace.do("Stroke, 'disc'", [AddCue(image_id, stroke)])
    return workspace


def takes_tab(widget: QWidget) -> bool:
    """Whether Tab should stop at a widget that is on screen now."""
    if not (widget.isVisible() and widget.isEnabled()):
        return False
    if isinstance(widget, QScrollBar) or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return False
    if widget.focusProxy() is not None or isinstance(widget.parent(), QAbstractSpinBox | QComboBox):
        return False
    return not isinstance(widget.parent(), QAbstractItemView) and not left_to_arrows(widget)


def left_to_arrows(widget: QWidget) -> bool:
    """Of buttons of which exactly one is down, Tab stops at that one; arrows lead to the others."""
    if not isinstance(widget, QAbstractButton) or widget.isChecked() or not widget.isCheckable():
        return False
    group = widget.group()
    return widget.autoExclusive() if group is None else group.exclusive()


def stops(root: QWidget) -> list[QWidget]:
    return [widget for widget in root.findChildren(QWidget) if takes_tab(widget)]


def tabbed_through(window: QWidget, count: int) -> list[QWidget]:
    """Where Tab leads from the first stop of a window, until it comes round."""
    chain: list[QWidget] = []
    widget = window.nextInFocusChain()
    for _ in range(20 * count + 2000):
        if widget is window:
            break
        if takes_tab(widget) and widget not in chain:
            chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def said(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text


def described(widget: QWidget) -> str:
    path, one = [], widget
    while one is not None and len(path) < 4:
        path.append(f"{type(one).__name__} {one.accessibleName()!r}")
        one = one.parentWidget()
    return " in ".join(path)


def nameless(root: QWidget) -> list[str]:
    """Widgets that take the keyboard and say nothing to a screen reader, seen or not."""
    silent = []
    for widget in root.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or isinstance(widget, QLabel | QMenu):
            continue
        if widget.focusProxy() is not None or is_part(widget) or said(widget):
            continue
        if not (isinstance(widget, QAbstractButton) and not widget.isVisibleTo(widget.window())):
            silent.append(described(widget))
    return silent


def is_part(widget: QWidget) -> bool:
    """Whether it is a piece that Qt makes a control of, which has a name itself."""
    whole = QAbstractItemView | QAbstractSpinBox | QComboBox | QLineEdit
    parent = widget.parentWidget()
    return isinstance(parent, whole) or isinstance(parent and parent.parentWidget(), QComboBox)


def out_of_order(chain: list[QWidget]) -> list[str]:
    """Neighbours in the chain, of one parent, of which the later is to be read first."""
    found = []
    for first, then in itertools.pairwise(chain):
        if first.parent() is not then.parent():
            continue
        one, other = _place(first), _place(then)
        above = other.bottom() < one.top()
        left_of = other.right() < one.left() and not (
            other.top() > one.bottom() or other.bottom() < one.top()
        )
        if above or left_of:
            found.append(f"{described(then)} comes after {described(first)}")
    return found


def _place(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def shown(window: MainWindow, place: Place, qtbot: QtBot) -> None:
    window.go(place)
    assert window.place is place
    qtbot.wait(50)


def test_every_control_of_every_page_has_a_name(window: MainWindow, qtbot: QtBot) -> None:
    for place in PAGES:
        shown(window, place, qtbot)
    window.actions_["window.tour"].trigger()
    window.actions_["window.palette"].trigger()
    assert nameless(window) == []


def test_every_control_of_the_welcome_page_has_a_name(window: MainWindow, qtbot: QtBot) -> None:
    window.welcome.show_recent([Path("a/b"), Path("c/d")])
    window.close_project()
    assert nameless(window) == []


@pytest.mark.parametrize("place", PAGES)
def test_tab_reaches_every_control_in_reading_order(
    window: MainWindow, qtbot: QtBot, place: Place
) -> None:
    shown(window, place, qtbot)
    wanted = stops(window)
    chain = tabbed_through(window, len(wanted))
    missed = [described(widget) for widget in wanted if widget not in chain]
    assert missed == []
    assert out_of_order(chain) == []


@pytest.mark.parametrize("place", PAGES)
def test_tab_pressed_again_and_again_comes_round(
    window: MainWindow, qtbot: QtBot, place: Place
) -> None:
    shown(window, place, qtbot)
    wanted = stops(window)
    wanted[0].setFocus()
    seen: list[QWidget | None] = []
    for _ in range(3 * len(wanted) + 10):
        window.focusNextChild()
        if window.focusWidget() in seen:
            break
        seen.append(window.focusWidget())
    missed = [described(widget) for widget in wanted if widget not in seen]
    assert missed == [], "the keyboard is caught before it comes there"


def test_a_button_without_the_keyboard_does_nothing_that_a_key_or_the_palette_cannot(
    window: MainWindow, qtbot: QtBot
) -> None:
    for place in PAGES:
        shown(window, place, qtbot)
        mute = [
            described(button)
            for button in window.findChildren(QAbstractButton)
            if button.isVisible() and button.focusPolicy() == Qt.FocusPolicy.NoFocus
            and not isinstance(button.parent(), QLineEdit | QAbstractItemView)
        ]  # fmt: skip
        assert mute == [], place


def test_every_action_is_done_by_the_palette_or_has_a_key(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["window.palette"].trigger()
    palette = window.palette_
    offered = {entry.action_id for entry in palette.model.entries}
    unreachable = [
        row.action_id
        for row in ROWS
        if row.action_id not in LATER | {"window.palette"}
        and not (row.action_id in offered if row.trigger is Trigger.PRESS else row.keys)
    ]
    assert unreachable == []
    assert window.actions_.conflicts() == ()


def test_each_action_is_found_by_the_words_of_its_title(window: MainWindow) -> None:
    window.actions_["window.palette"].trigger()
    palette = window.palette_
    for entry in palette.model.entries:
        palette.text.setText(entry.title)
        assert entry.action_id in {found.action_id for found in palette.model.entries[:5]}
