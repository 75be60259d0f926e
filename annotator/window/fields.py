"""Fields that Fusion draws too faintly on a dark ground: a tick box and a list that drops down."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QComboBox

from annotator.look.colours import colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, GRID, TARGET, font
from annotator.look.style import set_kind

BOX = 16
ARROW = 16


class Tick(QCheckBox):
    """A tick box in the colours of the palette."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        width = QFontMetrics(font(BODY)).horizontalAdvance(self.text())
        return QSize(BOX + GAP + width + GRID, max(TARGET, QFontMetrics(font(BODY)).height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0.5, (self.height() - BOX) / 2 + 0.5, BOX - 1, BOX - 1)
        line = colours.accent_text if self.hasFocus() else colours.dim_text
        ground = colours.accent if self.isChecked() else colours.raised
        if not self.isEnabled():
            line, ground = colours.line, colours.panel
        painter.setPen(QPen(QColor(line), 1.5 if self.hasFocus() else 1.0))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(box, GRID, GRID)
        if self.isChecked():
            ink = colours.on_accent if self.isEnabled() else colours.strong_line
            draw_icon(painter, box.adjusted(1, 1, -1, -1).toRect(), "accept", ink)
        painter.setFont(font(BODY))
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.strong_line))
        words = QRect(BOX + GAP, 0, self.width() - BOX - GAP, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class DropList(QComboBox):
    """A list that drops down, with our arrow; editable ones show their text as a line to type."""

    def __init__(self, *, editable: bool = False) -> None:
        super().__init__()
        set_kind(self, "drop-list")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setEditable(editable)
        line = self.lineEdit()
        if line is not None:
            set_kind(line, "bare")
            self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        super().paintEvent(event)
        colours = colours_of(self.palette())
        painter = QPainter(self)
        ink = colours.dim_text if self.isEnabled() else colours.strong_line
        box = QRect(self.width() - ARROW - GRID, 0, ARROW, self.height())
        draw_icon(painter, box.adjusted(0, 0, 0, 0), "down", ink)
        painter.end()
