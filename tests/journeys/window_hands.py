"""Hands on a window: strokes, clicks, wheel and keys as events, in image coordinates."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from annotator.canvas.view import CanvasView

Place = tuple[float, float]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_BUTTON, NO_KEYS = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
DOWN, MOVED, UP = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)
TWICE = QEvent.Type.MouseButtonDblClick


class Hand:
    """One mouse over one canvas; it knows which button it holds."""

    def __init__(
        self, canvas: CanvasView, button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NO_KEYS,
    ) -> None:  # fmt: skip
        self.canvas, self.button, self.keys = canvas, button, keys
        self.held = NO_BUTTON

    def press(self, place: Place, *, twice: bool = False) -> None:
        """The button goes down; ``twice``: as the second press of a double click."""
        self.held = self.button
        self._send(TWICE if twice else DOWN, place, self.button)

    def move(self, place: Place) -> None:
        """The pointer moves, with what is held."""
        self._send(MOVED, place, NO_BUTTON)

    def release(self, place: Place) -> None:
        """The button goes up."""
        self.held = NO_BUTTON
        self._send(UP, place, self.button)

    def drag(self, places: Sequence[Place]) -> None:
        """Press at the first place, move through all, release at the last."""
        self.press(places[0])
        for place in places[1:]:
            self.move(place)
        self.release(places[-1])

    def click(self, place: Place) -> None:
        """Down and up at one place."""
        self.drag((place,))

    def turn(self, place: Place, notches: int) -> None:
        """Turn the wheel."""
        at = self._at(place)
        event = QWheelEvent(
            at, QPointF(self.canvas.mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches),
            NO_BUTTON, self.keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.canvas, event)

    def _send(self, kind: QEvent.Type, place: Place, button: Qt.MouseButton) -> None:
        at = self._at(place)
        event = QMouseEvent(
            kind, at, QPointF(self.canvas.mapToGlobal(at)), button, self.held, self.keys
        )
        QApplication.sendEvent(self.canvas, event)

    def _at(self, place: Place) -> QPointF:
        if self.canvas.viewport is None:
            return QPointF(*place)
        return self.canvas.to_view(QPointF(*place))


def press_key(window: QWidget, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """A key, to whoever has the keyboard."""
    QTest.keyClick(_listener(window), key, keys)


def type_text(window: QWidget, text: str) -> None:
    """Letters, each to whoever has the keyboard by then; those beyond ASCII come without a key."""
    for letter in text:
        widget = _listener(window)
        if letter.isascii():
            QTest.keyClicks(widget, letter)
        else:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(widget, QKeyEvent(kind, 0, NO_KEYS, letter))


def _listener(window: QWidget) -> QWidget:
    return QApplication.focusWidget() or window.focusWidget() or window


def let_events_pass(rounds: int = 1) -> None:
    """Let the event loop do what is waiting, deletions included."""
    for _ in range(rounds):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
