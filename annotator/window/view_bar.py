"""The view bar: one line under the picture for pen, opacity, what is shown, and the zoom."""

import math

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton

from annotator.look.measures import GAP, GRID, SMALL, TARGET, WIDE, figures_font
from annotator.look.pieces import words
from annotator.look.style import set_kind
from annotator.window.actions import ActionSet, shown_key

TOGGLES = ("view.uncertainty", "view.compare", "view.outline", "view.marks")
SHORT = {"view.outline": "Outlines", "view.compare": "Compare"}
STEPS_PER_OCTAVE = 8  # of the pen slider: it is logarithmic, since pens differ by factors
SMALLEST, LARGEST = 0.5, 512.0
HEIGHT = 40
SLIDER, SHORT_SLIDER, NARROW = 76, 40, 600


class ViewBar(QFrame):
    """Shows and sets; ``radius_wished`` in image pixels, ``opacity_wished`` 0 to 1."""

    radius_wished = Signal(float)
    opacity_wished = Signal(float)

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        set_kind(self, "bar")
        self.setAccessibleName("View")
        self.setFixedHeight(HEIGHT)
        steps = round(math.log2(LARGEST / SMALLEST) * STEPS_PER_OCTAVE)
        self._radius = _slider("Pen radius", steps)
        self._opacity = _slider("Overlay opacity", 100)
        self._radius_figure, self._opacity_figure = _figure(48), _figure(36)
        self._zoom = _figure(44)
        self._zoom.setAccessibleName("Zoom")
        self._actions = actions
        self._toggles = {name: _Toggle(actions[name]) for name in TOGGLES}
        self._lay_out()
        self._radius.valueChanged.connect(lambda v: self.radius_wished.emit(_radius(v)))
        self._opacity.valueChanged.connect(lambda v: self.opacity_wished.emit(v / 100))
        actions.keys_changed.connect(self._name_toggles)

    def show_radius(self, radius: float) -> None:
        """The pen's radius in image pixels."""
        _set_quietly(self._radius, round(math.log2(radius / SMALLEST) * STEPS_PER_OCTAVE))
        shown = f"{radius:.1f}" if radius < 10 else f"{radius:.0f}"
        self._radius_figure.setText(f"{shown} px")

    def show_opacity(self, opacity: float) -> None:
        """The opacity of areas, 0 to 1."""
        _set_quietly(self._opacity, round(100 * opacity))
        self._opacity_figure.setText(f"{100 * opacity:.0f} %")

    def show_zoom(self, zoom: float) -> None:
        """Device pixels per image pixel."""
        self._zoom.setText(f"{100 * zoom:.0f} %" if zoom >= 0.1 else f"{100 * zoom:.1f} %")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for all, the last toggles give way; their keys still work."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Words where there is room for all of them, else icons, else as many as fit."""
        for slider in (self._radius, self._opacity):
            slider.setFixedWidth(SLIDER if self.width() >= NARROW else SHORT_SLIDER)
        room = self.width() - self._fixed_width()
        wanted = [_text_width(button) + GAP for button in self._toggles.values()]
        in_words = sum(wanted) <= room
        for button, width in zip(self._toggles.values(), wanted, strict=True):
            button.show_words(in_words)
            needed = width if in_words else TARGET + GAP
            button.setFixedWidth(needed - GAP)
            room -= needed
            button.setVisible(room >= 0)

    def _fixed_width(self) -> int:
        """What everything but the toggles takes, in logical pixels."""
        layout = self.layout()
        if layout is None:
            return 0
        parts = (layout.itemAt(index) for index in range(layout.count()))
        widgets = [part.widget() for part in parts if part is not None]
        held = [one for one in widgets if one and one not in self._toggles.values()]
        wide = (min(one.sizeHint().width(), one.maximumWidth()) for one in held)
        return sum(each + GAP for each in wide) + 2 * WIDE + 2 * GRID

    def _name_toggles(self) -> None:
        for action_id, button in self._toggles.items():
            keys = self._actions.keys(action_id)
            title = SHORT.get(action_id, self._actions.row(action_id).title)
            short = bool(keys) and len(shown_key(keys[0])) == 1  # longer ones are in the tooltip
            button.setText(f"{title}  {shown_key(keys[0])}" if short else title)
            button.setToolTip(self._actions[action_id].toolTip())
        self._fit()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(WIDE, 0, WIDE, 0)
        layout.setSpacing(GAP)
        layout.addStretch(1)
        for text, slider, figure in (
            ("Pen", self._radius, self._radius_figure),
            ("Opacity", self._opacity, self._opacity_figure),
        ):
            layout.addWidget(words(text, pixels=SMALL, wrap=False))
            layout.addWidget(slider)
            layout.addWidget(figure)
            layout.addSpacing(GRID)
        for button in self._toggles.values():
            layout.addWidget(button)
        layout.addWidget(self._zoom)
        layout.addStretch(1)
        self._name_toggles()


class _Toggle(QToolButton):
    """A button that is as its action is. The action outlives it, so it must not be a closure."""

    def __init__(self, action: QAction) -> None:
        super().__init__()  # the layout gives it its parent, and so its place among the Tab stops
        self._action = action
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_kind(self, "toggle")
        self.setAccessibleName(action.text())
        self.setIcon(action.icon())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        action.toggled.connect(self.setChecked)

    def show_words(self, words: bool) -> None:
        """Its name and key, or only its icon."""
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonTextOnly if words else style.ToolButtonIconOnly)

    @Slot()
    def _follow(self) -> None:
        self.setChecked(self._action.isChecked())
        self.setEnabled(self._action.isEnabled())


def _text_width(button: QToolButton) -> int:
    return button.fontMetrics().horizontalAdvance(button.text()) + 24


def _radius(step: int) -> float:
    return SMALLEST * float(2 ** (step / STEPS_PER_OCTAVE))


def _slider(name: str, steps: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, steps)
    slider.setFixedWidth(SLIDER)
    slider.setAccessibleName(name)
    slider.setToolTip(name)
    return slider


def _figure(width: int) -> QLabel:
    label = words("", pixels=SMALL, wrap=False)
    label.setFont(figures_font(SMALL))
    label.setFixedWidth(width)
    return label


def _set_quietly(slider: QSlider, value: int) -> None:
    slider.blockSignals(True)
    slider.setValue(value)
    slider.blockSignals(False)
