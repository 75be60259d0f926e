"""The live switch: whether the engine answers while one draws, and how the engine is."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton

from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.look.colours import Colours, colours_of
from annotator.look.measures import GAP, GRID, RADIUS, SMALL, font

SETTLE_MS = 400  # the engine is called busy only when it stays so: words must not flicker
KEY = "L"
WORDS = {
    EngineKind.STARTING: "warming up",
    EngineKind.READY: "live",
    EngineKind.BUSY: "answering",
    EngineKind.RESTARTING: "restarting",
    EngineKind.FAILED: "failed",
    EngineKind.CLOSED: "ended",
}
_TONES = {
    EngineKind.STARTING: "warn",
    EngineKind.READY: "good",
    EngineKind.BUSY: "good",
    EngineKind.RESTARTING: "warn",
    EngineKind.FAILED: "bad",
    EngineKind.CLOSED: "dim_text",
}
_URGENT = (EngineKind.FAILED, EngineKind.RESTARTING)  # said also while answers are paused
_DOT = 8


class LiveSwitch(QPushButton):
    """A dot, a word and a key, right-aligned; checked while answers are live."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setChecked(True)
        self.setAccessibleName("Live answers")
        self._state = EngineState(EngineKind.CLOSED)
        self._busy_soon = QTimer(self)
        self._busy_soon.setSingleShot(True)
        self._busy_soon.setInterval(SETTLE_MS)
        self._busy_soon.timeout.connect(self._tell)
        self._spoken = self._state.kind
        self.toggled.connect(lambda _on: self._tell())
        self._tell()

    @property
    def state(self) -> EngineState:
        """How the engine is, whether that was worth a word yet or not."""
        return self._state

    @property
    def word(self) -> str:
        """What it says."""
        return WORDS[self._spoken] if self.isChecked() or self._spoken in _URGENT else "paused"

    def show_state(self, state: EngineState) -> None:
        """Say how the engine is: work that is done in no time is not worth a word."""
        self._state = state
        if state.kind is EngineKind.BUSY and self._spoken is EngineKind.READY:
            if not self._busy_soon.isActive():
                self._busy_soon.start()
            return
        self._busy_soon.stop()
        self._tell()

    def _tell(self) -> None:
        self._spoken = self._state.kind
        told = f"The engine: {self.word}" + f" ({self._state.text})" * bool(self._state.text)
        way = "pauses" if self.isChecked() else "resumes"
        self.setAccessibleDescription(told)
        self.setToolTip(f"{told}\nA click or {KEY} {way} live answers")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        metrics = QFontMetrics(font(SMALL, spaced=True))
        longest = max((metrics.horizontalAdvance(word) for word in WORDS.values()), default=0)
        key = metrics.horizontalAdvance(KEY) + 2 * GRID
        return QSize(_DOT + longest + key + 2 * GAP + 2 * GRID, max(24, metrics.height() + GAP))

    def minimumSizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = colours_of(self.palette())
        _paint_ground(painter, self, colours)
        face = font(SMALL, spaced=True)
        painter.setFont(face)
        metrics = QFontMetrics(face)
        box = QRectF(self.rect()).adjusted(GRID, 0, -GRID, 0)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(QColor(colours.dim_text))
        painter.drawText(box, right, KEY)
        box.setRight(box.right() - metrics.horizontalAdvance(KEY) - GAP)
        off = self.word == "paused"
        tone = colours.dim_text if off else str(getattr(colours, _TONES[self._spoken]))
        painter.setPen(QColor(tone))
        painter.drawText(box, right, self.word)
        x = box.right() - metrics.horizontalAdvance(self.word) - GAP - 2
        _paint_dot(painter, QPointF(x, box.center().y()), tone, filled=not off)
        painter.end()


def _paint_ground(painter: QPainter, button: QPushButton, colours: Colours) -> None:
    if button.underMouse():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.hover))
        painter.drawRoundedRect(QRectF(button.rect()), RADIUS, RADIUS)
    if button.hasFocus():
        painter.setPen(QPen(QColor(colours.accent_text), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ring = QRectF(button.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(ring, RADIUS, RADIUS)


def _paint_dot(painter: QPainter, middle: QPointF, tone: str, *, filled: bool) -> None:
    """A disc while live, a ring while paused."""
    reach = _DOT / 2 if filled else _DOT / 2 - 1
    painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(tone), 1.6))
    painter.setBrush(QColor(tone) if filled else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(middle, reach, reach)
