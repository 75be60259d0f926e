"""The first page: open something, go on with something, and the three things to do."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from annotator.look.measures import BODY, GAP, GRID, SMALL, WIDE
from annotator.look.pieces import (
    ElidedLabel,
    Icon,
    PageColumn,
    heading,
    keycap,
    push_button,
    row,
    scrolled,
    title,
    words,
)
from annotator.look.style import set_kind
from annotator.look.text_size import wear
from annotator.window.dropping import accept_drops
from annotator.window.recent_list import RecentList

STEPS = (
    ("scribble", "Mark a few images", "Name a class and draw a stroke on what it is.", "S"),
    ("live", "Watch the rest answer", "Every image shows its mask; correct where it errs.", "L"),
    ("export", "Accept and export", "Accept what is right, then write the dataset.", "Enter"),
)


class WelcomePage(QWidget):
    """``open_wished``, ``demo_wished`` and ``project_wished`` (a path) ask; nothing is done here.

    ``dropped`` carries the paths of what was let fall onto the page, folders and images;
    ``forget_wished`` a path to take off the list; ``tour_wished`` wants the demo with the tour.
    """

    open_wished = Signal()
    demo_wished = Signal()
    project_wished = Signal(str)
    forget_wished = Signal(str)
    tour_wished = Signal()
    dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Welcome")
        self.recent = RecentList()
        self.recent.opened.connect(self.project_wished)
        self.recent.forgotten.connect(self.forget_wished)
        self._recent_card = QWidget()
        self._lay_out()
        self.zone = accept_drops(
            self, lambda paths: self.dropped.emit([str(path) for path in paths]),
            text=lambda: "Drop to open",
        )  # fmt: skip
        self.show_recent(())

    def show_recent(self, projects: Sequence[Path]) -> None:
        """The projects opened last, newest first; none hides the list."""
        self.recent.show_projects(projects)
        self._recent_card.setVisible(bool(projects))

    def _lay_out(self) -> None:
        page = PageColumn()
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
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(page))

    def _buttons(self) -> QHBoxLayout:
        self.open_button = push_button("Open a folder…", self.open_wished.emit, kind="primary")
        self.demo_button = push_button("Try the demo", self.demo_wished.emit, icon_name="demo")
        self.tour_button = push_button(
            "Take the tour", self.tour_wished.emit, kind="quiet", icon_name="tour"
        )
        self.tour_button.setToolTip("Two minutes in the window, on the demo")
        for button in (self.open_button, self.demo_button, self.tour_button):
            button.setMinimumHeight(9 * GRID)
        hint = ElidedLabel("or drop a folder here", pixels=SMALL)
        buttons = row(self.open_button, self.demo_button, self.tour_button, hint)
        buttons.setStretch(buttons.indexOf(hint), 1)
        return buttons

    def _recent_list(self) -> QWidget:
        column = QVBoxLayout(self._recent_card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(heading("Go on with"))
        column.addWidget(self.recent)
        return self._recent_card


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
    wear(strong, BODY, strong=True)
    strong.setWordWrap(True)
    column.addWidget(strong)
    column.addWidget(words(text))
    column.addStretch(1)
    return card
