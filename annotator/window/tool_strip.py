"""The tool strip: one slim column of buttons beside the picture, each with its key."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from annotator.look.measures import GRID, ICON
from annotator.look.style import set_kind
from annotator.window.actions import ActionSet

TOOL_PREFIX = "tool."
TOOLS = (
    "scribble", "brush", "eraser", "box", "polygon", "fill", "pick", "accept_region", "accept_box",
)  # fmt: skip


class ToolStrip(QFrame):
    """Buttons for the tools; exactly one of them is down."""

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_kind(self, "strip")
        self.setAccessibleName("Tools")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, 2 * GRID, GRID, 2 * GRID)
        layout.setSpacing(GRID)
        self._group = QActionGroup(self)
        for name in TOOLS:
            action = actions[TOOL_PREFIX + name]
            self._group.addAction(action)
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setAccessibleName(action.text())
            button.setIconSize(QSize(ICON, ICON))
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)
        layout.addStretch(1)
        actions[TOOL_PREFIX + TOOLS[0]].setChecked(True)
