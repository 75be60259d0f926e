"""A choice card: one of a few ways, with its name, one line on it, and a ring that tells which."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from annotator.look.colours import Colours, colours_of
from annotator.look.measures import BODY, CARD_RADIUS, GAP, GRID, PAD, SMALL, font

RING = 14
_FLAGS = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


class ChoiceCard(QAbstractButton):
    """Behaves as a radio button: cards of one parent exclude each other, arrow keys walk them."""

    def __init__(self, title: str, summary: str) -> None:
        super().__init__()
        self._title, self._summary = title, summary
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(summary)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(280, self._height_for(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(180, self._height_for(max(self.width(), 200)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
        super().resizeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, colours)
        self._paint_ring(painter, colours)
        self._paint_words(painter, colours)
        painter.end()

    def _paint_ground(self, painter: QPainter, colours: Colours) -> None:
        ground = colours.chosen if self.isChecked() else colours.raised
        if self.underMouse() and not self.isChecked() and self.isEnabled():
            ground = colours.hover
        strong = self.isChecked() or self.hasFocus()
        line = colours.accent_text if strong else colours.line
        painter.setPen(QPen(QColor(line), 2.0 if self.hasFocus() else 1.0))
        painter.setBrush(QColor(ground))
        inset = 1.0 if self.hasFocus() else 0.5
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(box, CARD_RADIUS, CARD_RADIUS)

    def _paint_ring(self, painter: QPainter, colours: Colours) -> None:
        spot = QRectF(PAD, PAD + 1, RING, RING)
        chosen = self.isChecked()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent_text if chosen else colours.dim_text), 1.5))
        painter.drawEllipse(spot.adjusted(1, 1, -1, -1))
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent_text))
            painter.drawEllipse(spot.adjusted(4, 4, -4, -4))

    def _paint_words(self, painter: QPainter, colours: Colours) -> None:
        box = self._words_box(self.width())
        strong = font(BODY, strong=True)
        painter.setFont(strong)
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.strong_line))
        metrics = QFontMetrics(strong)
        shown = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box.left(), box.top() + metrics.ascent(), shown)
        painter.setFont(font(SMALL))
        painter.setPen(QColor(colours.dim_text if self.isEnabled() else colours.strong_line))
        painter.drawText(box.adjusted(0, metrics.height() + GRID, 0, 0), int(_FLAGS), self._summary)

    def _words_box(self, width: int) -> QRect:
        left = PAD + RING + GAP
        return QRect(left, PAD, max(40, width - left - PAD), max(0, self.height() - 2 * PAD))

    def _height_for(self, width: int) -> int:
        box = QRect(0, 0, self._words_box(width).width(), 10_000)
        text = QFontMetrics(font(SMALL)).boundingRect(box, int(_FLAGS), self._summary)
        return 2 * PAD + QFontMetrics(font(BODY, strong=True)).height() + GRID + text.height()
