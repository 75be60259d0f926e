"""The first page: open something, go on with something, and the three things to do."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFontMetrics
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from annotator.look.measures import BODY, GAP, GRID, SMALL, WIDE, font
from annotator.look.pieces import Icon, heading, keycap, push_button, row, title, words
from annotator.look.style import set_kind

PAGE_WIDTH = 760
STEPS = (
    ("scribble", "Mark a few images", "Name a class and draw a stroke on what it is.", "S"),
    ("live", "Watch the rest answer", "Every image shows its mask; correct where it errs.", "L"),
    ("export", "Accept and export", "Accept what is right, then write the dataset.", "Enter"),
)


class WelcomePage(QWidget):
    """``open_wished``, ``demo_wished`` and ``project_wished`` (a path) ask; nothing is done here.

    ``dropped`` carries the paths of what was let fall onto the page.
    """

    open_wished = Signal()
    demo_wished = Signal()
    project_wished = Signal(str)
    dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Welcome")
        self.setAcceptDrops(True)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._recent.setContentsMargins(0, 0, 0, 0)
        self._recent_card = QWidget()
        self._lay_out()
        self.show_recent(())

    def show_recent(self, projects: Sequence[Path]) -> None:
        """The projects opened last, newest first; none hides the list."""
        while (item := self._recent.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()
        for path in projects:
            self._recent.addWidget(self._project_button(path))
        self._recent_card.setVisible(bool(projects))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102 - Qt's name
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102 - Qt's name
        paths = [u.toLocalFile() for u in event.mimeData().urls() if u.isLocalFile()]
        if paths:
            self.dropped.emit(paths)

    def _lay_out(self) -> None:
        page = QWidget()
        page.setMaximumWidth(PAGE_WIDTH)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * WIDE, 2 * WIDE, 2 * WIDE, 2 * WIDE)
        column.setSpacing(GAP)
        column.addStretch(1)
        column.addWidget(title("Label a few. The rest follow.", 26))
        column.addWidget(
            words("Mark some images, and all the others answer at once. What you accept is yours.")
        )
        column.addSpacing(WIDE)
        column.addLayout(self._buttons())
        column.addSpacing(2 * WIDE)
        column.addLayout(_steps())
        column.addSpacing(2 * WIDE)
        column.addWidget(self._recent_list())
        column.addStretch(2)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        across = QHBoxLayout(holder)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(page, 20)
        across.addStretch(1)
        area.setWidget(holder)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _buttons(self) -> QHBoxLayout:
        self.open_button = push_button("Open a folder…", self.open_wished.emit, kind="primary")
        self.demo_button = push_button("Try the demo", self.demo_wished.emit, icon_name="demo")
        for button in (self.open_button, self.demo_button):
            button.setMinimumHeight(8 * GRID + GRID)
        hint = words("or drop a folder here", pixels=SMALL, wrap=False)
        return row(self.open_button, self.demo_button, hint, 1)

    def _recent_list(self) -> QWidget:
        column = QVBoxLayout(self._recent_card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(heading("Go on with"))
        column.addLayout(self._recent)
        return self._recent_card

    def _project_button(self, path: Path) -> QPushButton:
        button = QPushButton()
        set_kind(button, "row")
        button.setAccessibleName(f"Open project {path.name} in {path.parent}")
        button.setToolTip(str(path))
        inner = QHBoxLayout(button)
        inner.setContentsMargins(GAP, GRID, GAP, GRID)
        inner.setSpacing(GAP)
        name = words(path.name, kind="", wrap=False)
        name.setFont(font(BODY, strong=True))
        where = words(_elided(str(path.parent)), pixels=SMALL, wrap=False)
        for widget in (Icon("project"), name, where):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            inner.addWidget(widget)
        inner.addStretch(1)
        button.clicked.connect(lambda _checked=False: self.project_wished.emit(str(path)))
        return button


def _steps() -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setSpacing(WIDE)
    for number, (icon_name, headline, text, key) in enumerate(STEPS, start=1):
        layout.addWidget(_step(number, icon_name, headline, text, key), 1)
    return layout


def _step(number: int, icon_name: str, headline: str, text: str, key: str) -> QFrame:
    card = QFrame()
    set_kind(card, "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(WIDE, WIDE, WIDE, WIDE)
    column.setSpacing(GAP)
    column.addLayout(row(Icon(icon_name, side=24, colour="accent_text"), 1, keycap(key)))
    strong = QLabel(f"{number}  {headline}")
    strong.setFont(font(BODY, strong=True))
    strong.setWordWrap(True)
    column.addWidget(strong)
    column.addWidget(words(text))
    column.addStretch(1)
    return card


def _elided(text: str, width: int = 420) -> str:
    metrics = QFontMetrics(font(SMALL))
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)
