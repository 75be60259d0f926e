"""The tour: a light on one real part of the window after another, and a card that explains it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from annotator.window.tour_card import TourCard, TourVeil, card_place

FOLLOW_MS = 120
ADVANCE_MS = 350  # what was done is seen before the light moves on
_ESCAPE, _LEFT, _RIGHT = (
    int(key) for key in (Qt.Key.Key_Escape, Qt.Key.Key_Left, Qt.Key.Key_Right)
)


@dataclass(frozen=True, slots=True)
class TourStep:
    """One stop. ``target`` finds the widget to light up; None, or a hidden one: the card alone.

    Where ``done`` is given the step goes on by itself as soon as that signal is heard.
    """

    title: str
    text: str
    target: Callable[[], QWidget | None]
    done: SignalInstance | None = None


def by_name(window: QWidget, accessible_name: str) -> Callable[[], QWidget | None]:
    """A target: the visible widget of that accessible name, looked for when the step is reached."""

    def find() -> QWidget | None:
        found = (w for w in window.findChildren(QWidget) if w.accessibleName() == accessible_name)
        return next((widget for widget in found if widget.isVisible()), None)

    return find


class Tour(QObject):
    """Walks steps over a window that stays alive: what is lit can be used, the rest cannot.

    Next and Back, the arrow keys, Escape. ``ended`` says whether the last step was reached.
    """

    ended = Signal(bool)
    step_shown = Signal(int)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._steps: tuple[TourStep, ...] = ()
        self._place = -1
        self._return_to: QWidget | None = None
        self._listening: SignalInstance | None = None
        self._watched: QWidget | None = None
        self.veil = TourVeil(window)
        self.card = TourCard(window)
        self.card.back.connect(lambda: self.go(self._place - 1))
        self.card.next.connect(lambda: self.go(self._place + 1))
        self.card.skipped.connect(self.end)
        self._follow = QTimer(self)
        self._follow.setInterval(FOLLOW_MS)
        self._follow.timeout.connect(self._fit)
        self._advance = QTimer(self)
        self._advance.setSingleShot(True)
        self._advance.setInterval(ADVANCE_MS)
        self._advance.timeout.connect(lambda: self.go(self._place + 1))

    @property
    def running(self) -> bool:
        """Whether the tour is being shown."""
        return self._place >= 0

    @property
    def place(self) -> int:
        """The number of the step in view, -1 when there is none."""
        return self._place

    def start(self, steps: Sequence[TourStep]) -> None:
        """Begin with the first step; a tour under way begins anew."""
        if self.running:
            self._stop(whole=False)
        if not steps:
            return
        self._steps = tuple(steps)
        self._return_to = self._window.focusWidget()
        self._window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)
        self._follow.start()
        self.go(0)

    def end(self) -> None:
        """Stop before the last step."""
        if self.running:
            self._stop(whole=False)

    def go(self, place: int) -> None:
        """Show a step; one past the last ends the tour, one before the first does nothing."""
        if place < 0 or not self._steps:
            return
        self._listen_to(None)
        if place >= len(self._steps):
            self._stop(whole=True)
            return
        self._place = place
        step = self._steps[place]
        self._listen_to(step.done)
        self.card.show_step(step.title, step.text, place, len(self._steps), waits=bool(step.done))
        self.veil.show()
        self.card.show()
        self._fit()
        self.card.take_focus()
        self.step_shown.emit(place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The window's size, and the tour's keys wherever the focus is."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._fit()
        if not isinstance(event, QKeyEvent) or not self.running or not self._means_us(event):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # else Escape would be taken for the window's own
            return True
        if event.type() == QEvent.Type.KeyPress and watched is self._watched:
            self._press(event.key())
            return True
        return False

    # -- inside ----------------------------------------------------------------------------------

    def _means_us(self, event: QKeyEvent) -> bool:
        typing = isinstance(self._watched, QLineEdit)
        return event.key() == _ESCAPE or (event.key() in (_LEFT, _RIGHT) and not typing)

    def _press(self, key: int) -> None:
        if key == _ESCAPE:
            self.end()
        else:
            self.go(self._place + (1 if key == _RIGHT else -1))

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None and shiboken6.isValid(self._watched):
            self._watched.removeEventFilter(self)
        inside = new is not None and (new is self._window or self._window.isAncestorOf(new))
        self._watched = new if inside else None
        if self._watched is not None:
            self._watched.installEventFilter(self)
        if self._watched is not self._window:  # removing took the window's own filter along
            self._window.installEventFilter(self)

    def _on_done(self, *_arguments: object) -> None:
        self._listen_to(None)
        self._advance.start()

    def _listen_to(self, signal: SignalInstance | None) -> None:
        """Hear this signal and no longer the one before."""
        self._advance.stop()
        if self._listening is not None:
            self._listening.disconnect(self._on_done)
        self._listening = signal
        if signal is not None:
            signal.connect(self._on_done)

    def _lit(self) -> QRect:
        """Where the step's widget is in the window; empty where there is none."""
        widget = self._steps[self._place].target()
        if widget is None or not shiboken6.isValid(widget) or not widget.isVisible():
            return QRect()
        corner = widget.mapTo(self._window, widget.rect().topLeft())
        return QRect(corner, widget.size()).intersected(self._window.rect())

    def _fit(self) -> None:
        """Veil and card to where the window and the widget are now; they may have moved."""
        if not self.running:
            return
        lit = self._lit()
        self.veil.light(self._window.rect(), lit)
        self.card.fit(self._window.rect())
        self.card.move(card_place(self.card.size(), self._window.rect(), lit))
        self.veil.raise_()
        self.card.raise_()

    def _stop(self, *, whole: bool) -> None:
        self._listen_to(None)
        self._follow.stop()
        self._place = -1
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.disconnect(self._on_focus)
        self._on_focus(None, None)
        self._window.removeEventFilter(self)
        self.veil.hide()
        self.card.hide()
        back, self._return_to = self._return_to, None
        if back is not None and shiboken6.isValid(back) and back.isVisible():
            back.setFocus()
        self.ended.emit(whole)
