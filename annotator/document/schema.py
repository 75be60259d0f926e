"""The layout of the project file: its marks, its tables, and the steps from version to version.

A new file is an empty one brought up step by step, so a step is never written twice.
"""

import sqlite3
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotator.document.errors import ProjectDamaged, ProjectForeign

APPLICATION_ID = 0x416E4C62  # "AnLb", at byte 68 of every project file
MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
_FIELDS = struct.Struct(">16sH6B12I20s2I")  # the database header, as SQLite gives it

Step = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What the first hundred bytes say."""

    version: int
    page_size: int
    expected_bytes: int  # 0 where the header does not tell


def read_header(path: Path) -> FileHeader:
    """Look at the first hundred bytes without SQLite.

    Raises `ProjectForeign` for a file of another program or a newer version of this one,
    `ProjectDamaged` for a beginning that contradicts itself.
    """
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    if not start:
        raise ProjectDamaged(f"The project file '{path}' is empty; restore it from a backup.")
    if not start.startswith(MAGIC):
        raise ProjectForeign(f"The file '{path}' is not a project of this program.")
    if len(start) < HEADER_BYTES:
        raise _damaged(path)
    return _checked_header(path, start)


def _checked_header(path: Path, start: bytes) -> FileHeader:
    fields = _FIELDS.unpack(start)
    page_code, write_format, read_format, reserved, *payload_fractions = fields[1:8]
    changes, page_count = fields[8], fields[9]
    schema_format, encoding = fields[13], fields[16]
    version, application_id, zeros, valid_for = fields[17], fields[19], fields[20], fields[21]
    if application_id != APPLICATION_ID:
        raise ProjectForeign(f"The file '{path}' is a database of another program.")
    if version > VERSION:
        raise ProjectForeign(
            f"The project '{path}' was written by a newer version of this program; update it."
        )
    page_size = 65536 if page_code == 1 else page_code
    sound = (
        version >= 1
        and page_size in {1 << power for power in range(9, 17)}
        and (write_format, read_format, reserved) == (2, 2, 0)  # write-ahead log, always
        and payload_fractions == [64, 32, 32]
        and (schema_format, encoding) == (4, 1)
        and not any(zeros)
    )
    if not sound:
        raise _damaged(path)
    return FileHeader(version, page_size, page_count * page_size if valid_for == changes else 0)


def _damaged(path: Path) -> ProjectDamaged:
    return ProjectDamaged(
        f"The project file '{path}' is damaged at its beginning; restore it from a backup. "
        "It was left as it is."
    )


def _create_state(connection: sqlite3.Connection) -> None:
    """Version 1: the document itself."""
    for statement in (
        "CREATE TABLE state (name TEXT PRIMARY KEY, payload BLOB NOT NULL) STRICT",
        "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT",
        "CREATE TABLE image (image_id INTEGER PRIMARY KEY, path TEXT NOT NULL,"
        " width INTEGER NOT NULL, height INTEGER NOT NULL, page INTEGER NOT NULL,"
        " problem TEXT, crc INTEGER NOT NULL, removed INTEGER NOT NULL) STRICT",
        "CREATE TABLE cue (cue_id INTEGER PRIMARY KEY,"
        " image_id INTEGER REFERENCES image DEFERRABLE INITIALLY DEFERRED,"
        " payload BLOB NOT NULL) STRICT",
        "CREATE INDEX cue_of_image ON cue (image_id)",
        "CREATE TABLE tile (tile_id INTEGER PRIMARY KEY,"
        " image_id INTEGER NOT NULL REFERENCES image DEFERRABLE INITIALLY DEFERRED,"
        " tile_row INTEGER NOT NULL, tile_column INTEGER NOT NULL, payload BLOB NOT NULL,"
        " kinds INTEGER NOT NULL,"  # bit p is set where a pixel has Provenance p
        " UNIQUE (image_id, tile_row, tile_column)) STRICT",
    ):
        connection.execute(statement)


def _create_journal(connection: sqlite3.Connection) -> None:
    """Version 2: the journal of gestures, for undo that outlives the program."""
    connection.execute(
        "CREATE TABLE gesture (gesture_id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " size_bytes INTEGER NOT NULL) STRICT"
    )
    connection.execute(
        "CREATE TABLE edit (gesture_id INTEGER NOT NULL REFERENCES gesture ON DELETE CASCADE,"
        " step INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (gesture_id, step)) STRICT"
    )


STEPS: tuple[Step, ...] = (_create_state, _create_journal)  # STEPS[v] leads from v to v + 1
VERSION = len(STEPS)


def upgrade(connection: sqlite3.Connection, version: int, steps: Sequence[Step] = STEPS) -> None:
    """Bring the tables from ``version`` to the newest, within the transaction under way."""
    for step in steps[version:]:
        step(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")


def layout(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Kind and name of everything defined in a database."""
    return set(connection.execute("SELECT type, name FROM sqlite_schema"))


def expected_layout(version: int) -> set[tuple[str, str]]:
    """What `layout` gives for a project of that version: anything beyond it is not ours."""
    model = sqlite3.connect(":memory:")
    try:
        for step in STEPS[:version]:
            step(model)
        return layout(model)
    finally:
        model.close()
