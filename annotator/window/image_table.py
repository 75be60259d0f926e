"""The table of images: name, size, and what is wrong, for projects of any length."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from annotator.document.images import ImageEntry, ImageId
from annotator.look.colours import colours_of
from annotator.look.measures import GRID

COLUMNS = ("Name", "Size", "State")
ROW_HEIGHT = 26
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ImageModel(QAbstractTableModel):
    """Entries with a word on the state of each."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[ImageEntry] = ()
        self._labelled: frozenset[ImageId] = frozenset()
        self._marked: frozenset[ImageId] = frozenset()
        self.problem_ink = QColor()

    def show_entries(
        self,
        entries: Sequence[ImageEntry],
        labelled: frozenset[ImageId],
        marked: frozenset[ImageId],
    ) -> None:
        """Other rows."""
        self.beginResetModel()
        self._entries, self._labelled, self._marked = entries, labelled, marked
        self.endResetModel()

    def image_id(self, row: int) -> ImageId:
        """The image in a row."""
        return self._entries[row].image_id

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802, D102 - Qt's name
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802, D102 - Qt's name
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802, D102 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        shown = role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal
        return COLUMNS[section] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: D102
        entry = self._entries[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(entry, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and entry.problem and index.column() == 2:
            return self.problem_ink
        return None

    def _text(self, entry: ImageEntry, column: int) -> str:
        if column == 0:
            return f"{entry.path} · {entry.page + 1}" if entry.page else entry.path
        if column == 1:
            return f"{entry.width} x {entry.height}" if entry.width else ""
        if entry.problem is not None:
            return entry.problem
        if entry.image_id in self._labelled:
            return "labelled"
        return "has marks" if entry.image_id in self._marked else ""


class ImageTable(QTableView):
    """Rows that are chosen with mouse or keyboard, several at a time; Delete asks to remove."""

    remove_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.entries = ImageModel()
        self.setModel(self.entries)
        self.setAccessibleName("Images of the project")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(
            max(ROW_HEIGHT, self.fontMetrics().height() + GRID)
        )
        across = self.horizontalHeader()
        across.setHighlightSections(False)
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        across.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        across.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        across.resizeSection(0, 280)
        across.resizeSection(1, 110)

    def show_entries(
        self,
        entries: Sequence[ImageEntry],
        labelled: frozenset[ImageId],
        marked: frozenset[ImageId],
    ) -> None:
        """Other rows; what was chosen is let go."""
        self.entries.problem_ink = QColor(colours_of(self.palette()).warn)
        self.entries.show_entries(entries, labelled, marked)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102 - Qt's name
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wished.emit()
        else:
            super().keyPressEvent(event)

    def chosen(self) -> tuple[ImageId, ...]:
        """The images of the chosen rows."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return tuple(self.entries.image_id(row) for row in rows)
