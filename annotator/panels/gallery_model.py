"""The gallery's model: cells in the order wished for, with thumbnails and live masks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, qRgba

from annotator.document.classes import BACKGROUND, IGNORE, ClassId, ClassTable
from annotator.document.images import ImageId
from annotator.panels.gallery_cells import Cell, CellState, Wish, arranged, spoken
from annotator.panels.thumbnails import ByteCache, Thumbnails, small_classes

CELL_ROLE = Qt.ItemDataRole.UserRole
MASK_LIMIT_BYTES = 96 << 20
MASK_OPACITY = 0.5
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class GalleryModel(QAbstractListModel):
    """Rows are cells in the order of the `Wish`; everything else is looked up when painted."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self._cells: list[Cell] = []
        self._order: list[int] = []
        self._place: dict[ImageId, int] = {}  # image -> index in cells
        self._row: dict[int, int] = {}  # index in cells -> row; made when first needed
        self._masks: ByteCache[QImage] = ByteCache(MASK_LIMIT_BYTES)
        self._colours = colour_table(ClassTable(), frozenset())
        self._version = 0
        self.wish = Wish()
        thumbnails.ready.connect(self._on_picture)
        thumbnails.failed.connect(self._on_failed)

    # -- what Qt asks ----------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """How many cells are shown."""
        return 0 if parent.isValid() else len(self._order)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The cell, its name, or the cell in words."""
        if not index.isValid() or index.row() >= len(self._order):
            return None
        cell = self._cells[self._order[index.row()]]
        if role == CELL_ROLE:
            return cell
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return spoken(cell)
        return None

    # -- what there is ---------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """All cells, shown or not."""
        return len(self._cells)

    @property
    def colours(self) -> list[int]:
        """256 colours of masks, as Qt's ARGB."""
        return self._colours

    def cell(self, image_id: ImageId) -> Cell | None:
        """The cell of an image."""
        place = self._place.get(image_id)
        return None if place is None else self._cells[place]

    def cell_at(self, row: int) -> Cell:
        """The cell of a row."""
        return self._cells[self._order[row]]

    def row_of(self, image_id: ImageId) -> int | None:
        """The row of an image, or None where it is not shown."""
        if not self._row and self._order:
            self._row = {place: row for row, place in enumerate(self._order)}
        place = self._place.get(image_id)
        return None if place is None else self._row.get(place)

    def mask(self, image_id: ImageId) -> QImage | None:
        """The small class map as an indexed picture in the colours of now."""
        found = self._masks.get(image_id)
        if found is not None and found.colorTable() != self._colours:
            found.setColorTable(self._colours)
        return found

    def stale(self, cell: Cell) -> bool:
        """Whether the answer comes from an older support set than the one of now."""
        return cell.version is not None and cell.version < self._version

    # -- what changes ----------------------------------------------------------------------------

    def set_cells(self, cells: Sequence[Cell]) -> None:
        """Other images altogether."""
        self.beginResetModel()
        self._cells = list(cells)
        self._place = {cell.image_id: k for k, cell in enumerate(self._cells)}
        self._rearrange()
        self.endResetModel()

    def set_wish(self, wish: Wish) -> None:
        """Another order or filter."""
        self.beginResetModel()
        self.wish = wish
        self._rearrange()
        self.endResetModel()

    def set_ranks(self, ranks: Mapping[ImageId, int], reasons: Mapping[ImageId, str]) -> None:
        """What is most useful next, and why; the order follows."""
        self.set_cells(
            [
                replace(
                    cell,
                    rank=ranks.get(cell.image_id),
                    reason=reasons.get(cell.image_id, ""),
                )
                for cell in self._cells
            ]
        )

    def update_cell(self, cell: Cell) -> None:
        """One image has news. It keeps its row until the order is asked for again."""
        place = self._place[cell.image_id]
        if self._cells[place] == cell:
            return
        self._cells[place] = cell
        self._touch(cell.image_id)

    def set_answer(
        self, image_id: ImageId, classes: npt.NDArray[np.uint8], *, doubt: float, version: int
    ) -> None:
        """The engine's answer: (H, W) uint8 class ids of any size, reduced here."""
        cell = self.cell(image_id)
        if cell is None:
            return  # removed while the engine was thinking
        small = small_classes(classes)
        present = frozenset(ClassId(int(k)) for k in np.unique(small)) - {BACKGROUND, IGNORE}
        self._keep_mask(image_id, small)
        proposed = CellState.PROPOSED if cell.state is CellState.UNTOUCHED else cell.state
        self._cells[self._place[image_id]] = replace(
            cell, state=proposed, doubt=doubt, classes=present, version=version
        )
        self._touch(image_id)

    def set_labels(self, image_id: ImageId, classes: npt.NDArray[np.uint8]) -> None:
        """What was accepted, shown in place of an answer: (H, W) uint8 visible class ids."""
        if image_id in self._place:
            self._keep_mask(image_id, small_classes(classes))
            self._touch(image_id)

    def has_mask(self, image_id: ImageId) -> bool:
        """Whether there is a mask to show; evicted ones are to be asked for again."""
        return self._masks.get(image_id) is not None

    def set_version(self, version: int) -> None:
        """The support set of now: older answers are dimmed from here on."""
        if version != self._version:
            self._version = version
            self._touch_all()

    def set_classes(self, classes: ClassTable, hidden: Iterable[ClassId] = ()) -> None:
        """Other colours, or classes hidden; masks stay and are only coloured anew."""
        self._colours = colour_table(classes, frozenset(hidden))
        self._touch_all()

    def _keep_mask(self, image_id: ImageId, small: npt.NDArray[np.uint8]) -> None:
        height, width = small.shape
        view = QImage(small.tobytes(), width, height, width, QImage.Format.Format_Indexed8)
        mask = view.copy()  # owns its bytes from here on
        mask.setColorTable(self._colours)
        self._masks.put(image_id, mask, mask.sizeInBytes())

    def _rearrange(self) -> None:
        self._order = arranged(self._cells, self.wish)
        self._row = {}

    def _touch(self, image_id: ImageId) -> None:
        row = self.row_of(image_id)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index)

    def _touch_all(self) -> None:
        if self._order:
            self.dataChanged.emit(self.index(0), self.index(len(self._order) - 1))

    def _on_picture(self, number: int) -> None:
        self._touch(ImageId(number))

    def _on_failed(self, number: int, problem: str) -> None:
        cell = self.cell(ImageId(number))
        if cell is not None:
            self.update_cell(replace(cell, state=CellState.PROBLEM, problem=problem))


def colour_table(classes: ClassTable, hidden: frozenset[ClassId]) -> list[int]:
    """256 ARGB colours for stored ids: merged ones as their target, all that is hidden clear."""
    alpha = round(255 * MASK_OPACITY)
    shown = {row.class_id: row.colour for row in classes if row.class_id not in hidden}
    lookup = classes.lookup()
    colours = (shown.get(ClassId(int(lookup[k]))) for k in range(256))
    return [qRgba(0, 0, 0, 0) if c is None else qRgba(*c, alpha) for c in colours]
