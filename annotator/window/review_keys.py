"""Single keys of the review page: heard by all that is on it, before the window's own keys."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

Act = Callable[[], object]
ONCE = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape})  # never by holding


class ReviewKeys(QObject):
    """Watches a page and everything on it that takes the focus.

    Keys are taken before the window's shortcuts, for they mean something else there, and before
    lists, which would search by letter. Enter on a button that was reached by Tab presses it.
    """

    def __init__(self, page: QWidget, acts: Mapping[Qt.Key, Act]) -> None:
        super().__init__(page)
        self._acts = dict(acts)
        for widget in (page, *page.findChildren(QWidget)):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take what is ours."""
        kind = event.type()
        if kind not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        act = self._act(watched, event) if isinstance(event, QKeyEvent) else None
        if act is None:
            return False
        event.accept()
        if kind == QEvent.Type.KeyPress:
            act()
        return True

    def _act(self, watched: QObject, event: QKeyEvent) -> Act | None:
        key, held = Qt.Key(event.key()), event.modifiers()
        if held & ~Qt.KeyboardModifier.KeypadModifier or key not in self._acts:
            return None
        if key in ONCE and event.isAutoRepeat():
            return _nothing
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(watched, QAbstractButton):
            return watched.click
        return self._acts[key]


def _nothing() -> None:
    """A key that is held down says no more than once."""
