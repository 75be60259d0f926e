"""The bar under a reviewed picture: what an accept would do, and what can be said about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QWidget

from annotator.flows.accept_diff import AcceptDiff
from annotator.look.measures import GAP, GRID, SMALL, WIDE, figures_font
from annotator.look.pieces import Icon, icon_button, keycap, push_button, words
from annotator.look.style import set_kind

WAITING = "There is no answer yet; the engine is at it."
NOTHING = "Nothing would change: all of this is accepted already."


class ReviewBar(QFrame):
    """Figures on the left, buttons with their keys on the right. Signals say what was pressed."""

    accepted = Signal()
    rejected = Signal()
    edit_wished = Signal()
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        set_kind(self, "bar")
        self.setAccessibleName("Answer in view")
        self._sign = Icon("problem", colour="warn")
        self.figures = words("", kind="")
        self.figures.setFont(figures_font(SMALL))
        self.figures.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.figures.setAccessibleName("What an accept would do")
        self.edit = push_button("Edit here", self.edit_wished.emit, kind="quiet")
        self.back = icon_button("previous", "Previous image", lambda: self.stepped.emit(-1))
        self.on = icon_button("next", "Next image", lambda: self.stepped.emit(1))
        self.reject = push_button("Reject", self.rejected.emit)
        self.accept = push_button("Accept", self.accepted.emit, kind="primary")
        self._lay_out()
        self.show_waiting("")

    def show_diff(self, diff: AcceptDiff) -> None:
        """What an accept would change."""
        self._show(diff_words(diff), warn=diff.touches_accepted, possible=True)

    def show_waiting(self, why: str = WAITING) -> None:
        """There is nothing to accept, and why."""
        self._show(why, warn=False, possible=False)

    def _show(self, text: str, *, warn: bool, possible: bool) -> None:
        self.figures.setText(text)
        self._sign.setVisible(warn)
        self.accept.setEnabled(possible)
        self.reject.setEnabled(possible)

    def _lay_out(self) -> None:
        lines = 3 * self.figures.fontMetrics().lineSpacing() + 2 * GRID
        self.setFixedHeight(max(lines, 13 * GRID))  # the picture must not jump for a sentence
        layout = QHBoxLayout(self)
        layout.setContentsMargins(WIDE, 0, WIDE, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._sign)
        layout.addWidget(self.figures, 1)
        pairs = (
            (self.back, "A"), (self.on, "D"), (self.edit, "E"),
            (self.reject, "Esc"), (self.accept, "Enter"),
        )  # fmt: skip
        for button, key in pairs:
            layout.addWidget(_keyed(button, key))


def diff_words(diff: AcceptDiff) -> str:
    """An accept in words: 'Accept adds 1,204 pixels and changes 37.'"""
    parts = [
        f"{verb} {count:,}"
        for verb, count in (
            ("adds", diff.added), ("removes", diff.removed), ("changes", diff.changed),
        )
        if count
    ]  # fmt: skip
    if not parts:
        return NOTHING
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    accepted = "; some accepted before" if diff.touches_accepted else ""
    return f"Accept {listed} pixels{accepted}."


def _keyed(button: QAbstractButton, key: str) -> QWidget:
    """A button with the key beside it that does the same."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID)
    cap = keycap(key)
    cap.setAccessibleName(f"Key {key}")
    button.setToolTip(f"{button.text() or button.accessibleName()} ({key})")
    layout.addWidget(button)
    layout.addWidget(cap, 0, Qt.AlignmentFlag.AlignVCenter)
    return holder


def counted(done: int, total: int) -> str:
    """How far a review is: '12 of 200 reviewed'."""
    return f"{done:,} of {total:,} reviewed"
