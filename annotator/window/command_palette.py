"""The command palette: every action by a few letters of its name, with the keyboard alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from annotator.look.colours import Colours, colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, GRID, ICON, RADIUS, SMALL, font, scaled
from annotator.look.pieces import Icon, row, rule, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear
from annotator.window.action_table import Trigger
from annotator.window.actions import ActionSet, shown_key
from annotator.window.fuzzy import ranked

WIDTH = 560
ROW_HEIGHT = 36
ROWS_SHOWN = 9
FRAME_HEIGHT = 62  # the search line, the rule and the margins
_ENTRY = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: an action, and which letters of its title were typed."""

    action_id: str
    title: str
    group: str
    icon: str
    keys: tuple[str, ...]
    places: tuple[int, ...] = ()


class EntryModel(QAbstractListModel):
    """The lines that fit."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """How many lines."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The entry, or its title."""
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == _ENTRY:
            return entry
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((entry.title, entry.group, *entry.keys))
        return entry.title if role == Qt.ItemDataRole.DisplayRole else None


class CommandPalette(QFrame):
    """An overlay on the window. Enter does the chosen action, Escape leaves all as it was."""

    closed = Signal()

    def __init__(self, window: QWidget, actions: ActionSet) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._return_to: QWidget | None = None
        self.setAccessibleName("Search actions")
        set_kind(self, "sheet")
        self.setAutoFillBackground(True)
        self.text = QLineEdit()
        wear(self.text, BODY + 2)
        self.text.setPlaceholderText("What do you want to do?")
        self.text.setAccessibleName("Search actions")
        set_kind(self.text, "bare")
        self.model = EntryModel(self)
        self.view = _entry_view(self.model)
        self._nothing = words("No action of that name.", wrap=False)
        self._nothing.setContentsMargins(GAP, GAP, GAP, GAP)
        self._lay_out()
        self.text.textChanged.connect(self._search)
        self.text.installEventFilter(self)
        self.view.clicked.connect(lambda _index: self._run())
        window.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show the palette, empty, with every action that can be done now."""
        self._return_to = self.window().focusWidget()
        self.text.clear()
        self._search("")
        self._place()
        self.show()
        self.raise_()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_palette(self) -> None:
        """Go away and give the focus back, unless a person has moved on or its place is gone."""
        moved_on = QApplication.focusWidget() not in (None, self.text)
        self.hide()
        back, self._return_to = self._return_to, None
        if back is not None and isValid(back) and not moved_on:
            back.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keys of the search line, and the size of the window."""
        if watched is self.text and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # letters are typed here, not shortcuts of the window
            if event.type() == QEvent.Type.KeyPress:
                return self._pressed(event.key())
        elif watched is self.text and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.close_palette()
        elif watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _pressed(self, key: int) -> bool:
        steps = {
            int(Qt.Key.Key_Down): 1,
            int(Qt.Key.Key_Up): -1,
            int(Qt.Key.Key_PageDown): ROWS_SHOWN,
            int(Qt.Key.Key_PageUp): -ROWS_SHOWN,
        }
        answers: dict[int, Callable[[], None]] = {
            int(Qt.Key.Key_Escape): self.close_palette,
            int(Qt.Key.Key_Return): self._run,
            int(Qt.Key.Key_Enter): self._run,
        }
        if key in steps:
            self._step(steps[key])
        elif key in answers:
            answers[key]()
        return key in steps or key in answers

    def _step(self, by: int) -> None:
        count = self.model.rowCount()
        if count:
            now = self.view.currentIndex().row()
            goal = (now + by) % count if abs(by) == 1 else max(0, min(count - 1, now + by))
            self.view.setCurrentIndex(self.model.index(goal))

    def _run(self) -> None:
        index = self.view.currentIndex()
        if not index.isValid():
            return
        action_id = self.model.entries[index.row()].action_id
        self.close_palette()
        self._actions[action_id].trigger()

    def _search(self, typed: str) -> None:
        found = ranked(typed, self._possible(), lambda entry: entry.title)
        self.model.show_entries(
            tuple(
                Entry(e.action_id, e.title, e.group, e.icon, e.keys, fit.places) for e, fit in found
            )
        )
        self.view.setCurrentIndex(self.model.index(0))
        self._place()
        self.view.setVisible(bool(found))
        self._nothing.setVisible(not found)

    def _possible(self) -> list[Entry]:
        return [
            Entry(
                row_.action_id,
                self._actions[row_.action_id].text(),
                row_.group,
                row_.icon,
                tuple(dict.fromkeys(map(shown_key, self._actions.keys(row_.action_id)))),
            )
            for row_ in self._actions.rows
            if row_.trigger is Trigger.PRESS
            and row_.action_id != "window.palette"
            and self._actions[row_.action_id].isEnabled()
        ]

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GRID)
        top = row(Icon("search"), self.text)
        top.setStretch(1, 1)
        top.setContentsMargins(GAP, 2, GRID, 2)
        layout.addLayout(top)
        layout.addWidget(rule())
        layout.addWidget(self.view, 1)
        layout.addWidget(self._nothing, 0, Qt.AlignmentFlag.AlignTop)

    def _place(self) -> None:
        parent = self._window
        width = min(scaled(WIDTH), parent.width() - 4 * GAP)
        wanted = min(ROWS_SHOWN, max(1, self.model.rowCount())) * scaled(ROW_HEIGHT)
        wanted += scaled(FRAME_HEIGHT)
        height = min(wanted, parent.height() - 8 * GAP)
        self.setGeometry((parent.width() - width) // 2, parent.height() // 10, width, height)


class EntryDelegate(QStyledItemDelegate):
    """Paints icon, title with the typed letters strong, group, and keys."""

    def sizeHint(  # noqa: N802, D102 - Qt's name
        self, option: QStyleOptionViewItem, _index: Index
    ) -> QSize:
        rect: QRect = option.rect
        return QSize(rect.width(), scaled(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        entry: Entry = index.data(_ENTRY)
        rect: QRect = option.rect
        state = option.state
        colours = colours_of(option.palette)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.chosen))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        if entry.icon:
            spot = QRect(rect.left() + GAP, rect.center().y() - ICON // 2, ICON, ICON)
            draw_icon(painter, spot, entry.icon, colours.dim_text)
        right = _paint_keys(painter, rect, entry, colours)
        self._paint_words(painter, rect, entry, colours, right=right)
        painter.restore()

    def _paint_words(
        self, painter: QPainter, rect: QRect, entry: Entry, colours: Colours, *, right: int
    ) -> None:
        x = rect.left() + ICON + 3 * GAP
        typed = set(entry.places)
        for k, letter in enumerate(entry.title):
            face = font(BODY, strong=k in typed)
            painter.setFont(face)
            painter.setPen(QColor(colours.accent_text if k in typed else colours.text))
            width = QFontMetrics(face).horizontalAdvance(letter)
            box = QRect(x, rect.top(), width + 2, rect.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, letter)
            x += width
        painter.setFont(font(SMALL))
        painter.setPen(QColor(colours.dim_text))
        box = QRect(x + GAP, rect.top(), max(0, right - x - 2 * GAP), rect.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, entry.group)


def _paint_keys(painter: QPainter, rect: QRect, entry: Entry, colours: Colours) -> int:
    """Paints the keys at the right; returns where they begin."""
    small = font(SMALL)
    metrics = QFontMetrics(small)
    right = rect.right() - GAP
    painter.setFont(small)
    for key in reversed(entry.keys[:2]):
        width = metrics.horizontalAdvance(key) + 12
        high = max(20, metrics.height() + 4)
        cap = QRectF(right - width, rect.center().y() - high // 2, width, high)
        cap.adjust(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(colours.strong_line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 4, 4)
        painter.setPen(QColor(colours.dim_text))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
        right -= width + GRID
    return right


def _entry_view(model: EntryModel) -> QListView:
    view = QListView()
    view.setAccessibleName("Actions that fit")
    view.setModel(model)
    view.setItemDelegate(EntryDelegate(view))
    view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    view.setUniformItemSizes(True)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return view
