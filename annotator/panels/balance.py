"""The balance: one thin bar that shows how the labelled pixels fall to the classes."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from annotator.look.colours import colours_of
from annotator.panels.class_delegate import share_text
from annotator.panels.class_model import ClassLine

_HEIGHT = 4


class BalanceBar(QWidget):
    """Segments in class colours, in the order of the list."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[ClassLine, ...] = ()
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName("Share of each class")

    def show_lines(self, lines: Sequence[ClassLine]) -> None:
        """Show the shares of these lines."""
        self._lines = tuple(line for line in lines if line.share)
        said = ", ".join(f"{line.name} {share_text(line.share or 0)}" for line in self._lines)
        self.setToolTip(said)
        self.setAccessibleDescription(said or "Nothing is labelled yet")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QPainterPath()
        whole.addRoundedRect(QRectF(self.rect()), _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(whole)
        painter.fillRect(self.rect(), QColor(colours_of(self.palette()).line))
        left = 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        for line in self._lines:
            width = (line.share or 0.0) * self.width()
            painter.fillRect(QRectF(left, 0, width, _HEIGHT), QColor(*line.colour))
            left += width
        painter.end()
