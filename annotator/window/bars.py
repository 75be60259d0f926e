"""Bars: a small chart of horizontal bars, painted in the palette, with its figures as text too."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from annotator.document.classes import Colour
from annotator.look.colours import Colours, colours_of
from annotator.look.measures import BODY, GAP, GRID, SMALL, figures_font, font

LINE = 24  # pixels of one bar with its distance to the next
THICK = 10
LABEL_SHARE = 0.34  # of the width, at most


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``ink`` names an entry of the table of colours, or is a class's own colour."""

    label: str
    value: float
    text: str
    ink: str | Colour = "accent"


class BarChart(QWidget):
    """Bars to one scale. Takes the focus, so that a screen reader comes by and reads it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._bars: tuple[Bar, ...] = ()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What is shown."""
        return self._bars

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Other bars."""
        self._bars = tuple(bars)
        said = "; ".join(f"{bar.label}: {bar.text}" for bar in self._bars)
        self.setAccessibleDescription(said or "Nothing to show yet.")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(320, max(1, len(self._bars)) * self._line())

    def minimumSizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(200, max(1, len(self._bars)) * self._line())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = colours_of(self.palette())
        words, figures = QFontMetrics(font(BODY)), QFontMetrics(figures_font(SMALL))
        longest = max((words.horizontalAdvance(bar.label) for bar in self._bars), default=0)
        label = min(longest, int(self.width() * LABEL_SHARE))
        text = max((figures.horizontalAdvance(bar.text) for bar in self._bars), default=0)
        most = max((bar.value for bar in self._bars), default=0.0)
        left = label + GAP + GRID
        room = max(20.0, self.width() - left - text - GAP)
        for place, bar in enumerate(self._bars):
            top = place * self._line()
            self._paint_words(painter, bar, QRectF(0, top, label, self._line()), words, colours)
            width = room * bar.value / most if most else 0.0
            track = QRectF(left, top + (self._line() - THICK) / 2, room, THICK)
            self._paint_bar(painter, bar, track, width, colours)
            painter.setFont(figures_font(SMALL))
            painter.setPen(QColor(colours.dim_text))
            where = QRectF(self.width() - text, top, text, self._line())
            painter.drawText(where, int(_RIGHT), bar.text)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent_text))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        painter.end()

    def _paint_words(
        self, painter: QPainter, bar: Bar, box: QRectF, metrics: QFontMetrics, colours: Colours
    ) -> None:
        painter.setFont(font(BODY))
        painter.setPen(QColor(colours.text))
        shown = metrics.elidedText(bar.label, Qt.TextElideMode.ElideRight, int(box.width()) + 1)
        painter.drawText(box, int(_LEFT), shown)

    def _paint_bar(
        self, painter: QPainter, bar: Bar, track: QRectF, width: float, colours: Colours
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(track, THICK / 2, THICK / 2)
        if bar.value <= 0:
            return
        ink = QColor(*bar.ink) if isinstance(bar.ink, tuple) else QColor(getattr(colours, bar.ink))
        painter.setBrush(ink)
        shown = QRectF(track.left(), track.top(), max(float(THICK), width), THICK)
        painter.drawRoundedRect(shown, THICK / 2, THICK / 2)

    def _line(self) -> int:
        return max(LINE, QFontMetrics(font(BODY)).height() + GRID)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
