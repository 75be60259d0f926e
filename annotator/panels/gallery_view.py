"""The gallery's grid: equal cells that fill the width, walked with the keyboard."""

from time import monotonic

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from annotator.look.measures import GAP
from annotator.look.pieces import push_button
from annotator.panels.gallery_delegate import GalleryDelegate
from annotator.panels.gallery_model import GalleryModel

SETTLE_MS = 40  # scrolling must come to rest before the engine is told where
HAND_REST_S = 1.5  # after the last key or the pointer's leaving nobody is about to press a cell
_RANGES_KEPT = 500  # of selected rows when the order changes: testing them costs time
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class GalleryView(QListView):
    """``settled`` says that scrolling came to rest; ``opened`` that a person wants this image."""

    settled = Signal()
    opened = Signal(QModelIndex)

    def __init__(self, model: GalleryModel, least_cell: int) -> None:
        super().__init__()
        self.setAccessibleName("Images")
        self._least_cell = least_cell
        self._delegate = GalleryDelegate(model, self)
        self._hovered = False
        self._last_hand = -HAND_REST_S
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        # Wrapped list, not icon mode: that one keeps a search tree of all items, slow at 100,000.
        self.setViewMode(QListView.ViewMode.ListMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._rest = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._rest.timeout.connect(self.settled)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._rest.start())
        model.modelReset.connect(self._rest.start)
        self.doubleClicked.connect(self.opened)
        self.new_order = push_button("New order", lambda: None, icon_name="sort")
        self.new_order.setParent(self)
        self.new_order.setAccessibleName("Show the images in their new order")
        self.new_order.hide()

    def settle_soon(self) -> None:
        """Look at what is on screen again, for something of it may have changed."""
        self._rest.start()

    # -- where things are ------------------------------------------------------------------------

    def set_least_cell(self, width: int) -> None:
        """How narrow a cell may become before there is a column less."""
        self._least_cell = width
        self._fit()

    def columns(self) -> int:
        """Cells side by side."""
        return max(1, self.viewport().width() // self._least_cell)

    def visible_rows(self) -> range:
        """Rows of the model that are at least partly on screen."""
        count = self.model().rowCount()
        cell = self._delegate.cell_size
        if not count or cell.height() <= 0:
            return range(0)
        top = self.verticalScrollBar().value()
        first_line, last_line = top // cell.height(), -(-(top + self._height()) // cell.height())
        start = min(count, first_line * self.columns())
        return range(start, min(count, last_line * self.columns()))

    def offset_of(self, row: int) -> int | None:
        """How far below the upper edge a row lies; None where it is not on screen at all."""
        height = self._delegate.cell_size.height()
        offset = row // self.columns() * height - self.verticalScrollBar().value()
        return offset if -height < offset < self._height() else None

    def scroll_row_to(self, row: int, offset: int) -> None:
        """Scroll so that a row lies so far below the upper edge, as nearly as possible."""
        self.executeDelayedItemsLayout()  # the bar must know how far it goes
        self.verticalScrollBar().setValue(
            row // self.columns() * self._delegate.cell_size.height() - offset
        )

    # -- the hand --------------------------------------------------------------------------------

    def hand_is_on(self) -> bool:
        """Whether a person may be about to press what lies where it lies now."""
        return self._hovered or monotonic() - self._last_hand < HAND_REST_S

    def note_hand(self) -> None:
        """A person did something here just now."""
        self._last_hand = monotonic()

    def selected_rows(self) -> list[int]:
        """Every chosen row, in order."""
        ranges = self.selectionModel().selection()
        parts = (ranges.at(number) for number in range(ranges.size()))
        return sorted(row for part in parts for row in range(part.top(), part.bottom() + 1))

    def select_rows(self, rows: list[int]) -> None:
        """Choose these besides the current one; too scattered a choice is let go."""
        selection = QItemSelection()
        for first, last in runs(rows)[: _RANGES_KEPT + 1]:
            selection.select(self.model().index(first, 0), self.model().index(last, 0))
        if selection.size() <= _RANGES_KEPT:
            self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)

    # -- what Qt asks ----------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102 - Qt's name
        self.note_hand()
        if event.key() in _ENTER and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
        elif event.text().isprintable() and event.text() and not event.text().isspace():
            # Letters are keys of the page. Qt would walk 100,000 names for one.
            event.ignore()
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: D102 - Qt's name
        if event.type() == QEvent.Type.Enter:
            self._hovered = True
        elif event.type() == QEvent.Type.Leave:
            self._hovered = False
            self.note_hand()
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102 - Qt's name
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit(anew=True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        self._fit()
        super().resizeEvent(event)
        hint = self.new_order.sizeHint()
        self.new_order.setGeometry(
            (self.viewport().width() - hint.width()) // 2, GAP, hint.width(), hint.height()
        )
        self._rest.start()

    def _fit(self, *, anew: bool = False) -> None:
        # One pixel less than there is: a line that is full to the last one would be wrapped.
        width = (self.viewport().width() - 1) // self.columns()
        if anew or width != self._delegate.cell_size.width():
            self._delegate.set_width(width)
        self.setGridSize(self._delegate.cell_size)

    def _height(self) -> int:
        return self.viewport().height()


def runs(rows: list[int]) -> list[tuple[int, int]]:
    """Ascending rows as runs of neighbours: (first, last) each."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = found[-1][0], row
        else:
            found.append((row, row))
    return found
