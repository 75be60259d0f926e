"""How a card of a method or backbone is painted: title, summary, needs, and whether it is here."""

import re

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from annotator.flows.method_cards import ChoiceCard
from annotator.look.colours import Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, GRID, PAD, RADIUS, SMALL, font

CARD_ROLE = Qt.ItemDataRole.UserRole
CHOSEN_ROLE = Qt.ItemDataRole.UserRole + 1
ABSENT = "not on this machine"
_SIGN = 16
_WRAPPED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
Index = QModelIndex | QPersistentModelIndex


class CardDelegate(QStyledItemDelegate):
    """Paints cards as high as their words need."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.width = 0  # of a card beside a scroll bar, set by the popup before it asks for heights

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802, D102
        card: ChoiceCard | None = index.data(CARD_ROLE)
        if card is None:
            return QSize(self.width, 0)
        inner = QRect(0, 0, self.width - _left() - PAD, 0)
        heights = [
            _height(card.title, font(BODY, strong=True), inner),
            *(_height(text, font(SMALL), inner) for text in (card.summary, card.needs)),
        ]
        return QSize(self.width, sum(heights) + 2 * GRID + 2 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        card: ChoiceCard | None = index.data(CARD_ROLE)
        if card is None:
            return
        colours = colours_of(option.palette)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.chosen if card.available else colours.hover))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        _paint_sign(painter, rect, card, colours, chosen=bool(index.data(CHOSEN_ROLE)))
        _paint_words(painter, rect, card, colours)
        painter.restore()


def shown_name(card: ChoiceCard) -> str:
    """The name, where the title does not tell it: weights of one's own bear their file's name."""
    return "" if _plain(card.name) in _plain(card.title) else card.name


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _left() -> int:
    return PAD + _SIGN + GAP


def _height(text: str, face: QFont, inner: QRect) -> int:
    box = QRect(0, 0, inner.width(), 10_000)
    return QFontMetrics(face).boundingRect(box, _WRAPPED, text).height()


def _paint_sign(
    painter: QPainter, rect: QRect, card: ChoiceCard, colours: Colours, *, chosen: bool
) -> None:
    """A tick for what is in use, a sign for what is not here: never by colour alone."""
    if not chosen and card.available:
        return
    line = QFontMetrics(font(BODY, strong=True)).height()
    spot = QRect(rect.left() + PAD - 2, rect.top() + GAP + (line - _SIGN) // 2, _SIGN, _SIGN)
    if not card.available:
        draw_icon(painter, spot, "problem", colours.warn if chosen else colours.dim_text)
    else:
        draw_icon(painter, spot, "accept", colours.accent_text)


def _paint_words(painter: QPainter, rect: QRect, card: ChoiceCard, colours: Colours) -> None:
    strong, small = font(BODY, strong=True), font(SMALL)
    inner = rect.adjusted(_left(), GAP, -PAD, -GAP)
    metrics = QFontMetrics(strong)
    painter.setFont(strong)
    painter.setPen(QColor(colours.text if card.available else colours.dim_text))
    aside = shown_name(card) if card.available else ABSENT
    room = inner.width() - QFontMetrics(small).horizontalAdvance(aside) - GAP
    painter.drawText(
        inner, _WRAPPED, metrics.elidedText(card.title, Qt.TextElideMode.ElideRight, room)
    )
    painter.setFont(small)
    painter.setPen(QColor(colours.dim_text))
    corner = QRect(inner.left(), inner.top(), inner.width(), metrics.height())
    painter.drawText(corner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, aside)
    inner.setTop(inner.top() + metrics.height() + GRID)
    for text in (card.summary, card.needs):
        painter.setPen(
            QColor(colours.text if card.available and text is card.summary else colours.dim_text)
        )
        painter.drawText(inner, _WRAPPED, text)
        inner.setTop(inner.top() + _height(text, small, inner) + GRID)
