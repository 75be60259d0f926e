"""Focus of a container: the keyboard it is given goes on to one of its parts."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QWidget


def lead_focus(container: QWidget, part: QWidget) -> None:
    """Whoever gives the keyboard to ``container`` gives it to ``part``.

    In place of a focus proxy, with which Tab jumps over all that stands before ``part``.
    """
    container.installEventFilter(_Leading(container, part))


class _Leading(QObject):
    def __init__(self, container: QWidget, part: QWidget) -> None:
        super().__init__(container)
        self._part = part

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Pass the keyboard on."""
        if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._part.setFocus(event.reason())
        return False
