"""How a cell of the gallery is painted: picture, mask, signs and caption."""

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from annotator.look.colours import Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import GRID, SMALL, font
from annotator.panels.gallery_cells import Cell, CellState
from annotator.panels.gallery_faces import FaceShelf
from annotator.panels.gallery_model import CELL_ROLE, GalleryModel
from annotator.panels.gallery_signs import (
    paint_problem,
    paint_quality,
    paint_reason,
    paint_ring,
    paint_state,
    rounded,
)

MARGIN = GRID
ASPECT = 0.75  # height of a picture to its width
_DOT = 9


class GalleryDelegate(QStyledItemDelegate):
    """Paints cells of one fixed size, which the view sets."""

    def __init__(self, model: GalleryModel, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self._faces = FaceShelf()
        self._take_fonts()
        self._cell = QSize(132, self.height_for(132))

    @property
    def cell_size(self) -> QSize:
        """Of every cell, margins and caption included, in logical pixels."""
        return self._cell

    def height_for(self, width: int) -> int:
        """The height of a cell of that width."""
        return round((width - 2 * MARGIN) * ASPECT) + 2 * MARGIN + self._caption_height

    def set_width(self, width: int) -> None:
        """Make all cells that wide, and as high as text of now needs them."""
        self._take_fonts()
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
        here = index.row() == self._view.currentIndex().row()
        whole: QRect = option.rect
        box = whole.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN - self._caption_height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_picture(painter, box, cell, colours)
        self._paint_signs(painter, box, cell, colours)
        self._paint_caption(painter, box, cell, colours, strong=here)
        if here or option.state & QStyle.StateFlag.State_Selected:
            paint_ring(painter, box, colours, strong=here)
        painter.restore()

    def _take_fonts(self) -> None:
        self._font, self._strong_font = font(SMALL), font(SMALL, strong=True)
        self._caption_height = QFontMetrics(self._strong_font).height() + GRID

    def _paint_picture(self, painter: QPainter, box: QRect, cell: Cell, colours: Colours) -> None:
        painter.fillPath(rounded(box), QColor(colours.hover))
        if cell.state is CellState.PROBLEM:
            paint_problem(painter, box, without_name(cell.problem), self._font, colours)
            return
        picture = self._model.thumbnails.get(cell.image_id)
        if picture is None:
            spot = QRect(0, 0, 24, 24)
            spot.moveCenter(box.center())
            draw_icon(painter, spot, "project", colours.strong_line)
            return
        stale = self._model.stale(cell)
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(
            box.topLeft(),
            self._faces.face(
                cell.image_id, picture, self._model.mask(cell.image_id), box.size(), ratio, stale
            ),
        )

    def _paint_signs(self, painter: QPainter, box: QRect, cell: Cell, colours: Colours) -> None:
        spot = QRectF(box.left() + 6, box.top() + 6, _DOT, _DOT)
        paint_state(painter, spot, cell.state)
        if self._model.says_why(cell):
            paint_reason(painter, box, cell.reason, self._font, colours)
        elif cell.doubt is not None and cell.state is not CellState.PROBLEM:
            paint_quality(painter, box, 1.0 - cell.doubt)

    def _paint_caption(
        self, painter: QPainter, box: QRect, cell: Cell, colours: Colours, *, strong: bool
    ) -> None:
        face = self._strong_font if strong else self._font
        line = QRect(box.left() + 2, box.bottom() + 4, box.width() - 4, self._caption_height - 2)
        elide = Qt.TextElideMode.ElideMiddle
        text = QFontMetrics(face).elidedText(cell.name, elide, line.width())
        painter.setFont(face)
        painter.setPen(QColor(colours.text if strong else colours.dim_text))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)


def without_name(sentence: str) -> str:
    """What is wrong, without the file's name, which stands below the cell already."""
    _, found, reason = sentence.partition("' cannot be read: ")
    return reason[:1].upper() + reason[1:] if found else sentence
