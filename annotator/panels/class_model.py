"""The model of the class list: live classes in order, with what only this window knows of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from annotator.document.classes import BACKGROUND, ClassId, ClassTable, Colour

LINE_ROLE = Qt.ItemDataRole.UserRole
BACKGROUND_COLOUR: Colour = (96, 102, 110)
_MIME = "application/x-annotator-class-row"
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One line of the list.

    ``share`` of all labelled pixels and their number ``pixels``, None before anything was counted;
    ``takes_in`` names classes that were merged into this one: their pixels wear its colour.
    """

    class_id: ClassId
    name: str
    colour: Colour
    hotkey: str
    hidden: bool
    locked: bool
    share: float | None
    pixels: int | None = None
    takes_in: tuple[str, ...] = ()

    @property
    def is_background(self) -> bool:
        """Whether it is the last line, which can be chosen and nothing else."""
        return self.class_id == BACKGROUND


class ClassModel(QAbstractListModel):
    """Lines of classes, background last. What a person asks for is told, never done here."""

    rename_wished = Signal(int, str)
    order_wished = Signal(tuple)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[ClassLine, ...] = ()

    @property
    def lines(self) -> tuple[ClassLine, ...]:
        """All lines, background included."""
        return self._lines

    def show_lines(self, lines: Sequence[ClassLine]) -> None:
        """Show these; the same classes in the same order keep selection and scroll place."""
        same = [line.class_id for line in lines] == [line.class_id for line in self._lines]
        if not same:
            self.beginResetModel()
        before, self._lines = self._lines, tuple(lines)
        if not same:
            self.endResetModel()
            return
        for place, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(place), self.index(place))

    def row_of(self, class_id: ClassId) -> int | None:
        """The row of a class."""
        rows = (k for k, line in enumerate(self._lines) if line.class_id == class_id)
        return next(rows, None)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """How many lines."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The line, its name, or the line in words."""
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        line = self._lines[index.row()]
        answers: Mapping[int, Callable[[], Any]] = {
            int(LINE_ROLE): lambda: line,
            int(Qt.ItemDataRole.DisplayRole): lambda: line.name,
            int(Qt.ItemDataRole.EditRole): lambda: line.name,
            int(Qt.ItemDataRole.ToolTipRole): lambda: line_tip(line),
            int(Qt.ItemDataRole.AccessibleTextRole): lambda: spoken_line(line),
        }
        answer = answers.get(int(role))
        return answer() if answer else None

    def setData(  # noqa: N802 - Qt's name
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Ask for another name; the list changes when the document has."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        line = self._lines[index.row()]
        if str(value).strip() != line.name:
            self.rename_wished.emit(line.class_id, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Everything but background can be renamed and dragged."""
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        chosen = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemNeverHasChildren
        if self._lines[index.row()].is_background:
            return chosen
        return chosen | flag.ItemIsEditable | flag.ItemIsDragEnabled

    # -- dragging --------------------------------------------------------------------------------

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802, D102 - Qt's name
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: N802, D102 - Qt's name
        return [_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802, D102 - Qt's name
        data = QMimeData()
        data.setData(_MIME, str(indexes[0].row()).encode())
        return data

    def dropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, _parent: Index
    ) -> bool:
        """Ask for another order. Says False, for Qt would remove the row that was dragged."""
        if row >= 0 and data.hasFormat(_MIME):
            self.wish_move(int(bytes(data.data(_MIME).data())), row)
        return False

    def wish_move(self, source: int, before: int) -> None:
        """Ask that the class in row ``source`` come to stand before row ``before``."""
        ids = [line.class_id for line in self._lines if not line.is_background]
        if not 0 <= source < len(ids):
            return
        moved = moved_before(ids, source, before)
        if moved != tuple(ids):
            self.order_wished.emit(moved)


def moved_before(ids: Sequence[ClassId], source: int, before: int) -> tuple[ClassId, ...]:
    """The ids with the one at ``source`` put in front of what stands at ``before``."""
    rest = [class_id for k, class_id in enumerate(ids) if k != source]
    place = max(0, min(len(rest), before - (source < before)))
    return (*rest[:place], ids[source], *rest[place:])


def lines_of(
    classes: ClassTable,
    pixels: Mapping[ClassId, int],
    hidden: frozenset[ClassId],
    locked: frozenset[ClassId],
) -> tuple[ClassLine, ...]:
    """The lines of a table: hotkeys 1 to 9 in display order, shares among the classes' pixels."""
    total = sum(pixels.get(row.class_id, 0) for row in classes)
    merged = merged_names(classes)
    lines = [
        ClassLine(
            row.class_id,
            row.name,
            row.colour,
            hotkey=str(place) if place <= 9 else "",
            hidden=row.class_id in hidden,
            locked=row.class_id in locked,
            share=pixels.get(row.class_id, 0) / total if total else None,
            pixels=pixels.get(row.class_id, 0) if pixels else None,
            takes_in=merged.get(row.class_id, ()),
        )
        for place, row in enumerate(classes, start=1)
    ]
    background = ClassLine(
        BACKGROUND, "background", BACKGROUND_COLOUR, "0", hidden=False, locked=False, share=None,
        pixels=pixels.get(BACKGROUND),
    )  # fmt: skip
    return (*lines, background) if lines else ()


def merged_names(classes: ClassTable) -> dict[ClassId, tuple[str, ...]]:
    """Live class -> names of the classes that were merged into it, directly or by way of others."""
    names: dict[ClassId, tuple[str, ...]] = {}
    for row in classes.rows:
        target = classes.resolve(row.class_id) if row.merged_into is not None else None
        if target is not None:
            names[target] = (*names.get(target, ()), row.name)
    return names


def count_text(count: int) -> str:
    """A number in at most six characters: '412', '12.3 k', '4.1 M', '2.0 G'."""
    if count < 1000:
        return str(count)
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        value = count / size
        if value >= 0.99995:  # 999,950 is 1.0 M, not 1000.0 k
            return f"{value:.1f} {letter}" if value < 99.95 else f"{value:.0f} {letter}"
    return str(count)


def line_tip(line: ClassLine) -> str:
    """What a line shows in short, in full."""
    parts = [line.name]
    if line.pixels is not None:
        share = "" if line.share is None else f", {line.share:.1%} of all classes"
        parts.append(f"{count_text(line.pixels)} labelled pixels ({line.pixels:,}){share}")
    if line.takes_in:
        parts.append("Takes in " + ", ".join(f"'{name}'" for name in line.takes_in))
    return "\n".join(parts)


def spoken_line(line: ClassLine) -> str:
    """A line in words, for screen readers."""
    parts = [line.name]
    if line.hotkey:
        parts.append(f"key {line.hotkey}")
    if line.share is not None:
        parts.append(f"{line.share:.0%} of labelled pixels")
    if line.takes_in:
        parts.append("takes in " + " and ".join(line.takes_in))
    parts += ["hidden"] * line.hidden + ["locked"] * line.locked
    return ", ".join(parts)
