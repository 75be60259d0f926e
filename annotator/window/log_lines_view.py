"""Lines of the log in a list: the filtered model, and how one line is painted."""

import logging
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from annotator.log_file import LINES_KEPT, LogLine
from annotator.look.colours import Colours, colours_of
from annotator.look.measures import BODY, GAP, RADIUS, SMALL, figures_font, font

LINE = Qt.ItemDataRole.UserRole
SLACK = LINES_KEPT  # so many more are kept while one looks at old ones
_TIME = "00:00:00.000"
_LEVEL = "CRITICAL"
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class LogModel(QAbstractListModel):
    """Every line that came, of which those are rows that fit level and words."""

    def __init__(self, parent: QObject | None = None, *, kept: int = LINES_KEPT) -> None:
        super().__init__(parent)
        self._kept = kept
        self._lines: list[LogLine] = []
        self.shown: list[LogLine] = []
        self._level, self._typed = 0, ""

    @property
    def next_number(self) -> int:
        """The number of the first line that is not here yet."""
        return self._lines[-1].number + 1 if self._lines else 0

    def add(self, lines: Sequence[LogLine], *, trim: bool) -> None:
        """Append lines. Old ones go only if ``trim``, or where far too many are kept."""
        self._lines.extend(lines)
        fresh = [line for line in lines if self._fits(line)]
        if fresh:
            first = len(self.shown)
            self.beginInsertRows(_NOWHERE, first, first + len(fresh) - 1)
            self.shown.extend(fresh)
            self.endInsertRows()
        over = len(self._lines) - self._kept
        if over > 0 and (trim or over > SLACK):
            self._drop(over)

    def choose(self, level: int, typed: str) -> None:
        """Show lines from that level on which hold all the words typed, in any case."""
        self.beginResetModel()
        self._level, self._typed = level, typed.casefold().strip()
        self.shown = [line for line in self._lines if self._fits(line)]
        self.endResetModel()

    def place_of(self, line: LogLine) -> int:
        """The row of a line, -1 where it is not shown."""
        numbers = (place for place, one in enumerate(self.shown) if one.number == line.number)
        return next(numbers, -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """How many lines."""
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The line, or its text."""
        if not index.isValid():
            return None
        line = self.shown[index.row()]
        if role == LINE:
            return line
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{line.level_name}: {line.headline}"
        return line.headline if role == Qt.ItemDataRole.DisplayRole else None

    def _drop(self, count: int) -> None:
        gone = self._lines[count - 1].number
        del self._lines[:count]
        rows = next((k for k, line in enumerate(self.shown) if line.number > gone), len(self.shown))
        if rows:
            self.beginRemoveRows(_NOWHERE, 0, rows - 1)
            del self.shown[:rows]
            self.endRemoveRows()

    def _fits(self, line: LogLine) -> bool:
        if line.level < self._level:
            return False
        if not self._typed:
            return True
        text = f"{line.level_name} {line.source} {line.text}".casefold()
        return all(word in text for word in self._typed.split())


class LineDelegate(QStyledItemDelegate):
    """Time, level, the first line of the text, and where it comes from."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802, D102
        rect: QRect = option.rect
        return QSize(rect.width(), QFontMetrics(font(BODY)).height() + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        line: LogLine = index.data(LINE)
        colours = colours_of(option.palette)
        rect: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.chosen))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        rect = rect.adjusted(GAP, 0, -GAP, 0)
        rect = _column(painter, rect, line.when.isoformat(timespec="milliseconds")[11:], _TIME,
                       colours.dim_text)  # fmt: skip
        rect = _column(painter, rect, line.level_name, _LEVEL, _level_colour(line.level, colours))
        _paint_text(painter, rect, line, colours)
        painter.restore()


def _column(painter: QPainter, rect: QRect, text: str, widest: str, colour: str) -> QRect:
    """Paint one column of fixed width; the rest of the row."""
    face = figures_font(SMALL)
    width = QFontMetrics(face).horizontalAdvance(widest) + GAP
    painter.setFont(face)
    painter.setPen(QColor(colour))
    painter.drawText(
        QRect(rect.left(), rect.top(), width, rect.height()), Qt.AlignmentFlag.AlignVCenter, text
    )
    return rect.adjusted(width + GAP, 0, 0, 0)


def _paint_text(painter: QPainter, rect: QRect, line: LogLine, colours: Colours) -> None:
    small = QFontMetrics(font(SMALL))
    source = line.source.removeprefix("annotator.")
    taken = min(small.horizontalAdvance(source) + 2, rect.width() // 3)
    face = font(BODY)
    painter.setFont(face)
    painter.setPen(QColor(colours.text))
    room = rect.adjusted(0, 0, -taken - GAP, 0)
    text = QFontMetrics(face).elidedText(line.headline, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
    painter.setFont(font(SMALL))
    painter.setPen(QColor(colours.dim_text))
    painter.drawText(
        rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
        small.elidedText(source, Qt.TextElideMode.ElideLeft, taken),
    )  # fmt: skip


def _level_colour(level: int, colours: Colours) -> str:
    if level >= logging.ERROR:
        return colours.bad
    return colours.warn if level >= logging.WARNING else colours.dim_text
