"""The accept bar: accept and reject over the picture, and what an accept would change there."""

from PySide6.QtCore import QEvent, QObject, QPoint, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from annotator.flows.accept_diff import AcceptDiff
from annotator.look.measures import GAP, GRID, PAD
from annotator.look.pieces import keycap, push_button, words
from annotator.look.style import set_kind
from annotator.window.actions import ActionSet, shown_key


class AcceptBar(QFrame):
    """Floats at the top right of its parent. While a difference is shown it asks first."""

    accept_pressed = Signal()
    reject_pressed = Signal()

    def __init__(self, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        set_kind(self, "floating")
        self.setAccessibleName("Answer")
        self._actions = actions
        self._words = words("", kind="", wrap=False)
        self._reject = push_button("Reject", self.reject_pressed.emit, kind="quiet")
        self._accept = push_button("Accept", self.accept_pressed.emit, kind="primary")
        self._reject_key, self._accept_key = keycap(""), keycap("")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PAD, GRID, GRID, GRID)
        layout.setSpacing(GAP)
        for widget in (
            self._words, self._reject, self._reject_key, self._accept, self._accept_key,
        ):  # fmt: skip
            layout.addWidget(widget)
        actions.keys_changed.connect(self._show_keys)
        parent.installEventFilter(self)
        self._show_keys()
        self.show_offer(possible=False)

    def show_offer(self, *, possible: bool) -> None:
        """The ordinary state: there is a proposal to accept, or there is none."""
        self._words.setVisible(False)
        self._reject.setText("Reject")
        self._accept.setText("Accept")
        self.setVisible(possible)
        self._place()

    def show_difference(self, diff: AcceptDiff) -> None:
        """Ask before accepted pixels change, with figures."""
        said = (("added", diff.added), ("removed", diff.removed), ("changed", diff.changed))
        figures = "  ·  ".join(f"{count:,} {word}" for word, count in said if count)
        self._words.setText(f"Pixels: {figures}")
        self._words.setVisible(True)
        self._reject.setText("Keep as it is")
        self._accept.setText("Accept changes")
        self.setVisible(True)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.adjustSize()
        parent = self.parentWidget()
        if parent is not None:
            self.move(QPoint(max(0, parent.width() - self.width() - PAD), PAD))
            self.raise_()

    def _show_keys(self) -> None:
        pairs = ((self._reject_key, "answer.reject"), (self._accept_key, "answer.accept"))
        for cap, action_id in pairs:
            keys = self._actions.keys(action_id)
            cap.setText(shown_key(keys[0]) if keys else "")
            cap.setVisible(bool(keys))
