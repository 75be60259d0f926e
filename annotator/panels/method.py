"""The method panel: what answers, from which features, how boldly, and whether it is live."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.flows.errors import PLAIN_ERRORS
from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.flows.live_flow import LiveFlow
from annotator.flows.method_cards import ChoiceCard, backbone_cards, method_cards
from annotator.flows.workspace import Workspace
from annotator.look.choosing import Switch
from annotator.look.icons import icon
from annotator.look.measures import BODY, GAP, GRID, PAD, figures_font
from annotator.look.pieces import ElidedLabel, heading, push_button, row, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear, wear_font
from annotator.panels.method_delegate import shown_name
from annotator.panels.method_popup import CardPopup
from annotator.panels.method_state import LiveSwitch

THRESHOLD_LIMIT = 95  # per cent; above it nothing would be proposed any more
STEP = 5  # per cent, of a page key
SETTLE_MS = 350  # keys on the slider come to rest before the choice becomes a step to undo


class MethodPanel(QWidget):
    """``live_wished``: answer while drawing, or not; ``restart_wished``: a fresh engine, please;
    ``told``: one sentence for the status line. ``models_dir``: as `backbone_cards` takes it."""

    live_wished = Signal(bool)
    restart_wished = Signal()
    told = Signal(str)

    def __init__(self, models_dir: Path | None = None) -> None:
        super().__init__()
        self.setAccessibleName("Method")
        self._models_dir = models_dir
        self._live: LiveFlow | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self.switch = LiveSwitch()
        self.method = ElidedLabel(kind="", strong=True)
        self.change = push_button("change  ▾", self.open_methods, kind="quiet")
        self.backbone = _ChoiceButton(self.open_backbones)
        self.refine, self.threshold = Switch("Refine edges"), _Threshold()
        self.figure = _figure()
        self.sentence = words("", pixels=12)
        self.restart = push_button("Restart the engine", self.restart_wished.emit, kind="link")
        self.method_popup = CardPopup("Methods", self)
        self.backbone_popup = CardPopup("Backbones", self)
        self._settle = QTimer(self)
        self._lay_out()
        self._connect()
        self._refresh()
        self.show_state(EngineState(EngineKind.CLOSED))

    # -- what is shown ---------------------------------------------------------------------------

    def show_live(self, workspace: Workspace | None, live: LiveFlow | None) -> None:
        """Show what a project is answered with, or nothing to choose."""
        self._unsubscribe()
        self._settle.stop()
        self._live = live
        self._unsubscribe = _nothing if workspace is None else workspace.subscribe(self._on_changes)
        self._refresh()

    def show_state(self, state: EngineState) -> None:
        """How the engine is; what went wrong is said in full, with a way on."""
        self.switch.show_state(state)
        failed = state.kind is EngineKind.FAILED
        troubled = failed or state.kind is EngineKind.RESTARTING
        self.sentence.setText(state.text if troubled else "")
        set_kind(self.sentence, "bad" if failed else "warn")
        wear(self.sentence, 12)  # polishing anew takes a font back to what it was at first
        self.sentence.setVisible(troubled and bool(state.text))
        self.restart.setVisible(failed)

    def set_live(self, live: bool) -> None:
        """Show whether answers are live; tells nobody."""
        self.switch.setChecked(live)  # only a click wishes, so nobody is told

    # -- choosing --------------------------------------------------------------------------------

    def open_methods(self) -> None:
        """Offer the methods."""
        if self._live is not None:
            chosen = self._live.options.method
            self.method_popup.open_at(self._corner(), method_cards(), chosen)

    def open_backbones(self) -> None:
        """Offer the backbones; the shelf is looked at anew, for weights may have come."""
        if self._live is not None:
            cards, chosen = backbone_cards(self._models_dir), self._live.options.backbone
            self.backbone_popup.open_at(self._corner(), cards, chosen)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        card = QFrame()
        set_kind(card, "card")
        rows = QVBoxLayout(card)
        rows.setContentsMargins(PAD, GAP, GRID, GAP)
        rows.setSpacing(1)
        for line in self._choices():
            rows.addLayout(line)
        self.sentence.setContentsMargins(0, GAP, GRID, GRID)
        rows.addWidget(self.sentence)
        rows.addWidget(self.restart, 0, Qt.AlignmentFlag.AlignLeft)
        top = row(heading("Method"), 1, self.switch)
        top.setContentsMargins(GRID, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GRID, GAP, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(card)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _choices(self) -> Iterator[QHBoxLayout]:
        """Four lines: what it is on the left, what was chosen on the right."""
        first = row(self.method, self.change, spacing=0)
        first.setStretch(0, 1)
        yield first
        second = row(words("Backbone", wrap=False), self.backbone)
        second.setStretch(1, 1)
        yield second
        third = row(words("Refine edges", wrap=False), 1, self.refine)
        third.setContentsMargins(0, 0, GRID, 0)  # the switch has a rim of its own
        yield third
        last = row(words("Threshold", wrap=False), self.threshold, self.figure)
        last.setStretch(1, 1)
        last.setContentsMargins(0, 0, 2 * GRID, 0)
        yield last

    def _connect(self) -> None:
        self.change.setAccessibleName("Change the method")
        self.refine.setToolTip("Let answers follow the edges of the picture")
        self.threshold.setToolTip(
            "A class is proposed only where it is at least this probable, background elsewhere"
        )
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._take_threshold)
        self.switch.clicked.connect(self.live_wished)
        self.method_popup.chosen.connect(lambda n: self._ask(lambda live: live.set_method(n)))
        self.backbone_popup.chosen.connect(lambda n: self._ask(lambda live: live.set_backbone(n)))
        self.refine.clicked.connect(lambda on: self._ask(lambda live: live.set_refine(on)))
        self.threshold.valueChanged.connect(self._on_threshold)
        self.threshold.sliderReleased.connect(self._take_threshold)

    def _ask(self, wish: Callable[[LiveFlow], object]) -> None:
        """One choice; what the document refuses is told, and the old choice shown again."""
        if self._live is None:
            return
        try:
            wish(self._live)
        except PLAIN_ERRORS as error:
            self.told.emit(str(error))
        self._refresh()

    def _on_threshold(self, percent: int) -> None:
        self._show_threshold(percent)
        if not self.threshold.isSliderDown():
            self._settle.start()

    def _take_threshold(self) -> None:
        self._settle.stop()
        value = self.threshold.value() / 100
        if self._live is not None and value != self._live.options.threshold:
            self._ask(lambda live: live.set_threshold(value))

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if changes.settings:
            self._refresh()

    def _refresh(self) -> None:
        for control in (self.change, self.backbone, self.refine, self.threshold):
            control.setEnabled(self._live is not None)
        if self._live is None:
            self.method.setText("No project")
            self._show_backbone(None, "")
            return
        options = self._live.options
        method = _named(method_cards(), options.method)
        self.method.setText(options.method if method is None else method.title)
        self._show_backbone(_named(backbone_cards(self._models_dir), options.backbone),
                            options.backbone)  # fmt: skip
        self.refine.setChecked(options.refine)
        if not self.threshold.isSliderDown() and not self._settle.isActive():
            with QSignalBlocker(self.threshold):
                self.threshold.setValue(round(options.threshold * 100))
            self._show_threshold(self.threshold.value())

    def _show_backbone(self, card: ChoiceCard | None, name: str) -> None:
        said = name if card is None else shown_name(card) or card.title
        absent = bool(name) and (card is None or not card.available)
        self.backbone.say(said)
        told = card.missing if card is not None else f"No backbone '{name}' is known here."
        self.backbone.setToolTip(told if absent else said)
        self.backbone.setIcon(icon("problem") if absent else QIcon())
        self.backbone.setAccessibleName(f"Backbone: {said}" + ", not here" * absent)

    def _show_threshold(self, percent: int) -> None:
        self.figure.setText(f"{percent / 100:.2f}" if percent else "off")
        self.threshold.setAccessibleDescription(self.figure.text())

    def _corner(self) -> QPoint:
        return self.mapToGlobal(QPoint(self.width() + GRID, 0))


class _ChoiceButton(QPushButton):
    """What was chosen, at the right; a name too long for the column gives way."""

    def __init__(self, pressed: Callable[[], object]) -> None:
        super().__init__()
        set_kind(self, "quiet")
        self.setStyleSheet("text-align: right")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._said = ""
        self.clicked.connect(lambda _checked=False: pressed())

    def say(self, text: str) -> None:
        """Show this."""
        self._said = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        sign = "  ▾"
        metrics = self.fontMetrics()
        taken = metrics.horizontalAdvance(sign) + 2 * GAP
        taken += 0 if self.icon().isNull() else self.iconSize().width() + GRID
        end = Qt.TextElideMode.ElideRight
        short = metrics.elidedText(self._said, end, max(0, self.width() - taken))
        self.setText(f"{short}{sign}" if self._said else "")


class _Threshold(QSlider):
    """Leaves the wheel to the column it stands in, unless a person has turned to it."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName("Threshold")
        self.setRange(0, THRESHOLD_LIMIT)
        self.setSingleStep(1)
        self.setPageStep(STEP)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _figure() -> QLabel:
    label = QLabel()
    wear_font(label, figures_font(BODY), BODY)
    set_kind(label, "dim")
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("0.00") + 2)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label


def _named(cards: tuple[ChoiceCard, ...], name: str) -> ChoiceCard | None:
    return next((card for card in cards if card.name == name), None)


def _nothing() -> None:
    """What ends a subscription that there is none of."""
