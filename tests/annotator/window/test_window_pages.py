"""Pages around the canvas: palette, keys, welcome, messages; all of them by keyboard."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from annotator.look.pieces import EmptyState, Icon, icon_button, push_button, row, words
from annotator.window.actions import ActionSet
from annotator.window.command_palette import CommandPalette
from annotator.window.feedback import Message, MessageLine, StatusLine, Tone
from annotator.window.shortcuts_page import ShortcutsPage
from annotator.window.welcome import WelcomePage


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    window.resize(1024, 700)
    layout = QVBoxLayout(window)
    layout.addWidget(QLineEdit())
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    return window


def nameless(root: QWidget) -> list[str]:
    """Widgets that take the focus and say nothing to a screen reader."""
    silent = []
    for widget in root.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or isinstance(widget, QLabel):
            continue
        said = widget.accessibleName() or (
            widget.text() if isinstance(widget, QAbstractButton) else ""
        )
        inside = isinstance(widget.parent(), QAbstractItemView | QLineEdit)
        if not said and not inside:
            silent.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return silent


def test_everything_that_takes_the_focus_has_a_name(window: QWidget, qtbot: QtBot) -> None:
    actions = ActionSet(window)
    welcome = WelcomePage()
    welcome.show_recent([Path("a/b"), Path("c/d")])
    for page in (CommandPalette(window, actions), ShortcutsPage(actions), welcome, StatusLine()):
        qtbot.addWidget(page)
        assert nameless(page) == []


def test_a_few_letters_and_enter_do_an_action(window: QWidget, qtbot: QtBot) -> None:
    actions = ActionSet(window)
    heard: list[str] = []
    actions.triggered.connect(heard.append)
    palette = CommandPalette(window, actions)
    field = window.findChild(QLineEdit)
    field.setFocus()
    palette.open()
    qtbot.keyClicks(palette.text, "undo")
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert heard == ["edit.undo"]
    assert palette.isHidden()
    assert window.focusWidget() is field


def test_the_palette_is_walked_with_arrows_and_left_with_escape(
    window: QWidget, qtbot: QtBot
) -> None:
    actions = ActionSet(window)
    heard: list[str] = []
    actions.triggered.connect(heard.append)
    palette = CommandPalette(window, actions)
    palette.open()
    assert palette.model.rowCount() > 50
    qtbot.keyClick(palette.text, Qt.Key.Key_Up)
    assert palette.view.currentIndex().row() == palette.model.rowCount() - 1
    qtbot.keyClick(palette.text, Qt.Key.Key_Down)
    assert palette.view.currentIndex().row() == 0
    qtbot.keyClicks(palette.text, "qqqq")
    assert palette.model.rowCount() == 0
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    qtbot.keyClick(palette.text, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert heard == []


def test_what_cannot_be_done_now_is_not_offered(window: QWidget) -> None:
    actions = ActionSet(window)
    actions["edit.redo"].setEnabled(False)
    palette = CommandPalette(window, actions)
    palette.open()
    assert "edit.redo" not in {entry.action_id for entry in palette.model.entries}


def test_the_palette_paints_in_any_window(window: QWidget) -> None:
    palette = CommandPalette(window, ActionSet(window))
    palette.open()
    for size in ((300, 200), (1024, 700)):
        window.resize(*size)
        assert not palette.grab().isNull()
        assert palette.geometry().right() <= window.width()


def test_a_pressed_key_becomes_the_key_and_its_clash_is_shown_in_place(
    window: QWidget, qtbot: QtBot
) -> None:
    actions = ActionSet(window)
    page = ShortcutsPage(actions)
    window.layout().addWidget(page)
    line = page.lines["tool.brush"]
    line.button.click()
    assert line.button.listening
    qtbot.keyClick(line.button, Qt.Key.Key_S)
    assert actions.keys("tool.brush") == ("S",)
    assert line.clash.text() == "also: Scribble"
    assert page.lines["tool.scribble"].clash.text() == "also: Brush"
    line.reset.click()
    assert actions.keys("tool.brush") == ("B",)
    assert line.clash.isHidden()


def test_escape_changes_no_key_and_backspace_takes_it_away(window: QWidget, qtbot: QtBot) -> None:
    actions = ActionSet(window)
    page = ShortcutsPage(actions)
    window.layout().addWidget(page)
    button = page.lines["tool.brush"].button
    button.click()
    qtbot.keyClick(button, Qt.Key.Key_Escape)
    assert actions.keys("tool.brush") == ("B",)
    button.click()
    qtbot.keyClick(button, Qt.Key.Key_Backspace)
    assert actions.keys("tool.brush") == ()
    page.reset_all.click()
    assert actions.keys("tool.brush") == ("B",)


def test_a_clash_is_told_at_the_top_and_what_is_to_be_kept_is_sent(
    window: QWidget, qtbot: QtBot
) -> None:
    actions = ActionSet(window)
    page = ShortcutsPage(actions)
    window.layout().addWidget(page)
    assert page.warning.isHidden()
    with qtbot.waitSignal(page.changed) as sent:
        actions.rebind("tool.brush", ("S",))
    assert sent.args == [{"tool.brush": ("S",)}]
    assert not page.warning.isHidden()
    assert page.warning.text().endswith("they do nothing: S.")
    with qtbot.waitSignal(page.changed) as sent:
        page.reset_all.click()
    assert sent.args == [{}]
    assert page.warning.isHidden()


def test_held_keys_and_the_wheel_are_listed_but_fixed(window: QWidget) -> None:
    page = ShortcutsPage(ActionSet(window))
    window.layout().addWidget(page)
    for action_id, key in (("view.hold_pan", "Space"), ("tool.size_wheel", "Shift+Wheel")):
        line = page.lines[action_id]
        assert line.button.isHidden()
        assert not line.fixed.isHidden()
        assert line.fixed.text() == key
    page.search.setText("shift+wheel")
    assert not page.lines["tool.size_wheel"].isHidden()
    assert page.lines["view.hold_pan"].isHidden()


def test_keys_are_found_by_name_and_by_key(window: QWidget) -> None:
    page = ShortcutsPage(ActionSet(window))
    window.layout().addWidget(page)

    def shown() -> set[str]:
        return {name for name, line in page.lines.items() if not line.isHidden()}

    page.search.setText("uncert")
    assert shown() == {"view.uncertainty"}
    page.search.setText("ctrl+k")
    assert "window.palette" in shown()
    page.search.clear()
    assert len(shown()) == len(page.lines)
    page.deleteLater()


def test_the_first_page_asks_for_what_was_pressed(qtbot: QtBot) -> None:
    page = WelcomePage()
    qtbot.addWidget(page)
    page.show_recent([Path("photos") / "cars"])
    page.show()
    with qtbot.waitSignal(page.open_wished):
        qtbot.keyClick(page.open_button, Qt.Key.Key_Space)
    with qtbot.waitSignal(page.demo_wished):
        page.demo_button.click()
    recent = page.recent.rows[0].button
    assert "cars" in recent.accessibleName()
    with qtbot.waitSignal(page.tour_wished):
        page.tour_button.click()
    with qtbot.waitSignal(page.project_wished) as asked:
        recent.click()
    assert asked.args == [str(Path("photos") / "cars")]


def test_bad_news_stay_until_something_is_done_about_them(qtbot: QtBot) -> None:
    line = MessageLine()
    qtbot.addWidget(line)
    done: list[int] = []
    line.say(Message("The disk is full.", Tone.BAD, "Try again", lambda: done.append(1)))
    assert line.text == "The disk is full."
    assert not Message("x", Tone.BAD).passes
    assert Message("x", Tone.GOOD).passes
    next(b for b in line.findChildren(QPushButton) if b.text() == "Try again").click()
    assert (done, line.text) == ([1], "")


def test_the_foot_keeps_its_places_when_numbers_grow(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.resize(1024, 28)
    line.show()
    line.show_engine("Engine ready · CPU · 9 ms", Tone.GOOD)
    line.show_job("Answered 1 of 412", 0.01)
    before = [w.geometry().left() for w in line.findChildren(QLabel)]
    line.show_engine("Engine ready · CPU · 124 ms", Tone.GOOD)
    line.show_job("Answered 400 of 412", 0.97)
    line.grab()
    assert [w.geometry().left() for w in line.findChildren(QLabel)] == before
    assert line.minimumSizeHint().width() <= 1024
    with qtbot.waitSignal(line.cancel_wished):
        next(b for b in line.findChildren(QAbstractButton) if b.toolTip()).click()


def test_pieces_show_file_names_as_they_are_and_do_what_they_say(qtbot: QtBot) -> None:
    pressed: list[str] = []
    holder = QWidget()
    qtbot.addWidget(holder)
    button = icon_button("add", "Add class", lambda: pressed.append("icon"))
    empty = EmptyState("project", "Nothing yet", "Open a folder.")
    empty.add_button(push_button("Open", lambda: pressed.append("word")))
    layout = QVBoxLayout(holder)
    layout.addLayout(row(button, words("<b>a</b>.png"), Icon("eye"), 1))
    layout.addWidget(empty)
    assert not holder.grab().isNull()
    button.click()
    empty.findChild(QPushButton).click()
    assert pressed == ["icon", "word"]
    assert words("<b>a</b>.png").textFormat() == Qt.TextFormat.PlainText
    assert nameless(holder) == []


def test_the_shell_of_the_window_comes_up_without_torch() -> None:
    parts = "window.actions, window.welcome, window.shortcuts_page, window.command_palette"
    modules = [f"annotator.{part.strip()}" for part in parts.split(",")]
    modules += ["annotator.panels.gallery", "annotator.panels.classes", "annotator.settings"]
    program = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
