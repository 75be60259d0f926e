"""The gallery's model: cells in the order wished for, with thumbnails and live masks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage

from annotator.document.annotations import Bitmap
from annotator.document.classes import ClassId, ClassTable
from annotator.document.images import ImageId
from annotator.document.label_map import Labels
from annotator.document.label_reading import SmallLabels
from annotator.panels.gallery_cells import Cell, CellState, Order, Wish, spoken
from annotator.panels.gallery_masks import MaskShelf, colour_table, whole_labels
from annotator.panels.gallery_table import CellTable, Places
from annotator.panels.thumbnails import Thumbnails

CELL_ROLE = Qt.ItemDataRole.UserRole
REASONS_SHOWN = 3  # more of them would be a wall of words
Index = QModelIndex | QPersistentModelIndex


class GalleryModel(QStringListModel):
    """Rows are cells in the order of the `Wish`; everything else is looked up when painted.

    News of an image never moves it: ``order_aged`` tells that another order may be due, and
    whoever knows where the hand is calls `rearrange`.

    Rows are counted by a list of empty texts within Qt: a view asks for their number once for each
    of them, and laying out 100,000 takes 6 ms so, not 80.
    """

    order_aged = Signal()
    counts_changed = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.masks = MaskShelf()
        self._table = CellTable()
        self._order: Places = np.zeros(0, np.int32)  # row -> place
        self._rows: Places | None = None  # place -> row or -1; made when first needed
        self._lookup: npt.NDArray[np.uint8] = ClassTable().lookup()
        self._hidden: frozenset[ClassId] = frozenset()
        self._version = 0
        self.wish = Wish()
        thumbnails.ready.connect(self._on_picture)
        thumbnails.failed.connect(self.set_problem)

    # -- what Qt asks ----------------------------------------------------------------------------

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Cells can be chosen, and nothing else."""
        shown = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return shown if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The cell, its name, or the cell in words."""
        if not index.isValid() or index.row() >= len(self._order):
            return None
        if role == CELL_ROLE:
            return self.cell_at(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell_at(index.row()).name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(self.cell_at(index.row()), self._version)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(self.cell_at(index.row()), self._version)
        return None

    # -- what there is ---------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """All cells, shown or not."""
        return len(self._table)

    @property
    def version(self) -> int:
        """The support set of now."""
        return self._version

    def counts(self) -> dict[CellState, int]:
        """How many images are in each state, shown or not."""
        return self._table.counts()

    def cell(self, image_id: ImageId) -> Cell | None:
        """The cell of an image."""
        place = self._table.place(image_id)
        return None if place is None else self._table.cell(place)

    def cell_at(self, row: int) -> Cell:
        """The cell of a row."""
        return self._table.cell(int(self._order[row]))

    def image_at(self, row: int) -> ImageId:
        """The image of a row."""
        return self._table.image_id(int(self._order[row]))

    def row_of(self, image_id: ImageId) -> int | None:
        """The row of an image, or None where it is not shown."""
        if self._rows is None:
            self._rows = np.full(len(self._table), -1, np.int32)
            self._rows[self._order] = np.arange(len(self._order), dtype=np.int32)
        place = self._table.place(image_id)
        row = -1 if place is None else int(self._rows[place])
        return None if row < 0 else row

    def mask(self, image_id: ImageId) -> QImage | None:
        """The small class map as an indexed picture in the colours of now."""
        return self.masks.picture(image_id)

    def stale(self, cell: Cell) -> bool:
        """Whether the answer comes from an older support set than the one of now."""
        return cell.version is not None and cell.version < self._version

    def says_why(self, cell: Cell) -> bool:
        """Whether the reason of a cell is shown on it."""
        few = cell.rank is not None and cell.rank < REASONS_SHOWN
        return few and bool(cell.reason) and self.wish.order is Order.USEFUL

    def answered(self, image_ids: Iterable[ImageId]) -> int:
        """How many of these images have an answer."""
        places = (self._table.place(image_id) for image_id in image_ids)
        return sum(place is not None and self._table.is_answered(place) for place in places)

    def has_mask(self, image_id: ImageId) -> bool:
        """Whether there is an answer to show; evicted ones are to be asked for again."""
        return self.masks.has_answer(image_id)

    # -- which cells, in which order -------------------------------------------------------------

    def set_cells(self, cells: Sequence[Cell], *, carry_over: bool = False) -> None:
        """Other images; with ``carry_over`` those known already keep answers and ranks."""
        table = CellTable(cells)
        if carry_over:
            table.carry_over(self._table)
        else:
            self.masks.clear()
        self._table, self._order, self._rows = table, self._order[:0], None
        self._reset_to(self._arranged(None))
        self.counts_changed.emit()

    def set_wish(self, wish: Wish, *, first: ImageId | None = None) -> None:
        """Another order or filter; ``first`` leads the most useful ones."""
        self.wish = wish
        self._reset_to(self._arranged(first))

    def rearrange(self, *, first: ImageId | None = None) -> None:
        """Bring the rows into the order of now; ``first`` stays, even if it fits no longer."""
        self._reset_to(self._arranged(first, keep=True))

    def is_due(self, *, first: ImageId | None = None) -> bool:
        """Whether `rearrange` would move anything."""
        return not np.array_equal(self._arranged(first, keep=True), self._order)

    def learn_names(self) -> bool:
        """Prepare some more for sorting by name; True when ready. To be called while idle."""
        return self._table.learn_names()

    # -- news of images --------------------------------------------------------------------------

    def set_ranks(self, ranks: Mapping[ImageId, int], reasons: Mapping[ImageId, str]) -> None:
        """What is most useful next, and why."""
        self._table.set_ranks(ranks, reasons)
        self._touch_all()
        self.order_aged.emit()

    def set_answer(self, image_id: ImageId, classes: Labels, *, doubt: float, version: int) -> None:
        """The engine's answer: (H, W) uint8 class ids of any size, reduced here."""
        place = self._table.place(image_id)
        if place is None:
            return  # removed while the engine was thinking
        present = self.masks.put_answer(image_id, classes)
        self._table.set_answer(place, present, doubt=doubt, version=version)
        self._tell(image_id)

    def drop_answer(self, image_id: ImageId) -> None:
        """The engine says nothing of this image any more."""
        place = self._table.place(image_id)
        if place is not None:
            self.masks.drop_answer(image_id)
            self._table.drop_answer(place)
            self._tell(image_id)

    def set_labels(self, image_id: ImageId, classes: Labels, touched: Bitmap | None = None) -> None:
        """What was drawn or accepted lies over the answer.

        classes (H, W) uint8 ids; ``touched`` (H, W) bool where they are labels, None: everywhere.
        """
        self.put_labels(image_id, whole_labels(classes, touched))

    def put_labels(self, image_id: ImageId, labels: SmallLabels) -> None:
        """The same, small already."""
        place = self._table.place(image_id)
        if place is not None:
            self._table.set_label_classes(place, self.masks.put_labels(image_id, labels))
            self._touch(image_id)

    def drop_labels(self, image_id: ImageId) -> None:
        """The labels have changed; what was shown is not true any more."""
        place = self._table.place(image_id)
        if place is not None:
            self.masks.drop_labels(image_id)
            self._table.set_label_classes(place, ())
            self._touch(image_id)

    def set_label_classes(self, image_id: ImageId, classes: Iterable[ClassId]) -> None:
        """Which classes the labels of an image hold, where somebody else has counted them."""
        place = self._table.place(image_id)
        if place is not None:
            self._table.set_label_classes(place, classes)

    def set_state(self, image_id: ImageId, state: CellState) -> None:
        """How far an image has come; an untouched one with an answer is a proposed one."""
        place = self._table.place(image_id)
        if place is None:
            return
        cell = self._table.cell(place)
        if state is CellState.UNTOUCHED and cell.version is not None:
            state = CellState.PROPOSED
        if state is not cell.state:
            self._table.set_state(place, state, cell.problem)
            self._tell(image_id)

    def set_problem(self, image_id: ImageId, sentence: str) -> None:
        """Why nothing can be done with an image."""
        place = self._table.place(image_id)
        if place is not None:
            self._table.set_state(place, CellState.PROBLEM, sentence)
            self._tell(image_id)

    def set_version(self, version: int) -> None:
        """The support set of now: older answers are dimmed from here on."""
        if version != self._version:
            self._version = version
            self._touch_all()

    def set_classes(self, classes: ClassTable, hidden: Iterable[ClassId] | None = None) -> None:
        """Other colours, or classes hidden; masks stay and are only coloured anew.

        Without ``hidden`` those stay hidden that are.
        """
        self._hidden = self._hidden if hidden is None else frozenset(hidden)
        self._lookup = classes.lookup()
        self.masks.set_colours(colour_table(classes, self._hidden))
        self._touch_all()

    # -- inside ----------------------------------------------------------------------------------

    def _arranged(self, first: ImageId | None, *, keep: bool = False) -> Places:
        wish = self.wish
        if wish.classes:  # cells know classes as they were stored, a wish those of now
            stored = np.flatnonzero(np.isin(self._lookup, list(wish.classes)))
            wish = replace(wish, classes=frozenset(ClassId(int(k)) for k in stored))
        place = None if first is None else self._table.place(first)
        return self._table.arranged(wish, first=place, keep=keep)

    def _reset_to(self, order: Places) -> None:
        if len(order) != self.rowCount():
            self._order, self._rows = order, None
            self.setStringList([""] * len(order))  # a reset of its own
            return
        self.beginResetModel()
        self._order, self._rows = order, None
        self.endResetModel()

    def _tell(self, image_id: ImageId) -> None:
        self._touch(image_id)
        self.counts_changed.emit()
        if self.wish.order in (Order.DOUBT, Order.STATE) or self.wish.narrows:
            self.order_aged.emit()

    def _touch(self, image_id: ImageId) -> None:
        row = self.row_of(image_id)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index)

    def _touch_all(self) -> None:
        if len(self._order):
            self.dataChanged.emit(self.index(0), self.index(len(self._order) - 1))

    def _on_picture(self, number: int) -> None:
        self._touch(ImageId(number))


def tooltip(cell: Cell, newest_version: int) -> str:
    """A cell in words, a line each, with the folder the file lies in."""
    where = f"{cell.folder}/{cell.name}" if cell.folder else cell.name
    rest = spoken(cell, newest_version).removeprefix(f"{cell.name}, ")
    return f"{where}\n{rest}"
