"""The commander: knows who does each action, and offers only what can be done at this place."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from annotator.window.actions import ActionSet
from annotator.window.pages import Place, can_do, need_of

Doer = Callable[[], object]


class Commander(QObject):
    """Joins the actions of a window with those who do them; an action nobody does is not shown."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__(actions)
        self._actions = actions
        self._doers: dict[str, Doer] = {}
        self._place, self._has_project = Place.WELCOME, False
        actions.triggered.connect(self._do)

    def wire(self, doers: Mapping[str, Doer]) -> None:
        """Let these do the actions of these ids; `KeyError` for an id the table has not."""
        for action_id in doers:
            self._actions.row(action_id)
        self._doers |= doers
        self._offer()

    def go(self, place: Place, *, has_project: bool) -> None:
        """Another page is in view."""
        self._place, self._has_project = place, has_project
        self._offer()

    def _offer(self) -> None:
        for row in self._actions.rows:
            known = row.action_id in self._doers
            possible = can_do(need_of(row), self._place, has_project=self._has_project)
            self._actions[row.action_id].setEnabled(known and possible)
            self._actions[row.action_id].setVisible(known)

    def _do(self, action_id: str) -> None:
        doer = self._doers.get(action_id)
        if doer is not None:
            doer()
