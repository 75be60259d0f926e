"""The workspace: the only owner of the open project and its history."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType

from annotator.document.changes import Changes
from annotator.document.edits import Edit
from annotator.document.history import History
from annotator.document.project import Project
from annotator.document.project_folder import OpenProject, create_project, open_project

NAME_LIMIT = 120

Listener = Callable[[Changes, object], None]


class Workspace:
    """One open project: everybody asks it to `do`, it commits, then everybody hears of it."""

    def __init__(self, opened: OpenProject) -> None:
        self._opened = opened
        self._listeners: list[Listener] = []
        self._version = 0

    @classmethod
    def create(cls, folder: Path, image_root: Path) -> "Workspace":
        """Make a new project in ``folder``; raises `ProjectExists`."""
        return cls(create_project(folder, image_root))

    @classmethod
    def open(cls, folder: Path) -> "Workspace":
        """Open a project; raises `ProjectMissing`, `-Foreign`, `-Damaged` or `-Busy`."""
        return cls(open_project(folder))

    @property
    def project(self) -> Project:
        """The document, for reading."""
        return self._opened.project

    @property
    def history(self) -> History:
        """What can be undone and redone."""
        return self._opened.history

    @property
    def folder(self) -> Path:
        """The project's directory."""
        return self._opened.folder

    @property
    def cache_folder(self) -> Path:
        """Where things live that can be made again at any time."""
        return self._opened.cache_folder

    def do(self, name: str, edits: Iterable[Edit], initiator: object = None) -> Changes:
        """Commit one gesture and tell the listeners; nothing happened if this raises."""
        return self.announce(self.history.do(name, edits), initiator)

    def commit(self, name: str, edits: Iterable[Edit]) -> Changes:
        """The slow half of `do`, on any thread; `announce` has to follow on the listeners' own."""
        return self.history.do(name, edits)

    def undo(self, initiator: object = None) -> Changes:
        """Take the last gesture back."""
        return self.announce(self.history.undo(), initiator)

    def redo(self, initiator: object = None) -> Changes:
        """Do the gesture again that was last taken back."""
        return self.announce(self.history.redo(), initiator)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(changes, initiator)`` after every commit, until the answer is called."""
        self._listeners.append(listener)
        return partial(self._unsubscribe, listener)

    @property
    def version(self) -> int:
        """Counts the commits since opening: answers are stamped with it."""
        return self._version

    def close(self) -> None:
        """Give the project free."""
        self._opened.close()

    def discard(self) -> None:
        """Close, and take a new project away again whose making failed."""
        self._opened.discard()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _unsubscribe(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    def announce(self, changes: Changes, initiator: object = None) -> Changes:
        """Tell the listeners of what was committed; `do`, `undo` and `redo` have told already."""
        self._version += 1
        for listener in tuple(self._listeners):  # one may end another's subscription
            listener(changes, initiator)
        return changes


def gesture(verb: str, thing: str) -> str:
    """A name for the undo list, fit to be shown: "Accept, 'a.png'"."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in thing)
    room = NAME_LIMIT - len(verb)
    return f"{verb}, '{clean if len(clean) <= room else '…' + clean[-room:]}'"
