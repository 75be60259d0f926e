"""The popup of cards: every method or backbone with what it needs, walked by mouse or keyboard."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QVBoxLayout, QWidget

from annotator.flows.method_cards import ChoiceCard
from annotator.look.focus import lead_focus
from annotator.look.measures import GRID, PAD, SMALL, scaled
from annotator.look.pieces import heading, rule, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear
from annotator.panels.method_delegate import CARD_ROLE, CHOSEN_ROLE, CardDelegate, shown_name

WIDTH, HEIGHT = 372, 480
HINT = "Arrows walk, Enter chooses, Esc closes."
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class CardModel(QAbstractListModel):
    """Cards, and which of them is in use."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cards: tuple[ChoiceCard, ...] = ()
        self._chosen = ""

    def show_cards(self, cards: Sequence[ChoiceCard], chosen: str) -> None:
        """Show these."""
        self.beginResetModel()
        self.cards, self._chosen = tuple(cards), chosen
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """How many cards."""
        return 0 if parent.isValid() else len(self.cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The card, its title (typing it finds the card), or all of it in words."""
        if not index.isValid() or index.row() >= len(self.cards):
            return None
        card = self.cards[index.row()]
        answers: Mapping[int, Callable[[], Any]] = {
            int(CARD_ROLE): lambda: card,
            int(CHOSEN_ROLE): lambda: card.name == self._chosen,
            int(Qt.ItemDataRole.DisplayRole): lambda: card.title,
            int(Qt.ItemDataRole.AccessibleTextRole): lambda: self._spoken(card),
        }
        answer = answers.get(int(role))
        return answer() if answer else None

    def _spoken(self, card: ChoiceCard) -> str:
        state = "in use" if card.name == self._chosen else ""
        absent = "" if card.available else f"cannot be chosen: {card.missing}"
        parts = (card.title, shown_name(card), state, card.summary, card.needs, absent)
        return ". ".join(part.rstrip(".") for part in parts if part)


class CardPopup(QFrame):
    """``chosen`` tells the name of the card a person picked; the popup is gone by then."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        set_kind(self, "sheet")
        self.setAccessibleName(name)
        self.model = CardModel(self)
        self.view = _CardView(self.model, name)
        self.foot = words(HINT, pixels=SMALL)
        self._title = heading(name)
        self._lay_out()
        lead_focus(self, self.view)
        self.view.picked.connect(self._pick)
        self.view.selectionModel().currentChanged.connect(self._on_current)

    def open_at(self, corner: QPoint, cards: Sequence[ChoiceCard], chosen: str) -> None:
        """Show cards, the one in use current; ``corner`` (global) is where the left top goes."""
        self.model.show_cards(cards, chosen)
        self.setFixedWidth(scaled(WIDTH))
        lines = 1 if all(card.available for card in cards) else 3  # of advice; nothing jumps
        self.foot.setFixedHeight(lines * self.foot.fontMetrics().lineSpacing() + 2 * GRID + 2)
        inner = scaled(WIDTH) - 2 * GRID - 2
        self.view.setFixedHeight(min(scaled(HEIGHT), self.view.height_of_all(inner)))
        self.adjustSize()
        self.move(self._within_screen(corner))
        names = [card.name for card in self.model.cards]
        index = self.model.index(names.index(chosen) if chosen in names else 0)
        self.view.setCurrentIndex(index)
        self.show()
        self.view.setFocus(Qt.FocusReason.PopupFocusReason)
        self.view.scrollTo(index)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._title.setContentsMargins(PAD, GRID, PAD, GRID)
        self.foot.setContentsMargins(PAD, GRID, PAD, GRID)
        self.foot.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID + 2, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._title)
        layout.addWidget(self.view)
        layout.addWidget(rule())
        layout.addWidget(self.foot)

    def _within_screen(self, corner: QPoint) -> QPoint:
        screen = QGuiApplication.screenAt(corner) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        x = max(room.left(), min(corner.x(), room.right() - self.width()))
        y = max(room.top(), min(corner.y(), room.bottom() - self.height()))
        return QPoint(x, y)

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        card = index.data(CARD_ROLE)
        absent = isinstance(card, ChoiceCard) and not card.available
        self.foot.setText(card.missing if absent and isinstance(card, ChoiceCard) else HINT)
        set_kind(self.foot, "warn" if absent else "dim")
        wear(self.foot, SMALL)  # polishing anew takes a font back to what it was at first

    def _pick(self, index: QModelIndex) -> None:
        card = index.data(CARD_ROLE)
        if isinstance(card, ChoiceCard) and card.available:
            self.close()
            self.chosen.emit(card.name)


class _CardView(QListView):
    """The list inside; the pointer leads the current card as it does in a menu."""

    picked = Signal(QModelIndex)

    def __init__(self, model: CardModel, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setModel(model)
        self._delegate = CardDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.entered.connect(self.setCurrentIndex)
        self.clicked.connect(self.picked)

    def height_of_all(self, width: int) -> int:
        """Of all cards, one below the other, in a view of that width."""
        self.setFixedWidth(width)
        self._delegate.width = width - self.verticalScrollBar().sizeHint().width()
        rows = range(self.model().rowCount())
        return sum(self.sizeHintForRow(row) for row in rows) + 2

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.picked.emit(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.window().close()
        else:
            super().keyPressEvent(event)
