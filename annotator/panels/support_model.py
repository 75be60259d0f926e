"""The model of the support list: the marked images, what each does, all of it also in words."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from annotator.document.images import ImageId
from annotator.flows.support_report import SupportReport, SupportRow

ROW_ROLE = Qt.ItemDataRole.UserRole
LEAST = 0.005  # an effect that two digits show as nothing
MINUS = "\N{MINUS SIGN}"
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class SupportModel(QAbstractListModel):
    """Rows of a `SupportReport`; ``name_of`` tells the name of an image."""

    def __init__(self, name_of: Callable[[ImageId], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name_of = name_of
        self._rows: tuple[SupportRow, ...] = ()

    @property
    def rows(self) -> tuple[SupportRow, ...]:
        """All rows, as they are shown."""
        return self._rows

    def show_rows(self, rows: tuple[SupportRow, ...]) -> None:
        """Show these. Only what differs is told; a new image at the end moves nothing."""
        old, old_ids = self._rows, [row.image_id for row in self._rows]
        ids = [row.image_id for row in rows]
        if ids[: len(old)] != old_ids:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        self._rows = (*rows[: len(old)],)
        for place, (before, after) in enumerate(zip(old, self._rows, strict=True)):
            if before != after:
                self.tell(place)
        if len(rows) > len(old):
            self.beginInsertRows(QModelIndex(), len(old), len(rows) - 1)
            self._rows = rows
            self.endInsertRows()

    def tell(self, place: int) -> None:
        """A row looks different now, for instance because its picture has come."""
        index = self.index(place)
        self.dataChanged.emit(index, index)

    def place_of(self, image_id: ImageId) -> int | None:
        """Where an image stands."""
        places = (k for k, row in enumerate(self._rows) if row.image_id == image_id)
        return next(places, None)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """How many images."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row, the image's name, or the row in words."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        answers: Mapping[int, Callable[[], Any]] = {
            int(ROW_ROLE): lambda: row,
            int(Qt.ItemDataRole.DisplayRole): lambda: self._name_of(row.image_id),
            int(Qt.ItemDataRole.ToolTipRole): lambda: self._told(row, "\n"),
            int(Qt.ItemDataRole.AccessibleTextRole): lambda: self._told(row, ". "),
        }
        answer = answers.get(int(role))
        return answer() if answer else None

    def _told(self, row: SupportRow, between: str) -> str:
        return between.join((self._name_of(row.image_id), marks_text(row), effect_sentence(row)))


def marks_text(row: SupportRow) -> str:
    """How much is marked, and whether it counts."""
    marks = f"{row.cue_count:,} mark" + "s" * (row.cue_count != 1)
    return f"{marks}, muted: it teaches nothing" if row.muted else marks


def effect_text(effect: float) -> str:
    """An effect in four characters: '+.06', '−.01', and '±.00' for none to speak of."""
    if abs(effect) < LEAST:
        return "±.00"
    return f"{'+' if effect > 0 else MINUS}{abs(effect):.2f}".replace("0.", ".", 1)


def effect_sentence(row: SupportRow) -> str:
    """What leaving the image out would do; the sign is therefore the other one."""
    if row.effect is None:
        return "What it changes for the others is not known yet."
    verb = "Teaching with this image again" if row.muted else "Leaving this image out"
    change = row.effect if row.muted else -row.effect
    said = "by less than 0.01"
    if abs(change) >= LEAST:
        said = f"by {'+' if change > 0 else MINUS}{abs(change):.2f}"
    return f"{verb} changes the expected IoU of the others {said}."


def heading_text(report: SupportReport) -> str:
    """What the heading counts: images that teach, and their marks."""
    teaching = sum(not row.muted for row in report.rows)
    images = f"{teaching:,} image" + "s" * (teaching != 1)
    strokes = f"{report.stroke_count:,} stroke" + "s" * (report.stroke_count != 1)
    return f"Support · {images}, {strokes}"
