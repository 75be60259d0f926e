"""The head of the gallery: how many images, in which order, and which of them are shown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QGuiApplication,
    QIcon,
    QPainter,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from annotator.document.classes import ClassId, LabelClass
from annotator.look.measures import GAP, GRID, SMALL, WIDE, figures_font, scaled
from annotator.look.pieces import heading, icon_button, push_button, row, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear_font
from annotator.panels.gallery_cells import STATE_WORDS, CellState, Order, Wish
from annotator.panels.gallery_signs import paint_state

T = TypeVar("T")

COUNT_WIDTH = 250  # a narrower head has no room for the number of images, nor for long orders
WORDS_WIDTH = 960  # a narrower one has chips with a sign and a number only
_SHORT_ORDERS = {
    Order.USEFUL: "useful",
    Order.NAME: "name",
    Order.STATE: "state",
    Order.DOUBT: "doubt",
}
_SIGN = 16
_LEAST_NAME_WIDTH = 96
_NAME_WIDTH, _ANY_WIDTH = 240, 16_777_215  # the latter is Qt's own largest
# In the order of work. What is in question is said in the fewest words, for chips are read often.
_CHIPS: Mapping[CellState, str] = {
    CellState.CUE: "marked",
    CellState.PROPOSED: "proposed",
    CellState.ACCEPTED: "accepted",
    CellState.UNTOUCHED: "untouched",
    CellState.PROBLEM: "problems",
}
DOUBTS: Mapping[str, tuple[float, float]] = {
    "Any doubt": (0.0, 1.0),
    "Sure: up to 10 %": (0.0, 0.1),
    "10 % to 25 %": (0.1, 0.25),
    "25 % to 50 %": (0.25, 0.5),
    "More than 50 %": (0.5, 1.0),
}


class GalleryHead(QWidget):
    """Shows a `Wish` and asks for another one."""

    wish_changed = Signal(object)
    expand_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._wish = Wish()
        self._classes: tuple[LabelClass, ...] = ()
        self._expanded = False
        self._counts: Mapping[CellState, int] = {}
        self.text = QLineEdit()
        self.text.setPlaceholderText("Filter by name")
        self.text.setAccessibleName("Filter images by name")
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(lambda text: self._ask(text=text))
        self._count = words("", pixels=SMALL, wrap=False)
        wear_font(self._count, figures_font(SMALL), SMALL)
        self._sort = push_button("", _nothing, kind="quiet")
        self._sort.setMinimumWidth(1)  # its words give way before the panel does
        self._filter = icon_button("filter", "Show only some states, classes or doubts", _nothing)
        self._expand = icon_button("gallery", "Let the gallery fill the window", _nothing)
        self._expand.clicked.connect(self.expand_wished)
        self._all = self._chip("", "Show all images")
        self._all.clicked.connect(self.clear)
        self._chips = {state: self._state_chip(state) for state in _CHIPS}
        self._lay_out()
        self.show_wish(self._wish)

    # -- what is shown ---------------------------------------------------------------------------

    def show_wish(self, wish: Wish) -> None:
        """The order and filter of now; asks for nothing."""
        self._wish = wish
        if self.text.text() != wish.text:
            before = self.text.blockSignals(True)
            self.text.setText(wish.text)
            self.text.blockSignals(before)
        self._sort.setAccessibleName(f"Sorted by {wish.order.value}")
        beyond_text = replace(wish, text="").narrows
        self._filter.setCheckable(True)
        self._filter.setChecked(beyond_text)
        self._all.setChecked(not wish.narrows)
        for state, chip in self._chips.items():
            chip.setChecked(state in wish.states)
        self._show_parts()

    def show_counts(self, shown: int, counts: Mapping[CellState, int]) -> None:
        """How many images there are in each state, and how many the filter lets through."""
        total = sum(counts.values())
        self._count.setText(f"{shown:,} of {total:,}" if shown < total else f"{total:,}")
        self._count.setToolTip(_summary(counts))
        self._counts = counts
        self._show_parts()

    def show_classes(self, classes: Iterable[LabelClass]) -> None:
        """The classes one can filter by."""
        self._classes = tuple(classes)

    def set_expanded(self, expanded: bool) -> None:
        """With room for words: chips for each state stand beside the name."""
        self._expanded = expanded
        self.text.setMaximumWidth(_NAME_WIDTH if expanded else _ANY_WIDTH)
        title = "Back to the picture" if expanded else "Let the gallery fill the window"
        self._expand.setToolTip(title)
        self._expand.setAccessibleName(title)
        self._show_parts()

    def focus_text(self) -> None:
        """Put the cursor where one types a name."""
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()

    def clear(self) -> None:
        """Ask to show every image again."""
        self.wish_changed.emit(Wish(order=self._wish.order))

    # -- menus -----------------------------------------------------------------------------------

    def fill_sort_menu(self, menu: QMenu) -> None:
        """One line for each order."""
        menu.clear()
        group = QActionGroup(menu)
        for order in Order:
            line = _line(menu, order.value.capitalize(), order is self._wish.order, group)
            line.triggered.connect(lambda _on=False, o=order: self._ask(order=o))

    def fill_filter_menu(self, menu: QMenu) -> None:
        """One line for each state, range of doubt and class."""
        menu.clear()
        wish = self._wish
        for state in _CHIPS:
            line = _line(menu, STATE_WORDS[state].capitalize(), state in wish.states)
            line.triggered.connect(lambda _on=False, s=state: self._toggle_state(s))
        menu.addSeparator()
        group = QActionGroup(menu)
        for title, span in DOUBTS.items():
            line = _line(menu, title, span == (wish.least_doubt, wish.most_doubt), group)
            line.triggered.connect(
                lambda _on=False, s=span: self._ask(least_doubt=s[0], most_doubt=s[1])
            )
        if self._classes:
            menu.addSeparator()
        for kind in self._classes:
            line = _line(menu, kind.name.replace("&", "&&"), kind.class_id in wish.classes)
            line.triggered.connect(lambda _on=False, c=kind.class_id: self._toggle_class(c))
        menu.addSeparator()
        menu.addAction("Show all", self.clear)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._sort.setMenu(self._menu(self._sort, self.fill_sort_menu))
        self._filter.setMenu(self._menu(self._filter, self.fill_filter_menu))
        self._filter.setPopupMode(self._filter.ToolButtonPopupMode.InstantPopup)
        self._top = row(heading("Gallery"), self._count, 1, self._sort, spacing=GRID)
        self._chip_box = QWidget()
        self._chip_box.setMinimumWidth(1)
        chips = row(self._all, *self._chips.values(), 1, spacing=GRID)
        self._chip_box.setLayout(chips)
        self._line = QHBoxLayout()
        for line in (self._top, self._line):
            line.setContentsMargins(GRID, 0, WIDE, 0)  # in line with the cells below
        self._line.setSpacing(GRID)
        for widget in (self.text, self._chip_box, self._filter, self._expand):
            self._line.addWidget(widget)
        self._line.setStretchFactor(self._chip_box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._top)
        layout.addLayout(self._line)
        self.set_expanded(False)

    def _menu(self, parent: QWidget, fill: Callable[[QMenu], None]) -> QMenu:
        menu = QMenu(parent)
        menu.aboutToShow.connect(lambda: fill(menu))
        return menu

    def _chip(self, text: str, name: str) -> QPushButton:
        chip = QPushButton(text)
        set_kind(chip, "chip")
        chip.setCheckable(True)
        wear_font(chip, figures_font(SMALL), SMALL)
        chip.setToolTip(name)
        return chip

    def _state_chip(self, state: CellState) -> QPushButton:
        chip = self._chip("", f"Show only images that are {_CHIPS[state]}")
        chip.setIcon(state_icon(state))
        chip.setIconSize(QSize(_SIGN, _SIGN))
        chip.clicked.connect(lambda: self._toggle_state(state))
        return chip

    def _toggle_state(self, state: CellState) -> None:
        self._ask(states=toggled(self._wish.states, state))

    def _toggle_class(self, class_id: ClassId) -> None:
        self._ask(classes=toggled(self._wish.classes, class_id))

    def _ask(self, **changes: object) -> None:
        self.wish_changed.emit(replace(self._wish, **changes))  # type: ignore[arg-type]

    def _show_parts(self) -> None:
        """What there is room for."""
        roomy = self.width() >= scaled(COUNT_WIDTH)
        order = self._wish.order
        self._sort.setText(f"{order.value if roomy else _SHORT_ORDERS[order]}  ▾")
        self._count.setVisible(roomy and not self._expanded and self._count.text() != "0")
        self._chip_box.setVisible(self._expanded)
        wordy, total = self.width() >= scaled(WORDS_WIDTH), sum(self._counts.values())
        least = _NAME_WIDTH if wordy else _LEAST_NAME_WIDTH
        self.text.setMinimumWidth(least if self._expanded else 0)
        self._all.setText(f"{total:,} {'image' if total == 1 else 'images'}")
        for state, chip in self._chips.items():
            count = self._counts.get(state, 0)
            word = "problem" if (state, count) == (CellState.PROBLEM, 1) else _CHIPS[state]
            chip.setText(f"{count:,} {word}" if wordy else f"{count:,}")
            chip.setAccessibleName(f"{count:,} {word}")
            chip.setVisible(count > 0 or state in self._wish.states)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        super().resizeEvent(event)
        self._show_parts()


def state_icon(state: CellState) -> QIcon:
    """The sign of a state as it stands on the cells."""
    ratio = max(2.0, QGuiApplication.primaryScreen().devicePixelRatio())
    picture = QPixmap(round(_SIGN * ratio), round(_SIGN * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_state(painter, QRectF(3.5, 3.5, 9, 9), state)
    painter.end()
    return QIcon(picture)


def toggled(members: frozenset[T], member: T) -> frozenset[T]:
    """The set with one member more or less."""
    return members - {member} if member in members else members | {member}


def _summary(counts: Mapping[CellState, int]) -> str:
    parts = (f"{counts[state]:,} {word}" for state, word in _CHIPS.items() if counts[state])
    return " · ".join(parts)


def _line(menu: QMenu, title: str, checked: bool, group: QActionGroup | None = None) -> QAction:
    action = menu.addAction(title)
    action.setCheckable(True)
    action.setChecked(checked)
    if group is not None:
        group.addAction(action)
    return action


def _nothing() -> None:
    """A button whose menu does all there is to do."""
