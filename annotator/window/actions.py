"""Actions at work: keys with what a person changed, their conflicts, and the QActions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from annotator.look.icons import icon
from annotator.window.action_table import ROWS, ActionRow, Scope, Trigger

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two actions that would answer to one key in one place."""

    key: str
    first: str  # action ids, in the order of the table
    second: str


def keys_of(row: ActionRow, overrides: Mapping[str, Keys]) -> Keys:
    """The keys an action answers to now."""
    return overrides.get(row.action_id, row.keys) if row.editable else row.keys


def scopes_overlap(first: Scope, second: Scope) -> bool:
    """Whether one press could be meant for both."""
    return first is second or Scope.EVERYWHERE in (first, second)


def conflicts(rows: Iterable[ActionRow], overrides: Mapping[str, Keys]) -> tuple[Conflict, ...]:
    """Every pair of actions that claim one key where both can hear it."""
    seen: dict[str, list[ActionRow]] = {}
    found = []
    for row in rows:
        for key in dict.fromkeys(normal_key(k) for k in keys_of(row, overrides)):
            holders = seen.setdefault(key, [])
            found += [
                Conflict(key, other.action_id, row.action_id)
                for other in holders
                if scopes_overlap(other.scope, row.scope)
            ]
            holders.append(row)
    return tuple(found)


def sparse(rows: Iterable[ActionRow], overrides: Mapping[str, Keys]) -> dict[str, Keys]:
    """Only what is known, may be changed, and differs from the table."""
    return {
        row.action_id: tuple(overrides[row.action_id])
        for row in rows
        if row.editable and overrides.get(row.action_id, row.keys) != row.keys
    }


def normal_key(key: str) -> str:
    """One spelling for each key: 'shift+ctrl+z' and 'Ctrl+Shift+Z' are the same."""
    if key in ("Alt", "Shift", "Ctrl") or key.endswith("Wheel"):
        return key  # modifiers and the wheel are no key sequences
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def shown_key(key: str) -> str:
    """A key as this system writes it."""
    shorter = {"Return": "Enter", "Esc": "Esc", "Shift+Return": "Shift+Enter"}
    if key in shorter or (normal_key(key) == key and key.endswith("Wheel")):
        return shorter.get(key, key)
    native = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    return native or key


class ActionSet(QObject):
    """Every action of a window as a QAction; ``triggered`` says which, and nobody is asked what.

    ``scopes`` says which widget hears the keys of a scope; a scope without one is heard by the
    whole window.
    """

    triggered = Signal(str)
    keys_changed = Signal()

    def __init__(
        self,
        window: QWidget,
        rows: tuple[ActionRow, ...] = ROWS,
        overrides: Mapping[str, Keys] | None = None,
        scopes: Mapping[Scope, QWidget] | None = None,
    ) -> None:
        super().__init__(window)
        self.rows = rows
        self._overrides = sparse(rows, overrides or {})
        self._actions = {row.action_id: self._made(row) for row in rows}
        for row in rows:
            home = (scopes or {}).get(row.scope)
            action = self._actions[row.action_id]
            if home is not None:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            (home or window).addAction(action)

    @property
    def overrides(self) -> Mapping[str, Keys]:
        """What differs from the table: this, and only this, is worth saving."""
        return MappingProxyType(self._overrides)

    def __getitem__(self, action_id: str) -> QAction:
        """The action of an id; `KeyError` if the table has none."""
        return self._actions[action_id]

    def row(self, action_id: str) -> ActionRow:
        """The row of an id; `KeyError` if the table has none."""
        return next(row for row in self.rows if row.action_id == action_id)

    def keys(self, action_id: str) -> Keys:
        """The keys an action answers to now."""
        return keys_of(self.row(action_id), self._overrides)

    def conflicts(self) -> tuple[Conflict, ...]:
        """Every pair of actions that claim one key."""
        return conflicts(self.rows, self._overrides)

    def apply(self, overrides: Mapping[str, Keys]) -> None:
        """Take up what was kept; what is unknown or fixed is left out, so ask `overrides` after."""
        if sparse(self.rows, overrides) != self._overrides:
            self._adopt(overrides)

    def rebind(self, action_id: str, keys: Keys) -> None:
        """Give an action other keys, or none; a conflict is allowed, and shown."""
        self._adopt({**self._overrides, action_id: keys})

    def reset(self, action_id: str | None = None) -> None:
        """Back to the table, for one action or for all."""
        kept = {} if action_id is None else dict(self._overrides)
        kept.pop(action_id or "", None)
        self._adopt(kept)

    def rename(self, action_id: str, title: str) -> None:
        """Say more precisely what an action would do now: "Undo stroke, 'door'"."""
        action = self._actions[action_id]
        action.setText(title)
        action.setToolTip(_tooltip(self.row(action_id), title, self.keys(action_id)))

    def _adopt(self, overrides: Mapping[str, Keys]) -> None:
        self._overrides = sparse(self.rows, overrides)
        for row in self.rows:
            self._set_keys(self._actions[row.action_id], row)
        self.keys_changed.emit()

    def _made(self, row: ActionRow) -> QAction:
        action = QAction(row.title, self)
        action.setObjectName(row.action_id)
        action.setCheckable(row.checkable)
        if row.icon:
            action.setIcon(icon(row.icon))
        self._set_keys(action, row)
        action.triggered.connect(lambda _checked=False, name=row.action_id: self._tell(name))
        return action

    def _set_keys(self, action: QAction, row: ActionRow) -> None:
        keys = keys_of(row, self._overrides)
        if row.trigger is Trigger.PRESS:
            action.setShortcuts([QKeySequence(key) for key in keys])
        action.setToolTip(_tooltip(row, action.text(), keys))

    def _tell(self, action_id: str) -> None:
        self.triggered.emit(action_id)


def _tooltip(row: ActionRow, title: str, keys: Keys) -> str:
    first = f"{title}  ({shown_key(keys[0])})" if keys else title
    return f"{first}\n{row.tooltip}" if row.tooltip else first
