"""The rooms of the review page: picture, queue, bar, and what stands there at the end."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.canvas.view import CanvasView
from annotator.document.images import ImageId
from annotator.look.focus import lead_focus
from annotator.look.measures import GAP, GRID, SMALL, WIDE, figures_font
from annotator.look.pieces import ElidedLabel, EmptyState, heading, keycap, push_button, row, words
from annotator.look.style import set_kind
from annotator.panels.thumbnails import Thumbnails
from annotator.window.review_bar import ReviewBar, counted
from annotator.window.review_queue import Describe, ReviewQueue

QUEUE_WIDTH = 264


class End(Enum):
    """Why there is nothing to look at: headline, words, and the next step."""

    NOT_YET = ("", "", "")
    ALL_REVIEWED = (
        "All reviewed",
        "Every answer has a word of yours. What was accepted is ready to leave.",
        "Export now",
    )
    NO_ANSWERS = (
        "No answers yet",
        "Mark an image or two on the label page; the engine answers on all others, and the "
        "doubtful ones come here first.",
        "Go to the label page",
    )
    AWAITED = (
        "Waiting for answers",
        "All answers so far were reviewed; the rest comes here as soon as the engine has it.",
        "Go to the label page",
    )
    NO_IMAGES = (
        "No images yet",
        "Add images to this project; their answers are reviewed here.",
        "Go to the label page",
    )


class ReviewRooms(QWidget):
    """Places and shows; knows nothing of the project. Signals say what was pressed."""

    way_chosen = Signal()
    end_step_taken = Signal(object)  # End

    def __init__(self, locate: Callable[[ImageId], tuple[Path, int]], describe: Describe) -> None:
        super().__init__()
        self.setAccessibleName("Review")
        self.canvas, self.bar = CanvasView(), ReviewBar()
        self.canvas.setAccessibleDescription("Left what is accepted, right what is proposed.")
        self.thumbnails = Thumbnails(locate, self)
        self.queue = ReviewQueue(self.thumbnails, describe)
        self.name = ElidedLabel("", kind="", strong=True)
        self.compare = _way("Before | after", self.way_chosen.emit)
        self.difference = _way("Differences", self.way_chosen.emit)
        self.compare.setChecked(True)
        self.progress_words, self.progress = words("", wrap=False, pixels=SMALL), QProgressBar()
        self.end = EmptyState("review", "", "")
        self.end_button = push_button("", self._take_end_step, kind="primary")
        self.end_button.setAccessibleName("Next step")
        self._end = End.NOT_YET
        self._pages = QStackedWidget()
        self._lay_out()
        lead_focus(self, self.canvas)

    @property
    def ended(self) -> End:
        """Why there is nothing to look at, `End.NOT_YET` while there is."""
        return self._end

    def show_end(self, end: End) -> None:
        """What stands in place of a picture; `End.NOT_YET` shows the picture."""
        self._end = end
        headline, text, step = end.value
        if end is End.NOT_YET:
            self._pages.setCurrentIndex(0)
            return
        self.end.say(headline, text)
        self.end_button.setText(step)
        self.end_button.setAccessibleName(step)
        self._pages.setCurrentIndex(1)
        self.queue.setFocus()

    def show_progress(self, done: int, total: int) -> None:
        """How many images of how many have a verdict."""
        self.progress_words.setText(counted(done, total))
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)

    def _lay_out(self) -> None:
        self.end.add_button(self.end_button)
        self._pages.addWidget(self._picture_room())
        self._pages.addWidget(self.end)
        line = QFrame()
        line.setFixedWidth(1)
        set_kind(line, "line")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(line)
        layout.addWidget(self._queue_room())

    def _picture_room(self) -> QWidget:
        room = QWidget()
        top = row(spacing=GRID)
        top.setContentsMargins(WIDE, GAP, WIDE, GAP)
        top.addWidget(self.name, 1)
        for button, key in ((self.compare, "C"), (self.difference, "X")):
            top.addWidget(button)
            top.addWidget(keycap(key))
        column = QVBoxLayout(room)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.bar)
        return room

    def _queue_room(self) -> QWidget:
        room = QWidget()
        room.setFixedWidth(QUEUE_WIDTH)
        self.progress_words.setFont(figures_font(SMALL))
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Images reviewed")
        top = row(heading("Queue"), 1, self.progress_words)
        column = QVBoxLayout(room)
        column.setContentsMargins(GAP, GAP + GRID, GRID, GAP)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self.progress)
        column.addWidget(self.queue, 1)
        return room

    def _take_end_step(self) -> None:
        self.end_step_taken.emit(self._end)


def _way(text: str, pressed: Callable[[], object]) -> QPushButton:
    button = push_button(text, pressed, kind="segment")
    button.setCheckable(True)
    return button
