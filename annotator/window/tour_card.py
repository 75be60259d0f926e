"""What the tour draws: a veil with a hole that lets the mouse through, and the card beside it."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from annotator.look.measures import BODY, GAP, GRID, RADIUS, SMALL, WIDE, scaled
from annotator.look.pieces import push_button, row, title, words
from annotator.look.style import set_kind

CARD_WIDTH = 330
_SHADE_ALPHA = 150
_RING = 2  # pixels of the ring around what is lit


class TourVeil(QWidget):
    """Darkens all but one rectangle. Outside it swallows the mouse; inside there is no veil."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._lit = QRect()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    @property
    def lit(self) -> QRect:
        """What is lit, in the window's pixels; empty when nothing is."""
        return self._lit

    def light(self, window: QRect, lit: QRect) -> None:
        """Cover ``window`` except for ``lit``."""
        if (self.geometry(), self._lit) == (window, lit):
            return
        self._lit = lit
        self.setGeometry(window)
        if lit.isEmpty():
            self.clearMask()
        else:  # the mask also decides whom the mouse reaches
            self.setMask(QRegion(self.rect()).subtracted(QRegion(lit)))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, _SHADE_ALPHA))
        if not self._lit.isEmpty():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            # White on a shade is seen in either scheme, whatever lies beneath.
            painter.setPen(QPen(QColor("#ffffff"), _RING))
            ring = QRectF(self._lit).adjusted(-_RING, -_RING, _RING, _RING)
            inside = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(ring.intersected(inside), RADIUS / 2, RADIUS / 2)
        painter.end()


class TourCard(QFrame):
    """Title, a sentence or two, how far one is, and the ways on. Only asks; the tour does."""

    back = Signal()
    next = Signal()
    skipped = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        set_kind(self, "sheet")
        self.setAutoFillBackground(True)
        self._title, self._text = title("", BODY + 2), words("", kind="")
        self._title.setWordWrap(True)
        self._waits = words("Do it now, and the tour goes on by itself.", kind="good")
        self._count = words("", pixels=SMALL, wrap=False)
        self.skip_button = push_button("End tour", self.skipped.emit, kind="quiet")
        self.back_button = push_button("Back", self.back.emit)
        self.next_button = push_button("Next", self.next.emit, kind="primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(WIDE, WIDE, WIDE, WIDE)
        column.setSpacing(GAP)
        for label in (self._title, self._text, self._waits):
            column.addWidget(label)
        column.addSpacing(GRID)
        column.addLayout(row(self._count, 1, self.skip_button, self.back_button, self.next_button))
        self.hide()

    def show_step(self, headline: str, text: str, place: int, count: int, *, waits: bool) -> None:
        """Say one step; ``waits``: it goes on when the person has done it."""
        self._title.setText(headline)
        self._text.setText(text)
        self._waits.setVisible(waits)
        self._count.setText(f"{place + 1} of {count}")
        self.back_button.setEnabled(place > 0)
        last = place == count - 1
        self.next_button.setText("Done" if last else "Next")
        self.skip_button.setVisible(not last)
        self.setAccessibleName(f"Tour, {place + 1} of {count}: {headline}")
        self.setAccessibleDescription(text)

    def take_focus(self) -> None:
        """The keyboard goes on from here."""
        self.next_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def fit(self, window: QRect) -> None:
        """As wide as the scale of text asks for, as high as the words need, within the window."""
        width = min(scaled(CARD_WIDTH), window.width() - 2 * WIDE)
        width = max(width, self.minimumSizeHint().width())
        self.resize(width, max(self.heightForWidth(width), self.minimumSizeHint().height()))


def card_place(card: QSize, window: QRect, lit: QRect) -> QPoint:
    """Where the card stands: beside what is lit where there is room, else in a corner of it."""
    if lit.isEmpty():
        return window.center() - QPoint(card.width() // 2, card.height() // 2)
    room = window.adjusted(GAP, GAP, -GAP, -GAP)
    y = min(max(lit.top(), room.top()), room.bottom() - card.height())
    x = min(max(lit.center().x() - card.width() // 2, room.left()), room.right() - card.width())
    spots = (
        QPoint(lit.right() + WIDE, y),
        QPoint(lit.left() - WIDE - card.width(), y),
        QPoint(x, lit.bottom() + WIDE),
        QPoint(x, lit.top() - WIDE - card.height()),
    )
    for spot in spots:
        if room.contains(QRect(spot, card)):
            return spot
    corner = lit.intersected(room).bottomRight() - QPoint(card.width() + WIDE, card.height() + WIDE)
    return QPoint(max(room.left(), corner.x()), max(room.top(), corner.y()))
