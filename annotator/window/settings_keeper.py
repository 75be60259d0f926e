"""Keeping settings: a change holds at once, and is written when the person pauses."""

from PySide6.QtCore import QObject, QTimer, Signal

from annotator.settings import Settings, SettingsFile

PAUSE_MS = 400


class SettingsKeeper(QObject):
    """Writes the newest settings once for a whole drag of a slider. Call `flush` before leaving."""

    failed = Signal(str)  # one sentence

    def __init__(self, file: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._waiting: Settings | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.flush)

    def keep(self, settings: Settings) -> None:
        """Write these soon."""
        self._waiting = settings
        self._timer.start()

    def flush(self) -> None:
        """Write now what waits; a failure is told and tried again with the next change."""
        self._timer.stop()
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        try:
            self._file.save(waiting)
        except OSError as error:
            reason = error.strerror or str(error)
            self.failed.emit(f"The settings cannot be saved to '{self._file.path}': {reason}.")
