"""Two controls of our own: a row of segments of which one is chosen, and an on-off switch."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
)

from annotator.look.colours import colours_of
from annotator.look.style import set_kind

_TRACK = QSize(36, 20)
_RING = 4  # pixels around the track for the ring of focus


class Segments(QFrame):
    """Choices side by side, each a word. Left and right walk; ``chosen`` tells the person's word.

    ``choices`` are (value, word); the first one is chosen at the start.
    """

    chosen = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        set_kind(self, "segments")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(1)
        for value, word in choices:
            button = _Segment(word)
            button.setAccessibleName(f"{name}: {word}")
            button.clicked.connect(lambda _checked=False, v=value: self._take(v))
            self._group.addButton(button)
            self._buttons[value] = button
            layout.addWidget(button)
        self.choose(choices[0][0])

    @property
    def value(self) -> str:
        """What is chosen."""
        return next(value for value, button in self._buttons.items() if button.isChecked())

    def button(self, value: str) -> QPushButton:
        """The segment of a value; `KeyError` where there is none."""
        return self._buttons[value]

    def choose(self, value: str) -> None:
        """Show another choice and tell nobody; `KeyError` for a value that is not offered."""
        self._buttons[value].setChecked(True)
        for one in self._buttons.values():  # Tab stops once, at what is chosen
            policy = Qt.FocusPolicy.StrongFocus if one.isChecked() else Qt.FocusPolicy.ClickFocus
            one.setFocusPolicy(policy)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102 - Qt's name
        step = {int(Qt.Key.Key_Left): -1, int(Qt.Key.Key_Right): 1}.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        values = list(self._buttons)
        goal = values[(values.index(self.value) + step) % len(values)]
        self._buttons[goal].setFocus(Qt.FocusReason.TabFocusReason)
        self._take(goal)

    def _take(self, value: str) -> None:
        self.choose(value)
        self.chosen.emit(value)


class _Segment(QPushButton):
    """Leaves the arrow keys to the row it stands in."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.setCheckable(True)
        set_kind(self, "segment")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        else:
            super().keyPressEvent(event)


class Switch(QAbstractButton):
    """On or off, applied at once. The knob's place says it as well as the colour."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(_TRACK.width() + 2 * _RING, _TRACK.height() + 2 * _RING)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        colours = colours_of(self.palette())
        on = self.isChecked()
        track = QRectF(_RING, _RING, _TRACK.width(), _TRACK.height()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if on else colours.dim_text), 1))
        painter.setBrush(QColor(colours.accent if on else colours.panel))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.on_accent if on else colours.dim_text))
        x = track.right() - track.height() / 2 if on else track.left() + track.height() / 2
        radius = 6.5 if on else 5.5
        painter.drawEllipse(QPointF(x, track.center().y()), radius, radius)
        if self.hasFocus():
            ring = track.adjusted(-_RING + 1, -_RING + 1, _RING - 1, _RING - 1)
            painter.setPen(QPen(QColor(colours.accent_text), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2)
        painter.end()
