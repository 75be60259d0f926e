"""The page of keys: every action, searchable; its keys are changed by pressing others."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from annotator.look.focus import lead_focus
from annotator.look.measures import GAP, GRID, ICON, SMALL, WIDE
from annotator.look.pieces import (
    Icon,
    PageColumn,
    centred,
    heading,
    icon_button,
    keycap,
    push_button,
    row,
    title,
    words,
)
from annotator.look.style import set_kind
from annotator.window.action_table import ActionRow, Scope, Trigger
from annotator.window.actions import ActionSet, Keys, normal_key, shown_key
from annotator.window.fuzzy import match

_PLACES = {
    Scope.CANVAS: "",
    Scope.EVERYWHERE: "",
    Scope.GALLERY: "in the gallery",
    Scope.CLASSES: "in the list of classes",
}
_FIXED = {Trigger.HOLD: "hold", Trigger.WHEEL: "turn"}
_MODIFIERS = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta}


class KeyButton(QPushButton):
    """Shows keys; pressed, it listens for the next ones. Backspace takes all away, Escape none."""

    keys_pressed = Signal(str)  # empty: no key at all

    def __init__(self, action_title: str) -> None:
        super().__init__()
        self._title = action_title
        self._keys: Keys = ()
        self._listening = False
        set_kind(self, "keys")
        self.clicked.connect(lambda _checked=False: self._listen(on=True))

    @property
    def listening(self) -> bool:
        """Whether the next press is taken for a new key."""
        return self._listening

    def show_keys(self, keys: Keys) -> None:
        """Show these keys."""
        self._keys = keys
        self._listen(on=False)

    def event(self, event: QEvent) -> bool:
        """While listening, no press is a shortcut and Tab is a key like any other."""
        if self._listening and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102 - Qt's name
        self._listen(on=False)
        super().focusOutEvent(event)

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MODIFIERS:
            return
        self._listen(on=False)
        if key == Qt.Key.Key_Escape:
            return
        bare = event.modifiers() == Qt.KeyboardModifier.NoModifier
        gone = bare and key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
        combination = QKeySequence(event.keyCombination())
        name = combination.toString(QKeySequence.SequenceFormat.PortableText)
        self.keys_pressed.emit("" if gone else name)

    def _listen(self, *, on: bool) -> None:
        self._listening = on
        shown = "  ".join(dict.fromkeys(shown_key(key) for key in self._keys))
        self.setText("Press keys…" if on else shown or "none")
        self.setAccessibleName(f"Keys of {self._title}: {shown or 'none'}")
        self.setProperty("listening", "true" if on else "false")
        self.style().unpolish(self)
        self.style().polish(self)


class KeyLine(QWidget):
    """One action with its keys, and in the same place what they clash with."""

    def __init__(self, row_: ActionRow, actions: ActionSet) -> None:
        super().__init__()
        self.row = row_
        self._actions = actions
        self.button = KeyButton(row_.title)
        self.fixed = keycap(" / ".join(shown_key(key) for key in row_.keys))
        self.fixed.setProperty("fixed", "true")
        self.fixed.setToolTip("This one cannot be changed")
        self.button.keys_pressed.connect(self._on_keys)
        self.reset = icon_button("reset", f"Reset the keys of {row_.title}", self._on_reset)
        keep = self.reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(keep)
        self.clash = words("", kind="warn", pixels=SMALL, wrap=False)
        mark = Icon(row_.icon, side=ICON) if row_.icon else QWidget()
        mark.setFixedWidth(ICON)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, 1, GAP, 1)
        layout.setSpacing(GAP)
        name = words(row_.title, kind="", wrap=False)
        name.setToolTip(row_.tooltip)
        where = words(_FIXED.get(row_.trigger, _PLACES[row_.scope]), pixels=SMALL, wrap=False)
        for widget in (mark, name, where):
            layout.addWidget(widget)
        layout.addStretch(1)
        for widget in (self.clash, self.reset, self.button, self.fixed):
            layout.addWidget(widget)
        self.button.setVisible(row_.editable)  # not before: alone it would be a window of its own
        self.fixed.setVisible(not row_.editable)

    def refresh(self, clashes: Iterable[str]) -> None:
        """Show the keys of now, and the titles of actions that want the same ones."""
        keys = self._actions.keys(self.row.action_id)
        self.button.show_keys(keys)
        self.reset.setVisible(keys != self.row.keys)
        also = ", ".join(clashes)
        self.clash.setText(f"also: {also}" if also else "")
        self.clash.setVisible(bool(also))

    def _on_keys(self, key: str) -> None:
        self._actions.rebind(self.row.action_id, (normal_key(key),) if key else ())

    def _on_reset(self) -> None:
        self._actions.reset(self.row.action_id)
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)


class ShortcutsPage(QWidget):
    """All lines by group. Changes hold at once; ``changed`` carries what differs, to be kept.

    Held keys and those of the wheel are listed too, but cannot be changed.
    """

    changed = Signal(object)  # dict[str, Keys]: action id -> keys, as `Settings.keys` has them

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        self.setAccessibleName("Keys")
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by name or key")
        self.search.setAccessibleName("Search keys")
        self.search.setClearButtonEnabled(True)
        self.reset_all = push_button("Reset to defaults", lambda: actions.reset(), kind="quiet")
        self.lines = {row_.action_id: KeyLine(row_, actions) for row_ in actions.rows}
        self._headings: dict[str, QWidget] = {}
        self._nothing = words("No action of that name or key.")
        self.warning = words("", kind="warn")
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        actions.keys_changed.connect(self.refresh)
        actions.keys_changed.connect(lambda: self.changed.emit(dict(actions.overrides)))
        lead_focus(self, self.search)
        self.refresh()
        self._filter("")

    def refresh(self) -> None:
        """Show keys and conflicts as they are now."""
        clashes: dict[str, list[str]] = {}
        conflicts = self._actions.conflicts()
        keys = dict.fromkeys(shown_key(found.key) for found in conflicts)
        self.warning.setText(
            f"More than one action wants these keys, so they do nothing: {', '.join(keys)}."
        )
        self.warning.setVisible(bool(keys))
        for found in conflicts:
            for one, other in ((found.first, found.second), (found.second, found.first)):
                clashes.setdefault(one, []).append(self._actions.row(other).title)
        for action_id, line in self.lines.items():
            line.refresh(dict.fromkeys(clashes.get(action_id, ())))
        self.reset_all.setEnabled(bool(self._actions.overrides))

    def _filter(self, typed: str) -> None:
        groups = set()
        for action_id, line in self.lines.items():
            fits = self._fits(typed.strip(), action_id)
            line.setVisible(fits)
            groups |= {line.row.group} if fits else set()
        for group, label in self._headings.items():
            label.setVisible(group in groups)
        self._nothing.setVisible(not groups)

    def _fits(self, typed: str, action_id: str) -> bool:
        keys = (shown_key(key).casefold() for key in self._actions.keys(action_id))
        if typed.casefold() in keys or not typed:
            return True
        return len(typed) > 1 and match(typed, self._actions.row(action_id).title) is not None

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, GAP, WIDE)
        column.setSpacing(0)
        for action_id, line in self.lines.items():
            group = self._actions.row(action_id).group
            if group not in self._headings:
                label = heading(group)
                label.setContentsMargins(GAP, WIDE, 0, GRID)
                self._headings[group] = label
                column.addWidget(label)
            column.addWidget(line)
        column.addWidget(self._nothing)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = PageColumn()
        self.setLayout(centred(page))
        layout = QVBoxLayout(page)
        layout.setContentsMargins(2 * WIDE, WIDE, 2 * WIDE, 0)
        layout.setSpacing(GAP)
        layout.addLayout(row(title("Keys"), 1, self.reset_all))
        layout.addWidget(words("Press a key's button, then the new key. Backspace leaves it bare."))
        layout.addWidget(self.search)
        layout.addWidget(self.warning)
        layout.addWidget(area, 1)
