"""The page rail: one narrow column at the left edge that leads to the pages."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout

from annotator.look.measures import GAP, GRID
from annotator.look.style import set_kind
from annotator.window.actions import ActionSet
from annotator.window.pages import Place

PAGES = {Place.LABEL: "page.label", Place.REVIEW: "page.review", Place.DATA: "page.data"}
FOOT = {Place.KEYS: "window.shortcuts", Place.SETTINGS: "window.settings"}
WIDTH, BUTTON, ICON = 52, 40, 20


class PageRail(QFrame):
    """Buttons for the pages; the page in view is marked."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        set_kind(self, "rail")
        self.setAccessibleName("Pages")
        self.setFixedWidth(WIDTH)
        self._buttons: dict[Place, QToolButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 2, GAP, GRID + 2, GAP)
        layout.setSpacing(GRID)
        for place, action_id in (PAGES | FOOT).items():
            if place is Place.KEYS:
                layout.addStretch(1)
            self._buttons[place] = self._button(actions, action_id)
            layout.addWidget(self._buttons[place], 0, Qt.AlignmentFlag.AlignHCenter)

    def show_place(self, place: Place) -> None:
        """Mark the page in view."""
        for one, button in self._buttons.items():
            button.setChecked(one is place)

    def _button(self, actions: ActionSet, action_id: str) -> QToolButton:
        action = actions[action_id]
        button = QToolButton(self)
        button.setIcon(action.icon())
        button.setIconSize(QSize(ICON, ICON))
        button.setFixedSize(BUTTON, BUTTON)
        button.setCheckable(True)
        button.setAccessibleName(action.text())
        button.setToolTip(action.toolTip())
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: action.trigger())
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        return button
