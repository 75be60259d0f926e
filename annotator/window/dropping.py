"""Dropping: files and folders dragged onto a widget, with a quiet word of what will happen."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from annotator.look.colours import colours_of
from annotator.look.measures import BODY, GAP, SHEET_RADIUS, WIDE
from annotator.look.pieces import Icon, title

Paths = tuple[Path, ...]
DROP_TEXT = "Drop to open or add"
_GROUND_ALPHA = 240


def accept_drops(
    widget: QWidget, on_paths: Callable[[Paths], object], *, text: Callable[[], str] | None = None
) -> "DropZone":
    """Let files and folders fall onto a widget and all its children that take none themselves.

    ``on_paths`` is called once for each drop; ``text`` says what a drop would do just now.
    """
    return DropZone(widget, on_paths, text or (lambda: DROP_TEXT))


class DropZone(QObject):
    """Listens to a widget's drag events; lives as long as the widget."""

    def __init__(
        self, widget: QWidget, on_paths: Callable[[Paths], object], text: Callable[[], str]
    ) -> None:
        super().__init__(widget)
        self._widget, self._on_paths, self._text = widget, on_paths, text
        self.veil = DropVeil(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take what carries local files, and show the veil while it hovers."""
        kind = event.type()
        if kind == QEvent.Type.DragLeave:
            self.veil.hide()
            return True
        if not isinstance(event, QDropEvent):  # entering and moving are kinds of it
            return False
        if kind == QEvent.Type.DragEnter and not _has_files(event.mimeData()):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if kind == QEvent.Type.DragEnter:
            self.veil.show_over(self._text())
        elif kind == QEvent.Type.Drop:
            self.veil.hide()
            if paths := dropped_paths(event.mimeData()):
                self._on_paths(paths)
        return True


class DropVeil(QWidget):
    """Lies over the widget while something hovers; never in the way of the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = title("", BODY + 3)
        self._words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * WIDE, 2 * WIDE, 2 * WIDE, 2 * WIDE)
        column.setSpacing(GAP)
        column.addStretch(1)
        column.addWidget(
            Icon("import", side=32, colour="accent_text"), 0, Qt.AlignmentFlag.AlignHCenter
        )
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._words)
        column.addStretch(1)
        self.hide()

    @property
    def words(self) -> QLabel:
        """What is being said."""
        return self._words

    def show_over(self, text: str) -> None:
        """Cover the whole parent and say what a drop would do."""
        self._words.setText(text)
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(colours.panel)
        ground.setAlpha(_GROUND_ALPHA)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(QColor(colours.accent_text), 2, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(GAP, GAP, -GAP, -GAP)
        painter.drawRoundedRect(frame, SHEET_RADIUS, SHEET_RADIUS)
        painter.end()


def dropped_paths(data: QMimeData) -> Paths:
    """The local files and folders in what was dropped, each once, in order."""
    local = (url.toLocalFile() for url in data.urls() if url.isLocalFile())
    return tuple(dict.fromkeys(Path(name) for name in local if name))


def _has_files(data: QMimeData) -> bool:
    return data.hasUrls() and any(url.isLocalFile() for url in data.urls())
