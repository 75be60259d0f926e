"""The queue of a review: a slim list with thumbnails, names, and why each image should be seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QWidget
from PySide6.QtWidgets import QStyleOptionViewItem as Option

from annotator.document.images import ImageId
from annotator.look.colours import Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, GRID, RADIUS, SMALL, font
from annotator.panels.thumbnails import Thumbnails
from annotator.window.review_order import Verdict

PICTURE = QSize(72, 54)
SIGN = 16
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
VERDICT_WORDS = {Verdict.ACCEPTED: "accepted", Verdict.REJECTED: "rejected"}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One image: its name, a few words on why or what became of it, and the verdict."""

    image_id: ImageId
    name: str
    why: str = ""
    verdict: Verdict | None = None


Describe = Callable[[ImageId], QueueRow]


class QueueModel(QAbstractListModel):
    """Images in an order; what is said of each is asked for only when it is on screen."""

    def __init__(self, describe: Describe, parent: QObject) -> None:
        super().__init__(parent)
        self._describe = describe
        self._ids: tuple[ImageId, ...] = ()
        self._places: dict[ImageId, int] = {}

    def show_ids(self, image_ids: Sequence[ImageId]) -> None:
        """Another order; nothing happens where it is the same."""
        if tuple(image_ids) == self._ids:
            return
        self.beginResetModel()
        self._ids = tuple(image_ids)
        self._places = {image_id: place for place, image_id in enumerate(self._ids)}
        self.endResetModel()

    def row(self, place: int) -> QueueRow:
        """One row."""
        return self._describe(self._ids[place])

    def place_of(self, image_id: ImageId) -> int | None:
        """Where an image stands."""
        return self._places.get(image_id)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802, D102 - Qt's name
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: D102
        row = self.row(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            said = VERDICT_WORDS[row.verdict] if row.verdict else row.why
            return f"{row.name}, {said}" if said else row.name
        return None


class ReviewQueue(QListView):
    """``image_chosen`` when a person picks a row."""

    image_chosen = Signal(int)

    def __init__(self, thumbnails: Thumbnails, describe: Describe) -> None:
        super().__init__()
        self.rows = QueueModel(describe, self)
        self.setAccessibleName("Images to review")
        self.setModel(self.rows)
        self.setItemDelegate(_QueueDelegate(self.rows, thumbnails, self))
        self.setUniformItemSizes(True)
        self.setAutoScroll(False)  # Qt's own looks at every row there is; see _reveal
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._quiet = False
        self.selectionModel().currentChanged.connect(self._on_current)
        thumbnails.ready.connect(lambda _image_id: self.viewport().update())

    def show_ids(self, image_ids: Sequence[ImageId], current: ImageId | None) -> None:
        """Another order, with the person at one of them."""
        self._quiet = True
        self.rows.show_ids(image_ids)
        self.viewport().update()  # for the words of the rows, which nobody else tells of
        self.choose(current)
        self._quiet = False

    def choose(self, image_id: ImageId | None) -> None:
        """Go to an image; nothing is told of it."""
        place = None if image_id is None else self.rows.place_of(image_id)
        before, self._quiet = self._quiet, True
        self.setCurrentIndex(self.rows.index(place) if place is not None else QModelIndex())
        self._quiet = before
        if place is not None:
            self._reveal(place)

    def _reveal(self, place: int) -> None:
        """Scroll as little as needed; all rows have one height."""
        self.executeDelayedItemsLayout()
        height, bar = self.sizeHintForRow(place), self.verticalScrollBar()
        least = (place + 1) * height - self.viewport().height()
        bar.setValue(min(max(bar.value(), least), place * height))

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid() and not self._quiet:
            self._reveal(index.row())
            self.image_chosen.emit(self.rows.row(index.row()).image_id)


class _QueueDelegate(QStyledItemDelegate):
    def __init__(self, rows: QueueModel, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows, self._thumbnails = rows, thumbnails

    def sizeHint(self, _option: Option, _index: Index) -> QSize:  # noqa: N802 - Qt's name
        lines = QFontMetrics(font(BODY)).height() + 2 * QFontMetrics(font(SMALL)).height()
        return QSize(160, max(PICTURE.height(), lines + GRID) + 2 * GRID)

    def paint(self, painter: QPainter, option: Option, index: Index) -> None:
        row = self._rows.row(index.row())
        colours = colours_of(option.palette)
        box: QRect = option.rect
        inner = box.adjusted(GRID, 1, -GRID, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_ground(painter, inner, option, colours)
        picture = QRect(inner.left() + GRID, 0, PICTURE.width(), PICTURE.height())
        picture.moveTop(inner.center().y() - PICTURE.height() // 2)
        self._paint_picture(painter, picture, row, colours)
        left = picture.right() + GAP + 2
        self._paint_words(painter, inner.adjusted(left - inner.left(), 0, -GAP, 0), row, colours)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, box: QRect, option: Option, colours: Colours
    ) -> None:
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if not chosen and not state & QStyle.StateFlag.State_MouseOver:
            return
        focused = chosen and bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(QColor(colours.accent_text), 1) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.chosen if chosen else colours.hover))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)

    def _paint_picture(
        self, painter: QPainter, box: QRect, row: QueueRow, colours: Colours
    ) -> None:
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(box), GRID, GRID)
        painter.fillPath(rounded, QColor(colours.background))
        image = self._thumbnails.get(row.image_id)
        if image is None:
            return
        scale = max(box.width() / image.width(), box.height() / image.height())
        place = QRectF(0, 0, image.width() * scale, image.height() * scale)
        place.moveCenter(QRectF(box).center())
        painter.save()
        painter.setClipPath(rounded)
        painter.setOpacity(0.45 if row.verdict else 1.0)
        painter.drawImage(place, image)
        painter.restore()

    def _paint_words(self, painter: QPainter, box: QRect, row: QueueRow, colours: Colours) -> None:
        name, small = QFontMetrics(font(BODY)), QFontMetrics(font(SMALL))
        top = box.center().y() - (name.height() + 2 * small.height()) // 2
        painter.setFont(font(BODY))
        painter.setPen(QColor(colours.dim_text if row.verdict else colours.text))
        shown = name.elidedText(row.name, Qt.TextElideMode.ElideMiddle, box.width())
        painter.drawText(box.left(), top + name.ascent(), shown)
        under = QRect(box.left(), top + name.height(), box.width(), 2 * small.height())
        painter.setFont(font(SMALL))
        if row.verdict is not None:
            good = row.verdict is Verdict.ACCEPTED
            ink = colours.good if good else colours.warn
            sign = QRect(under.left(), under.top(), SIGN, small.height())
            draw_icon(painter, sign, "accept" if good else "reject", ink)
            painter.setPen(QColor(ink))
            words = under.adjusted(SIGN + GRID, 0, 0, 0)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignTop), VERDICT_WORDS[row.verdict])
            return
        painter.setPen(QColor(colours.dim_text))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        painter.drawText(under, int(flags), row.why)
