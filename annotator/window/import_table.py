"""The table of an import: what each pixel value of the label images shall become."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from annotator.document.classes import Colour
from annotator.flows.import_plan import AS_BACKGROUND, AS_IGNORE, ValueRow
from annotator.look.colours import colours_of
from annotator.look.measures import BODY, GAP, GRID, PAD, SMALL, figures_font
from annotator.look.pieces import words
from annotator.look.style import set_kind
from annotator.window.fields import DropList

FIELD_WIDTH = 260
SETTLE_MS = 250  # typing a name must come to rest before the pictures follow


class Swatch(QWidget):
    """A small square in a class's colour; empty for what gets no class."""

    def __init__(self) -> None:
        super().__init__()
        self._colour: Colour | None = None
        self.setFixedSize(3 * GRID, 3 * GRID)

    def show_colour(self, colour: Colour | None) -> None:
        """Another colour."""
        self._colour = colour
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours_of(self.palette()).strong_line))
        if self._colour is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*self._colour))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 3, 3)
        painter.end()


class ImportTable(QFrame):
    """One line per value; ``changed`` when a meaning was chosen or typed."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        set_kind(self, "card")
        self.setAccessibleName("What the pixel values mean")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(PAD + GRID, PAD, PAD + GRID, PAD)
        self._grid.setHorizontalSpacing(2 * GAP)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnStretch(4, 1)
        self.fields: dict[int, DropList] = {}
        self._swatches: dict[int, Swatch] = {}
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.changed)

    def show_rows(self, rows: Sequence[ValueRow], class_names: Sequence[str]) -> None:
        """Other values; the names are offered besides anything that is typed."""
        self._clear()
        self._head()
        total = max(1, sum(row.pixels for row in rows))
        for line, row in enumerate(rows, start=1):
            self._add_line(line, row, row.pixels / total, class_names)

    def meanings(self) -> dict[int, str]:
        """Pixel value -> class name, AS_IGNORE or AS_BACKGROUND."""
        return {value: field.currentText().strip() for value, field in self.fields.items()}

    def show_colours(self, colours: Mapping[int, Colour]) -> None:
        """The colour of each value that becomes a class."""
        for value, swatch in self._swatches.items():
            swatch.show_colour(colours.get(value))

    def _clear(self) -> None:
        self._settle.stop()
        self.fields.clear()
        self._swatches.clear()
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()

    def _head(self) -> None:
        for column, text in ((1, "Value"), (2, "Pixels"), (3, "Images"), (4, "Becomes")):
            label = words(text, pixels=SMALL, wrap=False)
            right = Qt.AlignmentFlag.AlignRight if column < 4 else Qt.AlignmentFlag.AlignLeft
            label.setAlignment(right)
            self._grid.addWidget(label, 0, column)

    def _add_line(self, line: int, row: ValueRow, share: float, class_names: Sequence[str]) -> None:
        swatch = self._swatches[row.value] = Swatch()
        self._grid.addWidget(swatch, line, 0)
        figures = (str(row.value), _percent(share), f"{row.images:,}")
        for column, text in enumerate(figures, start=1):
            label = QLabel(text)
            label.setFont(figures_font(BODY))
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(label, line, column)
        field = self.fields[row.value] = _field(row, class_names)
        field.currentTextChanged.connect(lambda _text: self._settle.start())
        self._grid.addWidget(field, line, 4, Qt.AlignmentFlag.AlignLeft)


def _field(row: ValueRow, class_names: Sequence[str]) -> DropList:
    field = DropList(editable=True)
    offered = dict.fromkeys((row.meaning, *class_names, AS_BACKGROUND, AS_IGNORE))
    field.addItems(list(offered))
    field.setCurrentText(row.meaning)
    field.setFixedWidth(FIELD_WIDTH)
    field.setAccessibleName(f"Value {row.value} becomes")
    return field


def _percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"
