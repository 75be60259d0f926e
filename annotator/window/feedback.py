"""What the window says: the line at its foot, and one sentence with the next step as a button."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from annotator.look.measures import GAP, GRID, SMALL, WIDE, figures_font
from annotator.look.pieces import ElidedLabel, Icon, icon_button, push_button, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear_font

PASSING_MS = 6000
LATER_MS = 12000  # warnings stay longer
LEAST, WIDEST = 280, 760  # logical pixels of a message
ROOM_BESIDE = 56  # icon, margins and the button that dismisses


class Tone(StrEnum):
    """How serious a message or a state is; also names the colour it is shown in."""

    QUIET = "dim_text"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


_ICONS = {Tone.QUIET: "question", Tone.GOOD: "accept", Tone.WARN: "problem", Tone.BAD: "problem"}


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for the person, and perhaps the next step. All but bad news pass."""

    text: str
    tone: Tone = Tone.QUIET
    step: str = ""
    act: Callable[[], object] | None = None

    @property
    def passes(self) -> bool:
        """Whether it goes away by itself."""
        return self.tone is not Tone.BAD and not self.step


class MessageLine(QFrame):
    """Shows the newest message; takes no room when there is none."""

    def __init__(self) -> None:
        super().__init__()
        set_kind(self, "message")
        self._icon = Icon("question")
        self._text = words("")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._act: Callable[[], object] | None = None
        self._step = push_button("", self._take_step, kind="link")
        self._close = icon_button("reject", "Dismiss", self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP + GRID, GRID, GRID, GRID)
        layout.setSpacing(GAP)
        for widget in (self._icon, self._text, self._step, self._close):
            layout.addWidget(widget, 1 if widget is self._text else 0)
        self._above: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        """What is being said, empty when nothing is."""
        return self._text.text() if not self.isHidden() else ""

    def say(self, message: Message) -> None:
        """Show a message in place of the one before."""
        self._icon.show_as(_ICONS[message.tone], message.tone.value)
        set_kind(self._text, "" if message.tone is Tone.QUIET else message.tone.name.lower())
        self._text.setText(message.text)
        self._act = message.act
        self._step.setText(message.step)
        self._step.setVisible(bool(message.step))
        self.setAccessibleName(message.text)
        self._timer.stop()
        if message.passes:
            self._timer.start(LATER_MS if message.tone is Tone.WARN else PASSING_MS)
        self.show()
        self._place()

    def withdraw(self, text: str) -> None:
        """What was said is no longer so; anything newer stays."""
        if self.text == text:
            self.hide()

    def float_over(self, parent: QWidget, *, above: int) -> None:
        """Lie over the foot of ``parent``, ``above`` pixels from its edge: nothing has to move."""
        self.setParent(parent)
        self._above = above
        parent.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay in place when the parent changes size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None or self._above is None:
            return
        wanted = self._text.fontMetrics().horizontalAdvance(self._text.text()) + 2 * ROOM_BESIDE
        wanted += self._step.sizeHint().width() if self._step.text() else 0
        width = min(max(wanted, LEAST), WIDEST, parent.width() - 2 * WIDE)
        height = max(self.heightForWidth(width), self.minimumSizeHint().height())
        left = (parent.width() - width) // 2
        self.setGeometry(left, parent.height() - self._above - height, width, height)
        self.raise_()

    def _take_step(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()


class StatusLine(QFrame):
    """The foot of the window: engine, progress with cancel, the pixel under the cursor, saved.

    Every part has its place and keeps it: nothing moves when a number gets longer.
    """

    cancel_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        set_kind(self, "bar")
        self.setAccessibleName("Status")
        self._dot = _Dot()
        self._engine = self._label("Engine", 190)
        self._job = self._label("Background work", 170)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setFixedWidth(110)
        self._bar.setAccessibleName("Progress")
        self._cancel = icon_button("stop", "Stop this work", self.cancel_wished.emit)
        self._cancel.setFixedSize(22, 22)
        self._readout = self._label("Pixel under the cursor", 280)
        self._readout.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._saved = self._label("Saving", 48)
        self._saved.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(WIDE, 0, WIDE, 0)
        layout.setSpacing(GAP)
        parts = ((self._dot, 0), (self._engine, 4), (self._job, 3), (self._bar, 0),
                 (self._cancel, 0), (self._readout, 5), (self._saved, 0))  # fmt: skip
        for widget, share in parts:
            layout.addWidget(widget, share)
        for widget in (self._bar, self._cancel):
            keep = widget.sizePolicy()
            keep.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(keep)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(28)
        self.show_engine("Engine is starting", Tone.WARN)
        self.show_job(None)
        self.show_saved(saved=True)

    def show_engine(self, text: str, tone: Tone) -> None:
        """The state of the engine with device and latency, in words and as a dot."""
        self._engine.setText(text)
        self._dot.show_tone(tone)

    def show_job(self, text: str | None, fraction: float = 0.0) -> None:
        """Background work and how far it is, 0 to 1; None when there is none."""
        self._job.setText(text or "")
        self._bar.setValue(round(1000 * fraction))
        for widget in (self._bar, self._cancel):
            widget.setVisible(text is not None)

    def show_readout(self, text: str) -> None:
        """What lies under the cursor."""
        self._readout.setText(text)

    def show_saved(self, *, saved: bool) -> None:
        """Whether everything is on disk."""
        self._saved.setText("Saved" if saved else "Saving")

    def _label(self, name: str, width: int) -> QLabel:
        label = ElidedLabel(pixels=SMALL)
        wear_font(label, figures_font(SMALL), SMALL)
        label.setMinimumWidth(width)
        label.setAccessibleName(name)
        return label


class _Dot(QWidget):
    """A small sign in the colour of a tone; its shape differs too."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = Icon("live", side=14)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._icon)

    def show_tone(self, tone: Tone) -> None:
        """Another tone."""
        name = "live" if tone in (Tone.GOOD, Tone.QUIET) else "problem"
        self._icon.show_as("uncertainty" if tone is Tone.WARN else name, tone.value)
