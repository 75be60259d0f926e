"""Does something once, as soon as the event loop turns, and before anything is painted."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class Soon(QObject):
    """Many calls of `start` within one turn of the event loop lead to one call of ``act``.

    A timer of zero seconds would wait until all pending painting is done, some tens of
    milliseconds after a stroke; a queued signal comes before it.
    """

    _posted = Signal(int)

    def __init__(self, act: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._act = act
        self._number = 0
        self._active = False
        self._posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)

    @property
    def active(self) -> bool:
        """Whether ``act`` is about to be called."""
        return self._active

    def start(self) -> None:
        """Call ``act`` soon, if that is not going to happen anyway."""
        if not self._active:
            self._active = True
            self._number += 1
            self._posted.emit(self._number)

    def stop(self) -> None:
        """Do not call it after all."""
        self._active = False

    @Slot(int)
    def _on_posted(self, number: int) -> None:
        if self._active and number == self._number:
            self._active = False
            self._act()
