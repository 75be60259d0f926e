"""The foot of a form: progress in its place, one sentence, the next step, and the buttons."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout

from annotator.look.measures import GAP, GRID, WIDE
from annotator.look.pieces import push_button, row, words
from annotator.look.style import set_kind


class Foot(QFrame):
    """Keeps its height whatever it shows. ``step`` is hidden where there is no next step."""

    def __init__(
        self, *, work: str, step: Callable[[], object], stop: Callable[[], object]
    ) -> None:
        super().__init__()
        set_kind(self, "bar")
        self.bar, self.verdict = QProgressBar(), words("")
        self.step = push_button("", step, kind="link")
        self.stop = push_button("Stop", stop, icon_name="stop")
        self._buttons = row(self.step, self.stop)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(f"Progress of the {work}")
        kept = self.bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(kept)
        self.verdict.setAccessibleName(f"State of the {work}")
        self.verdict.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setMinimumHeight(2 * self.verdict.fontMetrics().height())
        line = row()
        line.addWidget(self.verdict, 1)
        line.addLayout(self._buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(WIDE, GAP, WIDE, GAP)
        column.setSpacing(GRID)
        column.addWidget(self.bar)
        column.addLayout(line)
        self.say("")
        self.show_running(running=False)

    def add_button(self, button: QPushButton) -> None:
        """One more button at the right end."""
        self._buttons.addWidget(button)

    def say(self, text: str, step: str = "") -> None:
        """One sentence, and perhaps the words of the next step."""
        self.verdict.setText(text)
        self.step.setText(step)
        self.step.setAccessibleName(step or "Next step")
        self.step.setVisible(bool(step))

    def show_running(self, *, running: bool) -> None:
        """Whether something is under way that can be stopped."""
        self.bar.setVisible(running)
        self.bar.setValue(0)
        self.stop.setVisible(running)

    def show_progress(self, fraction: float, message: str) -> None:
        """How far it is, 0 to 1, and what is being done."""
        self.bar.setValue(round(1000 * fraction))
        self.verdict.setText(message)
