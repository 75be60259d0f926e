"""How a line of the class list is painted, and which of its spots was clicked."""

from enum import Enum

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from annotator.look.colours import Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, RADIUS, SMALL, figures_font, font
from annotator.panels.class_model import LINE_ROLE, ClassLine, count_text

HEIGHT = 32
_SPOT = 24
_CHIP = 14
Index = QModelIndex | QPersistentModelIndex


class Spot(Enum):
    """The places of a line that do something of their own."""

    CHIP = "chip"
    EYE = "eye"
    LOCK = "lock"


class ClassDelegate(QStyledItemDelegate):
    """``pressed`` tells of a click on a spot: (class id, spot)."""

    pressed = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.counts_shown = False

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802, D102
        rect: QRect = option.rect
        height = QFontMetrics(font(BODY, strong=True)).height() + 2 * GAP  # grows with the text
        return QSize(rect.width(), max(HEIGHT, height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        line: ClassLine | None = index.data(LINE_ROLE)
        if line is None:
            return
        rect: QRect = option.rect
        state = option.state
        colours = colours_of(option.palette)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        under_hand = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, rect, colours, chosen=chosen, under_hand=under_hand)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            _paint_focus(painter, rect, colours)
        _paint_chip(painter, spot_rect(rect, Spot.CHIP), line)
        self._paint_name(painter, rect, line, colours, chosen=chosen)
        if not line.is_background:
            _paint_spots(painter, rect, line, colours, eager=chosen or under_hand)
        self._paint_figures(painter, rect, line, colours)
        painter.restore()

    def editorEvent(
        self,
        event: QEvent,
        _model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Tell of a release on a spot; everything else is left to the list."""
        line: ClassLine | None = index.data(LINE_ROLE)
        if line is None or line.is_background or not isinstance(event, QMouseEvent):
            return False
        rect: QRect = option.rect
        spots = (s for s in Spot if spot_rect(rect, s).contains(event.position().toPoint()))
        spot = next(spots, None)
        if spot is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        if event.type() == QEvent.Type.MouseButtonRelease:
            self.pressed.emit(line.class_id, spot)
        return event.type() != QEvent.Type.MouseButtonPress

    def createEditor(  # noqa: N802, D102 - Qt's name
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("Name of the class")
        editor.setMaxLength(200)
        return editor

    def updateEditorGeometry(  # noqa: N802, D102 - Qt's name
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        rect: QRect = option.rect
        editor.setGeometry(rect.adjusted(_SPOT + GAP - 2, 1, -2, -1))

    def _paint_name(
        self, painter: QPainter, rect: QRect, line: ClassLine, colours: Colours, *, chosen: bool
    ) -> None:
        face = font(BODY, strong=chosen)
        figure = QFontMetrics(figures_font(SMALL)).horizontalAdvance(self._figure(line))
        right = 2 * _SPOT + 32 + (figure + GAP if figure else 0)
        inner = rect.adjusted(_SPOT + GAP + 4, 0, -right, 0)
        dim = line.hidden or line.is_background
        painter.setFont(face)
        painter.setPen(QColor(colours.dim_text if dim else colours.text))
        text = QFontMetrics(face).elidedText(line.name, Qt.TextElideMode.ElideMiddle, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_figures(
        self, painter: QPainter, rect: QRect, line: ClassLine, colours: Colours
    ) -> None:
        right = rect.right() - 2 * _SPOT - 6
        painter.setFont(figures_font(SMALL))
        painter.setPen(QColor(colours.dim_text))
        if line.hotkey:
            cap = QRectF(right - 20, rect.center().y() - 9, 20, 19)
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, line.hotkey)
            painter.setPen(QPen(QColor(colours.strong_line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(colours.dim_text))
        place = QRect(rect.left(), rect.top(), right - 26 - rect.left(), rect.height())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(place, flags, self._figure(line))

    def _figure(self, line: ClassLine) -> str:
        """The share of the class, or the number of its pixels where that is wanted."""
        if self.counts_shown and line.pixels is not None and not line.is_background:
            return count_text(line.pixels)
        return "" if line.share is None else share_text(line.share)


def share_text(share: float) -> str:
    """A share in at most four characters: '<1%' tells little from nothing."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def spot_rect(rect: QRect, spot: Spot) -> QRect:
    """Where a spot of a line lies."""
    top = rect.top() + (rect.height() - _SPOT) // 2
    left = {
        Spot.CHIP: rect.left() + 4,
        Spot.EYE: rect.right() - 2 * _SPOT,
        Spot.LOCK: rect.right() - _SPOT,
    }[spot]
    return QRect(left, top, _SPOT, _SPOT)


def _paint_ground(
    painter: QPainter, rect: QRect, colours: Colours, *, chosen: bool, under_hand: bool
) -> None:
    if chosen or under_hand:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.chosen if chosen else colours.hover))
        painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), RADIUS, RADIUS)


def _paint_focus(painter: QPainter, rect: QRect, colours: Colours) -> None:
    painter.setPen(QPen(QColor(colours.accent_text), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 1.5, -0.5, -1.5), RADIUS, RADIUS)


def _paint_chip(painter: QPainter, spot: QRect, line: ClassLine) -> None:
    chip = QRectF(0, 0, _CHIP, _CHIP)
    chip.moveCenter(QRectF(spot).center())
    colour = QColor(*line.colour)
    painter.setPen(QPen(QColor(127, 127, 127, 110), 1))
    painter.setBrush(colour if not line.hidden else Qt.BrushStyle.NoBrush)
    if line.hidden:
        painter.setPen(QPen(colour, 2))
    painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


def _paint_spots(
    painter: QPainter, rect: QRect, line: ClassLine, colours: Colours, *, eager: bool
) -> None:
    """The eye always; an open lock only where the hand is, so that a list of many stays calm."""
    ink = colours.dim_text
    eye = spot_rect(rect, Spot.EYE).adjusted(4, 4, -4, -4)
    draw_icon(painter, eye, "eye-off" if line.hidden else "eye", ink)
    if line.locked or eager:
        lock = spot_rect(rect, Spot.LOCK).adjusted(4, 4, -4, -4)
        strong = colours.text if line.locked else ink
        draw_icon(painter, lock, "lock" if line.locked else "lock-open", strong)
