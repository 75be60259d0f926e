"""Actions: one table, keys that a person may change, conflicts found before they hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QListWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from annotator.look.icons import icon_names
from annotator.window.action_table import ROWS, ActionRow, Scope, Trigger
from annotator.window.actions import (
    ActionSet,
    Conflict,
    conflicts,
    normal_key,
    shown_key,
    sparse,
)
from annotator.window.fuzzy import match, ranked

BRUSH = ActionRow("brush", "Brush", "Tools", ("B",))
SAVE = ActionRow("save", "Save", "File", ("Ctrl+S",), scope=Scope.EVERYWHERE)
LIST = ActionRow("list", "List", "List", ("B",), scope=Scope.CLASSES)
HOLD = ActionRow("hold", "Hold", "Tools", ("Space",), trigger=Trigger.HOLD)


def test_the_table_has_no_conflict_and_no_id_twice() -> None:
    assert conflicts(ROWS, {}) == ()
    assert len({row.action_id for row in ROWS}) == len(ROWS)


def test_every_row_names_an_icon_that_is_there_and_a_key_that_qt_knows() -> None:
    assert {row.icon for row in ROWS if row.icon} <= icon_names()
    for row in ROWS:
        assert all(normal_key(key) for key in row.keys), row
        assert "Unknown" not in "".join(map(normal_key, row.keys))


def test_the_keys_of_the_suggested_set_are_there() -> None:
    keys = {key: row.action_id for row in ROWS for key in row.keys}
    wanted = {
        "A": "image.previous", "D": "image.next", "S": "tool.scribble", "B": "tool.brush",
        "E": "tool.eraser", "R": "tool.box", "P": "tool.polygon", "F": "tool.fill",
        "I": "tool.pick", "[": "tool.smaller", "]": "tool.larger", "Alt": "tool.hold_erase",
        "Space": "view.hold_pan", "X": "class.swap", "L": "answer.live", "1": "class.choose_1",
        "9": "class.choose_9", "U": "view.uncertainty", "O": "view.overlay",
        "Return": "answer.accept", "Esc": "answer.reject", "N": "image.next_useful",
        "Ctrl+Z": "edit.undo", "Ctrl+Shift+Z": "edit.redo", "Ctrl+Y": "edit.redo",
        "Ctrl+K": "window.palette", "F1": "window.shortcuts", "G": "gallery.expand",
        "Ctrl+O": "project.open", "Ctrl+E": "project.export", "Shift+Wheel": "tool.size_wheel",
    }  # fmt: skip
    assert {key: keys.get(key) for key in wanted} == wanted


def test_one_key_may_mean_two_things_only_in_two_places() -> None:
    rows = (BRUSH, SAVE, LIST)
    assert conflicts(rows, {}) == ()
    assert conflicts(rows, {"save": ("b",)}) == (
        Conflict("B", "brush", "save"),
        Conflict("B", "save", "list"),
    )


def test_a_held_key_counts_and_cannot_be_changed() -> None:
    assert conflicts((BRUSH, HOLD), {"brush": ("Space",)}) == (Conflict("Space", "brush", "hold"),)
    assert sparse((HOLD,), {"hold": ("Z",)}) == {}


def test_only_differences_are_kept() -> None:
    stored = {"brush": ("B",), "save": (), "of another version": ("Z",)}
    assert sparse((BRUSH, SAVE), stored) == {"save": ()}


@given(st.sampled_from(["ctrl+shift+z", "Shift+Ctrl+Z", "Ctrl+Shift+Z", "CTRL+SHIFT+z"]))
def test_a_key_has_one_spelling(key: str) -> None:
    assert normal_key(key) == "Ctrl+Shift+Z"
    assert shown_key("Return") == "Enter"


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    QVBoxLayout(window).addWidget(QListWidget())
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.setFocus()
    return window


def test_a_key_does_what_its_row_says_and_another_key_after_it_was_changed(
    window: QWidget, qtbot: QtBot
) -> None:
    actions = ActionSet(window)
    heard: list[str] = []
    actions.triggered.connect(heard.append)
    qtbot.keyClick(window, Qt.Key.Key_B)
    actions.rebind("tool.brush", ("Z",))
    qtbot.keyClick(window, Qt.Key.Key_B)
    qtbot.keyClick(window, Qt.Key.Key_Z)
    assert heard == ["tool.brush", "tool.brush"]
    assert dict(actions.overrides) == {"tool.brush": ("Z",)}
    actions.reset()
    assert actions["tool.brush"].shortcut() == QKeySequence("B")
    assert not actions.overrides


def test_keys_of_a_scope_are_heard_only_in_it(window: QWidget, qtbot: QtBot) -> None:
    place = window.findChild(QListWidget)
    actions = ActionSet(window, scopes={Scope.CLASSES: place})
    heard: list[str] = []
    actions.triggered.connect(heard.append)
    qtbot.keyClick(window, Qt.Key.Key_F2)
    assert heard == []
    place.setFocus()
    qtbot.keyClick(place, Qt.Key.Key_F2)
    assert heard == ["class.rename"]


def test_undo_says_what_it_undoes(window: QWidget) -> None:
    actions = ActionSet(window)
    actions.rename("edit.undo", "Undo stroke, 'door'")
    assert actions["edit.undo"].toolTip().startswith("Undo stroke, 'door'  (Ctrl+Z)")


def test_letters_match_in_order_and_word_starts_win() -> None:
    titles = ["Reset expert", "Export dataset", "Extra port"]
    found = ranked("expo", titles, str)
    assert [title for title, _ in found] == ["Export dataset", "Extra port"]
    assert match("xyz", "Export dataset") is None
    best = match("ed", "Export dataset")
    assert best is not None
    assert best.places == (0, 7)


@given(st.text(max_size=6), st.text(max_size=24))
def test_a_match_names_the_letters_that_were_typed(typed: str, text: str) -> None:
    found = match(typed, text)
    if found is not None:
        wanted = [c for c in typed.casefold() if not c.isspace()]
        assert [text[k].casefold() for k in found.places] == wanted
        assert list(found.places) == sorted(set(found.places))


def test_kept_keys_are_taken_up_and_told_only_where_they_differ(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = ActionSet(window)
    told: list[int] = []
    actions.keys_changed.connect(lambda: told.append(1))
    kept = {"tool.brush": ("Q",), "no.such": ("Z",), "view.hold_pan": ("Y",)}
    actions.apply(kept)
    actions.apply(kept)
    assert dict(actions.overrides) == {"tool.brush": ("Q",)}
    assert actions["tool.brush"].shortcut() == QKeySequence("Q")
    assert told == [1]
