"""How a cell of the gallery is painted: picture, mask, state, doubt, reason and caption."""

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from annotator.look.colours import Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import GRID, RADIUS, SMALL, font
from annotator.panels.gallery_cells import Cell, CellState
from annotator.panels.gallery_model import CELL_ROLE, GalleryModel

MARGIN = GRID
ASPECT = 0.75  # height of a picture to its width
LARGEST_CUT = 1.6  # a picture is magnified at most so far beyond fitting in whole
STALE_OPACITY = 0.42
_DOT = 9


class GalleryDelegate(QStyledItemDelegate):
    """Paints cells of one fixed size, which the view sets."""

    def __init__(self, model: GalleryModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._font = font(SMALL)
        self._caption_height = QFontMetrics(self._font).height() + GRID
        self._cell = QSize(132, self.height_for(132))

    @property
    def cell_size(self) -> QSize:
        """Of every cell, margins and caption included, in logical pixels."""
        return self._cell

    def height_for(self, width: int) -> int:
        """The height of a cell of that width."""
        return round((width - 2 * MARGIN) * ASPECT) + 2 * MARGIN + self._caption_height

    def set_width(self, width: int) -> None:
        """Make all cells that wide."""
        self._cell = QSize(width, self.height_for(width))

    def sizeHint(  # noqa: N802, D102 - Qt's name
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return self._cell

    def paint(  # noqa: D102 - Qt's name
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        cell: Cell | None = index.data(CELL_ROLE)
        if cell is None:
            return
        colours = colours_of(option.palette)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        whole: QRect = option.rect
        box = whole.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN - self._caption_height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_picture(painter, box, cell, colours)
        self._paint_signs(painter, box, cell, colours)
        self._paint_caption(painter, box, cell, colours, strong=chosen)
        if chosen:
            _paint_ring(painter, box, colours)
        painter.restore()

    def _paint_picture(self, painter: QPainter, box: QRect, cell: Cell, colours: Colours) -> None:
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(box), RADIUS, RADIUS)
        painter.fillPath(rounded, QColor(colours.hover))
        picture = None
        if cell.state is not CellState.PROBLEM:
            picture = self._model.thumbnails.get(cell.image_id)
        if picture is None:
            self._paint_absence(painter, box, cell, colours)
            return
        painter.save()
        painter.setClipPath(rounded)
        if self._model.stale(cell):
            painter.setOpacity(STALE_OPACITY)
        place = placed(picture.width(), picture.height(), QRectF(box))
        painter.drawImage(place, picture)
        mask = self._model.mask(cell.image_id)
        if mask is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
            painter.drawImage(place, mask)
        painter.restore()

    def _paint_absence(self, painter: QPainter, box: QRect, cell: Cell, colours: Colours) -> None:
        broken = cell.state is CellState.PROBLEM
        spot = QRect(0, 0, 24, 24)
        spot.moveCenter(box.center())
        name, ink = ("problem", colours.bad) if broken else ("project", colours.strong_line)
        draw_icon(painter, spot, name, ink)

    def _paint_signs(self, painter: QPainter, box: QRect, cell: Cell, colours: Colours) -> None:
        if cell.state is not CellState.PROBLEM:
            spot = QRectF(box.left() + 6, box.top() + 6, _DOT, _DOT)
            paint_state(painter, spot, cell.state, colours)
        if cell.reason:
            self._paint_reason(painter, box, cell.reason, colours)
        elif cell.doubt is not None:
            _paint_quality(painter, box, 1.0 - cell.doubt, colours)

    def _paint_reason(self, painter: QPainter, box: QRect, reason: str, colours: Colours) -> None:
        metrics = QFontMetrics(self._font)
        band = QRectF(box)
        band.setTop(band.bottom() - metrics.height() - GRID)
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(box), RADIUS, RADIUS)
        strip = QPainterPath()
        strip.addRect(band)
        painter.fillPath(rounded.intersected(strip), QColor(colours.accent))
        painter.setFont(self._font)
        painter.setPen(QColor(colours.on_accent))
        inner = band.adjusted(6, 0, -6, 0)
        text = metrics.elidedText(reason, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_caption(
        self, painter: QPainter, box: QRect, cell: Cell, colours: Colours, *, strong: bool
    ) -> None:
        line = QRect(box.left() + 2, box.bottom() + 3, box.width() - 4, self._caption_height - 2)
        text = QFontMetrics(self._font).elidedText(
            cell.name, Qt.TextElideMode.ElideMiddle, line.width()
        )
        painter.setFont(self._font)
        painter.setPen(QColor(colours.text if strong else colours.dim_text))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)


def placed(width: int, height: int, box: QRectF) -> QRectF:
    """Where a picture lies: covering the box, unless that would cut off too much of it."""
    whole = min(box.width() / width, box.height() / height)
    scale = min(max(box.width() / width, box.height() / height), whole * LARGEST_CUT)
    size = QPointF(width * scale / 2, height * scale / 2)
    return QRectF(box.center() - size, box.center() + size)


def paint_state(painter: QPainter, spot: QRectF, state: CellState, colours: Colours) -> None:
    """A sign of the state: its shape says it without its colour.

    A ring is untouched, a diamond has marks, a half is proposed, a full disc with a tick is
    accepted.
    """
    painter.save()
    dark = QColor(0, 0, 0, 150)
    painter.setPen(QPen(dark, 1))
    painter.setBrush(dark)
    painter.drawEllipse(spot.adjusted(-2, -2, 2, 2))
    if state is CellState.UNTOUCHED:
        painter.setPen(QPen(QColor("#dfe2e6"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(spot.adjusted(1.5, 1.5, -1.5, -1.5))
    elif state is CellState.CUE:
        _paint_diamond(painter, spot)
    elif state is CellState.PROPOSED:
        painter.setPen(QPen(QColor("#f2b84b"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(spot.adjusted(1, 1, -1, -1))
        painter.setBrush(QColor("#f2b84b"))
        painter.drawPie(spot.adjusted(1, 1, -1, -1), 90 * 16, 180 * 16)
    elif state is CellState.ACCEPTED:
        _paint_tick(painter, spot)
    painter.restore()


def _paint_diamond(painter: QPainter, spot: QRectF) -> None:
    middle, reach = spot.center(), spot.width() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#6ea3ff"))
    corners = ((0, -1), (1, 0), (0, 1), (-1, 0))
    painter.drawPolygon(QPolygonF([middle + QPointF(x * reach, y * reach) for x, y in corners]))


def _paint_tick(painter: QPainter, spot: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#63c776"))
    painter.drawEllipse(spot.adjusted(-1, -1, 1, 1))
    painter.setPen(QPen(QColor("#0b2a12"), 1.6, c=Qt.PenCapStyle.RoundCap))
    x, y, s = spot.left(), spot.top(), spot.width()
    ways = QPolygonF(
        [QPointF(x + 0.2 * s, y + 0.55 * s), QPointF(x + 0.42 * s, y + 0.77 * s),
         QPointF(x + 0.82 * s, y + 0.28 * s)]
    )  # fmt: skip
    painter.drawPolyline(ways)


def _paint_quality(painter: QPainter, box: QRect, quality: float, colours: Colours) -> None:
    """A thin bar at the foot of the picture: how sure the engine is."""
    bar = QRectF(box.left() + 6, box.bottom() - 7, box.width() - 12, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 130))
    painter.drawRoundedRect(bar.adjusted(-1, -1, 1, 1), 2, 2)
    ink = "#63c776" if quality >= 0.75 else "#f2b84b" if quality >= 0.5 else "#ff8a80"
    painter.setBrush(QColor(ink))
    painter.drawRoundedRect(QRectF(bar.topLeft(), bar.bottomRight() - QPointF(
        bar.width() * (1 - min(1.0, max(0.0, quality))), 0)), 1.5, 1.5)  # fmt: skip


def _paint_ring(painter: QPainter, box: QRect, colours: Colours) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.panel), 2))
    painter.drawRoundedRect(QRectF(box).adjusted(0, 0, 0, 0), RADIUS, RADIUS)
    painter.setPen(QPen(QColor(colours.accent_text), 2))
    painter.drawRoundedRect(QRectF(box).adjusted(-2, -2, 2, 2), RADIUS + 2, RADIUS + 2)
