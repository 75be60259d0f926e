"""The journal: every gesture with its edits, kept in the project file so that undo outlives it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from annotator.document.codec import DamagedPayload
from annotator.document.edit_codec import pack_edit, unpack_edit
from annotator.document.edits import Edit
from annotator.document.errors import ProjectDamaged
from annotator.document.project_file import ProjectFile

_CURSOR = "done_gesture"  # gestures up to this id are done, those beyond it can be redone


@dataclass(frozen=True, slots=True)
class Gesture:
    """What a person did in one go."""

    gesture_id: int
    name: str


class Journal:
    """Reads at any time; every writing method is called within a transaction of the file."""

    def __init__(self, file: ProjectFile) -> None:
        self._file = file
        total = file.rows("SELECT coalesce(sum(size_bytes), 0) FROM gesture")[0][0]
        cursor = file.rows("SELECT value FROM counter WHERE name = ?", (_CURSOR,))
        self._total_bytes, self._cursor = int(total), int(cursor[0][0]) if cursor else 0

    @property
    def total_bytes(self) -> int:
        """Size of all edits kept."""
        return self._total_bytes

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """Be as before where the transaction within fails."""
        before = self._total_bytes, self._cursor
        try:
            yield
        except BaseException:
            self._total_bytes, self._cursor = before
            raise

    @property
    def done(self) -> Gesture | None:
        """The gesture that undo would take back."""
        return self._first("gesture_id <= ? ORDER BY gesture_id DESC")

    @property
    def undone(self) -> Gesture | None:
        """The gesture that redo would do again."""
        return self._first("gesture_id > ? ORDER BY gesture_id")

    def begin(self, name: str) -> Gesture:
        """Start a new gesture and forget those that were undone."""
        (dropped,) = self._file.rows(
            "SELECT coalesce(sum(size_bytes), 0) FROM gesture WHERE gesture_id > ?", (self._cursor,)
        )
        self._total_bytes -= int(dropped[0])
        self._file.run("DELETE FROM gesture WHERE gesture_id > ?", (self._cursor,))
        gesture = Gesture(self._cursor + 1, name)
        self._file.run("INSERT INTO gesture VALUES (?, ?, 0)", (gesture.gesture_id, name))
        self.move_to(gesture.gesture_id)
        return gesture

    def append(self, gesture: Gesture, step: int, edit: Edit) -> int:
        """Add an edit to the gesture; returns its size in bytes."""
        payload = pack_edit(edit)
        self._file.run("INSERT INTO edit VALUES (?, ?, ?)", (gesture.gesture_id, step, payload))
        return len(payload)

    def finish(self, gesture: Gesture, size_bytes: int, *, limit_bytes: int) -> None:
        """Note the size of the gesture, and drop the oldest ones where all are too large.

        The newest gesture always stays, however large: what was just done can be undone.
        """
        self._file.run(
            "UPDATE gesture SET size_bytes = ? WHERE gesture_id = ?",
            (size_bytes, gesture.gesture_id),
        )
        self._total_bytes += size_bytes
        while self._total_bytes > limit_bytes and self._drop_oldest(gesture):
            pass

    def move_to(self, gesture_id: int) -> None:
        """Say that gestures up to this one are done."""
        self._file.set_counter(_CURSOR, gesture_id)
        self._cursor = gesture_id

    def edits(self, gesture: Gesture, *, newest_first: bool = False) -> Iterator[Edit]:
        """The edits of a gesture, one at a time; `ProjectDamaged` where one cannot be read."""
        order = "DESC" if newest_first else "ASC"
        steps = self._file.rows(
            f"SELECT step FROM edit WHERE gesture_id = ? ORDER BY step {order}",
            (gesture.gesture_id,),
        )
        for (step,) in steps:
            ((payload,),) = self._file.rows(
                "SELECT payload FROM edit WHERE gesture_id = ? AND step = ?",
                (gesture.gesture_id, step),
            )
            yield self._unpacked(payload, gesture)

    def _unpacked(self, payload: bytes, gesture: Gesture) -> Edit:
        try:
            return unpack_edit(payload)
        except DamagedPayload as cause:
            raise ProjectDamaged(
                f"'{gesture.name}' cannot be taken back or done again: its record in "
                f"'{self._file.path}' is damaged ({cause}). Nothing was changed."
            ) from cause

    def _drop_oldest(self, newest: Gesture) -> bool:
        rows = self._file.rows(
            "SELECT gesture_id, size_bytes FROM gesture WHERE gesture_id < ?"
            " ORDER BY gesture_id LIMIT 1",
            (newest.gesture_id,),
        )
        for gesture_id, size_bytes in rows:
            self._file.run("DELETE FROM gesture WHERE gesture_id = ?", (gesture_id,))
            self._total_bytes -= size_bytes
        return bool(rows)

    def _first(self, condition: str) -> Gesture | None:
        rows = self._file.rows(
            f"SELECT gesture_id, name FROM gesture WHERE {condition} LIMIT 1", (self._cursor,)
        )
        return Gesture(*rows[0]) if rows else None
