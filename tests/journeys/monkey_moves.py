"""The monkey: seeded moves on a window, any of which a person could make, in any order."""

import random
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QWidget,
)
from shiboken6 import isValid
from window_hands import LEFT, NO_KEYS, RIGHT, Hand, Place, let_events_pass, press_key, type_text

from annotator.document.classes import PALETTE, ClassId
from annotator.window.action_table import Trigger
from annotator.window.label_page import LabelPage
from annotator.window.main_window import MainWindow

KEPT_MOVES = 40
TOOL_KEYS = "SBERPFIQW"
NAMES = ("door", "  window ", "ä" * 60, "", "<b>bold</b>", "a&b", "roof", "🙂", "door")
BUTTONS = (LEFT, LEFT, LEFT, LEFT, RIGHT, Qt.MouseButton.MiddleButton)
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
HELD = (NO_KEYS, NO_KEYS, NO_KEYS, NO_KEYS, ALT, SHIFT, CONTROL)
PLAIN_KEYS = (
    Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_Delete,
    Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left,
    Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageDown, Qt.Key.Key_H,
)  # fmt: skip


class Monkey:
    """Makes one move after the other; the moves of a step depend on the seed and its number only.

    ``reopen`` closes the project and opens it again.
    """

    def __init__(self, window: MainWindow, seed: int, reopen: Callable[[], None]) -> None:
        self.window, self.seed = window, seed
        self.made: deque[str] = deque(maxlen=KEPT_MOVES)
        self._reopen = reopen
        self._r = random.Random(seed)
        self._moves: list[tuple[int, Callable[[], str]]] = [
            (26, self._draw), (8, self._click), (6, self._draw_disturbed), (4, self._turn_wheel),
            (12, self._press_any_key), (14, self._do_any_action), (6, self._walk_history),
            (8, self._take_tool), (6, self._choose_class), (8, self._change_classes),
            (6, self._walk_images), (3, self._filter_images), (6, self._answer),
            (6, self._poke_anything), (2, self._search_actions), (1, self._resize),
            (1, self._leave_canvas), (1, self._close_and_open),
        ]  # fmt: skip

    def step(self, number: int) -> None:
        """One move, then whatever it opened is dealt with."""
        self._r = random.Random(self.seed * 1_000_003 + number)
        weights = [weight for weight, _ in self._moves]
        _, move = self._r.choices(self._moves, weights)[0]
        if self.window.workspace is None:
            move = self._close_and_open
        elif self._page() is None and self._r.random() < 0.3:
            move = self._go_back_to_drawing
        self.made.append(f"{number}: {move.__name__.strip('_')}")
        if QApplication.activeWindow() is None:
            self.window.activateWindow()
        self.made.append(f"{number}: {move()}")
        if self._r.random() < 0.7:
            let_events_pass()
        self.settle_popups()

    def settle_popups(self) -> None:
        """Choose from what popped up, or send it away."""
        for _ in range(6):
            popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
            if isinstance(popup, QMenu):
                self._choose_from(popup)
            elif popup is not None:
                popup.close()
            elif isinstance(modal, QDialog):
                self._fiddle_with(modal)
            else:
                return
            let_events_pass()

    # -- on the canvas ---------------------------------------------------------------------------

    def _page(self) -> LabelPage | None:
        page = self.window.page
        return page if page is not None and page.canvas.isVisible() else None

    def _hand(self) -> Hand | None:
        page = self._page()
        if page is None or QApplication.activeModalWidget() is not None:
            return None
        return Hand(page.canvas, self._r.choice(BUTTONS), self._r.choice(HELD))

    def _place(self) -> Place:
        """Mostly on the picture of 64 x 48, sometimes beside it."""
        return self._r.uniform(-6, 70), self._r.uniform(-6, 54)

    def _track(self) -> list[Place]:
        x, y = self._place()
        count = self._r.randint(1, 6)
        return [(x, y)] + [
            (x + self._r.uniform(-20, 20), y + self._r.uniform(-15, 15)) for _ in range(count)
        ]

    def _draw(self) -> str:
        hand, track = self._hand(), self._track()
        if hand is None:
            return "no canvas"
        hand.drag(track)
        return f"{hand.canvas.tool.name} {hand.button.name} {hand.keys} {_said(track)}"

    def _click(self) -> str:
        hand, place = self._hand(), self._place()
        if hand is None:
            return "no canvas"
        twice = self._r.random() < 0.3
        hand.click(place)
        if twice:
            hand.press(place, twice=True)
            hand.release(place)
        return f"{hand.canvas.tool.name} {hand.button.name} {_said([place])} {twice=}"

    def _draw_disturbed(self) -> str:
        """A gesture with something else in its midst; its button goes up in the end."""
        hand, track = self._hand(), self._track()
        if hand is None:
            return "no canvas"
        hand.press(track[0])
        hand.move(track[-1])
        others = (
            self._press_any_key, self._do_any_action, self._walk_history, self._take_tool,
            self._walk_images, self._answer, self._choose_class, self._leave_canvas,
            self._change_classes, self._turn_wheel, self._draw,
        )  # fmt: skip
        other = self._r.choice(others)
        told = f"{_said(track)} with {other.__name__.strip('_')}"
        self.made.append(told)
        what = other()
        let_events_pass()
        if self._page() is not None and hand.canvas is self._page().canvas:  # type: ignore[union-attr]
            hand.move(track[0])
            hand.release(track[-1])
        return f"{told}: {what}"

    def _turn_wheel(self) -> str:
        hand = self._hand()
        if hand is None:
            return "no canvas"
        notches = self._r.choice((-3, -1, 1, 3))
        hand.turn(self._place(), notches)
        return f"{hand.keys} {notches}"

    def _leave_canvas(self) -> str:
        page = self._page()
        if page is None:
            return "no canvas"
        event = self._r.choice((QEvent.Type.Leave, QEvent.Type.FocusOut))
        QApplication.sendEvent(
            page.canvas, QFocusEvent(event) if event is QEvent.Type.FocusOut else QEvent(event)
        )
        return event.name

    def _go_back_to_drawing(self) -> str:
        for action_id in ("page.label", "gallery.expand"):
            if self._page() is None:
                self._trigger(self.window.actions_[action_id])
        return "back" if self._page() is not None else "elsewhere still"

    # -- keys and actions ------------------------------------------------------------------------

    def _press_any_key(self) -> str:
        page = self._page()
        if page is not None and self._r.random() < 0.7:
            page.canvas.setFocus()
        key = self._r.choice(PLAIN_KEYS)
        held = self._r.choice((NO_KEYS, NO_KEYS, NO_KEYS, SHIFT, CONTROL))
        if self._r.random() < 0.4:
            key, held = Qt.Key(ord(self._r.choice("ABCDEFGIKMNOPQRSTUVXZ0123456789"))), NO_KEYS
        press_key(self.window, key, held)
        return f"{key.name} {held}"

    def _do_any_action(self) -> str:
        rows = [row for row in self.window.actions_.rows if row.trigger is Trigger.PRESS]
        row = self._r.choice(rows)
        self._trigger(self.window.actions_[row.action_id])
        return row.action_id

    def _search_actions(self) -> str:
        typed = self._r.choice(("undo", "zoom", "acc", "over", "class", "dark", "light", "next"))
        self._trigger(self.window.actions_["window.palette"])
        type_text(self.window, typed)
        leave = self._r.random() < 0.3
        press_key(self.window, Qt.Key.Key_Escape if leave else Qt.Key.Key_Return)
        return f"{typed} {leave=}"

    def _take_tool(self) -> str:
        page = self._page()
        if page is None:
            return "no canvas"
        page.canvas.setFocus()
        key = self._r.choice(TOOL_KEYS)
        press_key(self.window, Qt.Key(ord(key)))
        return key

    def _walk_history(self) -> str:
        count, back = self._r.randint(1, 6), self._r.random() < 0.55
        for _ in range(count):
            self._trigger(self.window.actions_["edit.undo" if back else "edit.redo"])
        if back and self._r.random() < 0.8:  # mostly forward again, or little would ever stand
            for _ in range(count):
                self._trigger(self.window.actions_["edit.redo"])
        return f"{count} {back=}"

    # -- classes, images, answers ----------------------------------------------------------------

    def _choose_class(self) -> str:
        page = self._page()
        if page is None:
            return "no canvas"
        page.canvas.setFocus()
        place = self._r.randint(0, 9)
        press_key(self.window, Qt.Key(ord(str(place))))
        return str(place)

    def _change_classes(self) -> str:
        page, workspace = self._page(), self.window.workspace
        if page is None or workspace is None:
            return "no canvas"
        panel, live = page.classes, list(workspace.project.classes.ids())
        some = self._r.choice(live) if live else ClassId(0)
        other = self._r.choice(live) if live else ClassId(0)
        name, colour = self._r.choice(NAMES), self._r.choice(PALETTE)
        act = self._r.choice(
            ("add", "add", "rename", "recolour", "merge", "remove", "move", "hide", "lock", "menu")
        )
        if act == "add" and len(live) < 12:
            panel.add()
            type_text(self.window, name)
            press_key(self.window, self._r.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape)))
        elif not live:
            return f"{act}: no class"
        elif act == "rename":
            panel.choose(some)
            panel.start_renaming()
            type_text(self.window, name)
            press_key(self.window, Qt.Key.Key_Return)
        elif act == "recolour":
            panel.recolour(some, colour)
        elif act == "merge":
            panel.merge(some, other)
        elif act == "remove":
            panel.remove(some)
        elif act == "move":
            panel.model.wish_move(self._r.randrange(len(live)), self._r.randint(0, len(live)))
        elif act == "hide":
            panel.toggle_hidden(some)
        elif act == "lock":
            panel.toggle_locked(some)
        elif act == "menu":
            panel.menu_for(some).popup(panel.mapToGlobal(panel.rect().center()))
        return f"{act} {some} {other} {name!r}"

    def _walk_images(self) -> str:
        page, workspace = self._page(), self.window.workspace
        if page is None or workspace is None or not workspace.project.images:
            return "no images"
        if self._r.random() < 0.5:
            page.canvas.setFocus()
            key = self._r.choice("AD")
            press_key(self.window, Qt.Key(ord(key)))
            return key
        image_id = self._r.choice(list(workspace.project.images))
        page.gallery.choose(image_id)
        return f"to {image_id}"

    def _filter_images(self) -> str:
        page = self._page()
        if page is None:
            return "no canvas"
        if self._r.random() < 0.5:
            page.gallery.clear_filter()
            return "cleared"
        page.gallery.focus_filter()
        typed = self._r.choice(("0", "disc", "nothing", "brok"))
        type_text(self.window, typed)
        return typed

    def _answer(self) -> str:
        names = ("answer.accept", "answer.accept", "answer.accept_class", "answer.reject",
                 "answer.live")  # fmt: skip
        name = self._r.choice(names)
        self._trigger(self.window.actions_[name])
        return name

    # -- anything at all -------------------------------------------------------------------------

    def _poke_anything(self) -> str:
        root = QApplication.activeModalWidget() or self.window
        return self._poke_in(root)

    def _poke_in(self, root: QWidget) -> str:
        kinds = (QAbstractButton, QComboBox, QAbstractSlider, QLineEdit)
        found = [w for kind in kinds for w in root.findChildren(kind)]
        found = [w for w in found if w.isVisibleTo(root) and w.isVisible() and w.isEnabled()]
        if not found:
            return "nothing to poke"
        chosen = self._r.choice(found)
        said = f"{type(chosen).__name__} {chosen.accessibleName() or chosen.objectName()!r}"
        self.made.append(said)
        if isinstance(chosen, QAbstractButton):
            QTimer.singleShot(0, self.settle_popups)  # a button's own menu waits until it is left
            QTest.mouseClick(chosen, LEFT)
        elif isinstance(chosen, QComboBox) and chosen.count():
            place = self._r.randrange(chosen.count())
            chosen.setCurrentIndex(place)
            chosen.activated.emit(place)
        elif isinstance(chosen, QAbstractSlider):
            chosen.setValue(self._r.randint(chosen.minimum(), chosen.maximum()))
        elif isinstance(chosen, QLineEdit) and not isinstance(chosen.parent(), QAbstractSpinBox):
            chosen.setFocus()
            type_text(self.window, self._r.choice(NAMES))
        return said

    def _fiddle_with(self, dialog: QDialog) -> None:
        for _ in range(self._r.randint(0, 4)):
            if not isValid(dialog) or not dialog.isVisible():
                return
            self.made.append(f"in {type(dialog).__name__}: {self._poke_in(dialog)}")
            let_events_pass()
        if isValid(dialog):
            dialog.reject()

    def _choose_from(self, menu: QMenu) -> None:
        choices = [a for a in menu.actions() if a.isEnabled() and not a.isSeparator()]
        deeper = [a.menu() for a in choices if a.menu() is not None]
        if deeper and self._r.random() < 0.5:
            choices = [a for sub in deeper for a in sub.actions() if a.isEnabled()]
        choices = [a for a in choices if a.menu() is None]
        if choices and self._r.random() < 0.8:
            chosen = self._r.choice(choices)
            self.made.append(f"menu: {chosen.text()!r}")
            menu.close()
            chosen.trigger()
        else:
            menu.close()

    def _resize(self) -> str:
        size = self._r.choice(((1024, 700), (900, 600), (700, 500)))
        self.window.resize(*size)
        return f"{size}"

    def _close_and_open(self) -> str:
        self._reopen()
        return "again"

    def _trigger(self, action: QAction) -> None:
        """As a key or a menu would: only what is enabled, and not behind a dialog."""
        if action.isEnabled() and QApplication.activeModalWidget() is None:
            action.trigger()


def answers_for_dialogs(seed: int, folder: Path) -> Callable[..., tuple[str, str]]:
    """What a person would answer to a question for a file or folder: often nothing."""
    chance = random.Random(seed)

    def answer(*_arguments: object, **_named: object) -> tuple[str, str]:
        said = chance.choice(("", str(folder), str(folder / "chosen.json")))
        return said, ""

    return answer


def _said(track: list[Place]) -> str:
    return " ".join(f"({x:.1f}, {y:.1f})" for x, y in track)
