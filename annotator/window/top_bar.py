"""The top bar: which project this is and how far it has come; search, undo and export."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy

from annotator.look.measures import BODY, GAP, SMALL, WIDE, figures_font, font
from annotator.look.pieces import keycap, words
from annotator.look.style import set_kind
from annotator.window.actions import ActionSet, shown_key

HEIGHT = 44
NAME_LIMIT = 260  # logical pixels; longer names are cut in the middle
UNDO_WIDTH = 168


class TopBar(QFrame):
    """One line over all pages."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        set_kind(self, "top")
        self.setAccessibleName("Project")
        self.setFixedHeight(HEIGHT)
        self._actions = actions
        self._name = QLabel("annotator")
        self._name.setFont(font(BODY, strong=True))
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setMaximumWidth(NAME_LIMIT)
        self._figures = words("", wrap=False)
        self._figures.setFont(figures_font(BODY))
        self._figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.search_button = _button(actions["window.palette"], "Search actions")
        self.undo_button = _button(actions["edit.undo"], "Undo")
        self.undo_button.setFixedWidth(UNDO_WIDTH)
        self.export_button = _button(actions["project.export"], "Export…")
        self._key = keycap("")
        self._lay_out()
        actions["edit.undo"].changed.connect(self._name_undo)
        actions.keys_changed.connect(self._show_key)
        self._show_key()

    def show_project(self, name: str | None) -> None:
        """The project's name, or None where none is open."""
        text = name or "annotator"
        shown = self._name.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, NAME_LIMIT)
        self._name.setText(shown)
        self._name.setToolTip(text)
        for button in (self.undo_button, self.export_button):
            button.setVisible(name is not None)
        if name is None:
            self._figures.setText("")

    def show_figures(self, *, images: int, marked: int, accepted: int) -> None:
        """How far the project has come."""
        parts = [f"{images:,} image{'s' * (images != 1)}"]
        parts += [f"{marked:,} marked"] * bool(marked) + [f"{accepted:,} accepted"] * bool(accepted)
        self._figures.setText("  ·  ".join(parts))

    def _name_undo(self) -> None:
        text = self._actions["edit.undo"].text()
        room = UNDO_WIDTH - 28
        metrics = self.undo_button.fontMetrics()
        self.undo_button.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))
        self.undo_button.setAccessibleName(text)
        self.undo_button.setToolTip(self._actions["edit.undo"].toolTip())
        self.undo_button.setEnabled(text != "Undo" and self._actions["edit.undo"].isEnabled())

    def _show_key(self) -> None:
        keys = self._actions.keys("window.palette")
        self._key.setText(shown_key(keys[0]) if keys else "")
        self._key.setVisible(bool(keys))

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(WIDE, 0, WIDE, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._name)
        layout.addSpacing(GAP)
        layout.addWidget(self._figures, 1)
        inside = QHBoxLayout(self.search_button)
        inside.setContentsMargins(0, 0, GAP, 0)
        inside.addStretch(1)
        inside.addWidget(self._key)
        self._key.setFont(font(SMALL))
        self.search_button.setMinimumWidth(self.search_button.sizeHint().width() + 64)
        self.search_button.setStyleSheet("text-align: left;")
        for button in (self.search_button, self.undo_button, self.export_button):
            layout.addWidget(button)


def _button(action: QAction, text: str) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setToolTip(action.toolTip())
    button.clicked.connect(lambda _checked=False: action.trigger())
    action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
    return button
