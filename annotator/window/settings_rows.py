"""Rows of the settings page: a name and what it does on the left, the control on the right."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from annotator.look.measures import BODY, GAP, GRID, PAD, SMALL, WIDE, figures_font
from annotator.look.pieces import ElidedLabel, heading, push_button, rule, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear_font

SLIDER_WIDTH = 170
FIGURE = "8888 MiB"  # the longest readout: sliders of all rows end at one line


class SliderRow(QWidget):
    """A slider over whole steps with its value beside it. ``moved`` is the person's doing only."""

    moved = Signal(int)

    def __init__(
        self, name: str, limits: tuple[int, int], *, step: int = 1, shown: Callable[[int], str]
    ) -> None:
        super().__init__()
        self._shown, self._step = shown, step
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(limits[0] // step, limits[1] // step)
        self.slider.setPageStep(max(1, (limits[1] - limits[0]) // step // 10))
        self.slider.setFixedWidth(SLIDER_WIDTH)
        self.slider.setAccessibleName(name)
        self.slider.installEventFilter(self)
        self.figure = words("", kind="", wrap=False)
        wear_font(self.figure, figures_font(BODY), BODY)
        self.figure.installEventFilter(self)
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.slider)
        layout.addWidget(self.figure)
        self.slider.sliderMoved.connect(self._say)
        self.slider.valueChanged.connect(self._on_value)
        self.fit()

    @property
    def value(self) -> int:
        """The number on show."""
        return self.slider.value() * self._step

    def set_value(self, value: float) -> None:
        """Show another number and tell nobody."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(value / self._step))
        self.slider.blockSignals(False)
        self._say(self.slider.value())

    def fit(self) -> None:
        """Room for the longest figure in the size of text of now."""
        self.figure.setMinimumWidth(self.figure.fontMetrics().horizontalAdvance(FIGURE))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The wheel scrolls the page; it must not change a setting in passing."""
        if watched is self.figure and event.type() == QEvent.Type.FontChange:
            self.fit()
        if isinstance(event, QWheelEvent) and not self.slider.hasFocus():
            event.ignore()
            return True
        return False

    def _on_value(self, place: int) -> None:
        self._say(place)
        self.moved.emit(place * self._step)

    def _say(self, place: int) -> None:
        self.figure.setText(self._shown(place * self._step))
        self.slider.setAccessibleDescription(self.figure.text())


class PathRow(QWidget):
    """A place on disk, shortened to fit, with what can be done about it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.place = ElidedLabel(kind="", pixels=SMALL)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.place.setAccessibleName(name)
        self._name = name
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(self.place, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_path(self, path: Path) -> None:
        """Another place."""
        self.place.setText(str(path))

    def add_button(self, word: str, act: Callable[[], object]) -> QWidget:
        """A button at the end of the row."""
        button = push_button(word, act)
        button.setAccessibleName(f"{word.rstrip('…')}: {self._name}")
        self._layout.addWidget(button)
        return button


class Group(QWidget):
    """A heading and a card of rows with thin lines between them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._card = QFrame()
        set_kind(self._card, "card")
        self._rows = QVBoxLayout(self._card)
        self._rows.setContentsMargins(WIDE, GRID, WIDE, GRID)
        self._rows.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(heading(name))
        column.addWidget(self._card)

    def add(self, name: str, text: str, control: QWidget, *, stretch: bool = False) -> None:
        """One more row; ``text`` says in a few words what it does. ``stretch``: a long control."""
        if self._rows.count():
            self._rows.addWidget(rule())
        told = QVBoxLayout()
        told.setSpacing(2)
        label = QLabel(name)
        label.setBuddy(control)
        label.setWordWrap(True)
        told.addWidget(label)
        if text:
            told.addWidget(words(text, pixels=SMALL))
        line = QHBoxLayout()
        line.setContentsMargins(0, PAD - 2, 0, PAD - 2)
        line.setSpacing(WIDE)
        line.addLayout(told, 2 if stretch else 1)
        line.addWidget(control, 3 if stretch else 0, Qt.AlignmentFlag.AlignVCenter)
        self._rows.addLayout(line)
