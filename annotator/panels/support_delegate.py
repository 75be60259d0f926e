"""How a marked image is painted in the support list: picture, effect, and whether it is muted."""

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from annotator.flows.support_report import SupportRow
from annotator.look.colours import DARK, Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import GRID, RADIUS, SMALL, figures_font
from annotator.panels.support_model import LEAST, ROW_ROLE, effect_text
from annotator.panels.thumbnails import Thumbnails

ASPECT = 0.75
MUTED_OPACITY = 0.28
_BUTTON = 24
_SHADE = QColor(12, 14, 17, 200)  # behind signs on pictures, in both schemes
Index = QModelIndex | QPersistentModelIndex


class SupportDelegate(QStyledItemDelegate):
    """Paints cells of one fixed size, which the view sets."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._cell = QSize(80, cell_height(80))

    @property
    def cell_size(self) -> QSize:
        """Of every cell, in logical pixels."""
        return self._cell

    def set_width(self, width: int) -> None:
        """Make all cells that wide."""
        self._cell = QSize(width, cell_height(width))

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802, D102
        return self._cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        row: SupportRow | None = index.data(ROW_ROLE)
        if row is None:
            return
        whole: QRect = option.rect
        box = picture_box(whole)
        colours = colours_of(option.palette)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_picture(painter, box, row, colours)
        if row.muted:
            _paint_sign(painter, box)
        elif row.effect is not None:
            _paint_effect(painter, box, row.effect)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            _paint_button(painter, button_box(whole), muted=row.muted)
        if chosen:
            _paint_focus(painter, box, colours)
        painter.restore()

    def _paint_picture(
        self, painter: QPainter, box: QRect, row: SupportRow, colours: Colours
    ) -> None:
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(box), RADIUS, RADIUS)
        painter.fillPath(rounded, QColor(colours.hover))
        picture = self._thumbnails.get(row.image_id)
        if picture is None:
            _paint_absence(
                painter, box, colours, broken=bool(self._thumbnails.problem(row.image_id))
            )
            return
        painter.save()
        painter.setClipPath(rounded)
        painter.setOpacity(MUTED_OPACITY if row.muted else 1.0)
        painter.drawImage(covering(picture.width(), picture.height(), QRectF(box)), picture)
        painter.restore()


def cell_height(width: int) -> int:
    """The height of a cell of that width."""
    return round((width - GRID) * ASPECT) + GRID


def picture_box(cell: QRect) -> QRect:
    """Where the picture lies in its cell; half a gap on each side."""
    half = GRID // 2
    return cell.adjusted(half, half, -half, -half)


def button_box(cell: QRect) -> QRect:
    """Where the small button of a picture lies."""
    box = picture_box(cell)
    return QRect(box.right() - _BUTTON, box.top() + 1, _BUTTON, _BUTTON)


def covering(width: int, height: int, box: QRectF) -> QRectF:
    """A picture of that size, large enough to cover the box, in its middle."""
    scale = max(box.width() / max(width, 1), box.height() / max(height, 1))
    place = QRectF(0, 0, width * scale, height * scale)
    place.moveCenter(box.center())
    return place


def _paint_absence(painter: QPainter, box: QRect, colours: Colours, *, broken: bool) -> None:
    spot = QRect(0, 0, 20, 20)
    spot.moveCenter(box.center())
    name, ink = ("problem", colours.bad) if broken else ("project", colours.strong_line)
    draw_icon(painter, spot, name, ink)


def _paint_effect(painter: QPainter, box: QRect, effect: float) -> None:
    """The figure at the lower right; DARK's tones, for it always stands on the dark shade."""
    text = effect_text(effect)
    face = figures_font(SMALL)
    metrics = QFontMetrics(face)
    band = QRectF(0, 0, metrics.horizontalAdvance(text) + 2 * GRID, metrics.height() + 2)
    band.moveBottomRight(QRectF(box).bottomRight() - QRectF(0, 0, 3, 3).bottomRight())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawRoundedRect(band, 4, 4)
    tone = DARK.good if effect >= LEAST else DARK.warn if effect <= -LEAST else DARK.text
    painter.setFont(face)
    painter.setPen(QColor(tone))
    painter.drawText(band, Qt.AlignmentFlag.AlignCenter, text)


def _paint_sign(painter: QPainter, box: QRect) -> None:
    """A muted image: dimmed, and crossed out by a sign in its middle."""
    disc = QRectF(0, 0, 30, 30)
    disc.moveCenter(QRectF(box).center())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawEllipse(disc)
    draw_icon(painter, disc.toRect().adjusted(6, 6, -6, -6), "mute", DARK.text)


def _paint_button(painter: QPainter, spot: QRect, *, muted: bool) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawRoundedRect(QRectF(spot).adjusted(1, 1, -1, -1), 5, 5)
    draw_icon(painter, spot.adjusted(4, 4, -4, -4), "unmute" if muted else "mute", DARK.text)


def _paint_focus(painter: QPainter, box: QRect, colours: Colours) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.panel), 3))
    painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
    painter.setPen(QPen(QColor(colours.accent_text), 2))
    painter.drawRoundedRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5), RADIUS, RADIUS)
