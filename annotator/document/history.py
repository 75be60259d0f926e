"""History: the one way to change a project. One gesture is one transaction, and can be undone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from annotator.document.changes import Changes
from annotator.document.draft import Draft
from annotator.document.edits import Edit
from annotator.document.errors import InvalidEdit
from annotator.document.journal import Gesture, Journal
from annotator.document.project import Project
from annotator.document.project_file import ProjectFile

JOURNAL_LIMIT_BYTES = 2 << 30  # far more than a day's work; beyond it the oldest gestures go
NAME_LIMIT = 200  # characters of a gesture's name


class History:
    """Does, undoes and redoes. Where saving fails, project and file stay as they were."""

    def __init__(
        self, project: Project, file: ProjectFile, *, journal_limit_bytes: int = JOURNAL_LIMIT_BYTES
    ) -> None:
        self._project = project
        self._file = file
        self._journal = Journal(file)
        self._limit_bytes = journal_limit_bytes
        self._undo_name, self._redo_name = self._names()

    @property
    def undo_name(self) -> str | None:
        """What undo would take back, such as "Stroke, 'door'"; None where there is nothing."""
        return self._undo_name

    @property
    def redo_name(self) -> str | None:
        """What redo would do again; None where there is nothing."""
        return self._redo_name

    @property
    def journal_bytes(self) -> int:
        """Size of all gestures that can be undone or redone."""
        return self._journal.total_bytes

    def do(self, name: str, edits: Iterable[Edit]) -> Changes:
        """Do all edits as one gesture under a name, and save them. Forgets what was undone.

        ``edits`` may be a generator: a gesture over thousands of images is never in memory whole.
        Raises `InvalidEdit` where an edit does not fit, `NotSaved` where the disk is full; then
        nothing has happened.
        """
        if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
            raise InvalidEdit(f"A gesture's name has 1 to {NAME_LIMIT} printable characters.")
        edits = iter(edits)
        first = next(edits, None)
        if first is None:
            return Changes()
        with self._gesture() as draft:
            return self._do_all(draft, self._journal.begin(name), first, edits)

    def undo(self) -> Changes:
        """Take back the newest gesture; empty changes where there is none."""
        gesture = self._journal.done
        if gesture is None:
            return Changes()
        with self._gesture() as draft:
            edits = self._journal.edits(gesture, newest_first=True)
            changes = _apply_all(draft, (edit.inverse() for edit in edits))
            self._journal.move_to(gesture.gesture_id - 1)
            return changes

    def redo(self) -> Changes:
        """Do the gesture again that was undone last; empty changes where there is none."""
        gesture = self._journal.undone
        if gesture is None:
            return Changes()
        with self._gesture() as draft:
            changes = _apply_all(draft, self._journal.edits(gesture))
            self._journal.move_to(gesture.gesture_id)
            return changes

    def _do_all(self, draft: Draft, gesture: Gesture, first: Edit, rest: Iterator[Edit]) -> Changes:
        changes, size_bytes = Changes(), 0
        edit: Edit | None = first
        step = 0
        while edit is not None:
            edit.check(draft)
            changes |= edit.apply(draft)
            size_bytes += self._journal.append(gesture, step, edit)
            edit, step = next(rest, None), step + 1
        self._journal.finish(gesture, size_bytes, limit_bytes=self._limit_bytes)
        return changes

    @contextmanager
    def _gesture(self) -> Iterator[Draft]:
        """A draft that is written, committed, and only then adopted; or dropped without a trace."""
        with self._file.lock:
            draft = Draft(self._project)
            try:
                with self._journal.unless_it_fails(), self._file.transaction():
                    yield draft
                    self._file.write(draft)
                    names = self._names()
            except BaseException:
                self._project.forget_draft(draft)
                raise
            self._project.adopt(draft)
            self._undo_name, self._redo_name = names

    def _names(self) -> tuple[str | None, str | None]:
        done, undone = self._journal.done, self._journal.undone
        return done.name if done else None, undone.name if undone else None


def _apply_all(draft: Draft, edits: Iterable[Edit]) -> Changes:
    changes = Changes()
    for edit in edits:
        changes |= edit.apply(draft)
    return changes
