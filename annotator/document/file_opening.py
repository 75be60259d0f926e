"""Opening the project file: look first, then lock, and leave alone whatever is not sound."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock

from annotator.document import schema
from annotator.document.errors import (
    DocumentError,
    NotSaved,
    ProjectBusy,
    ProjectDamaged,
    ProjectForeign,
    ProjectMissing,
)

FULL_CHECK_BYTES = 64 << 20  # below this the whole file is checked, in a few tenths of a second
OLDEST_SQLITE = (3, 37, 0)  # the first with strict tables
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}

# POSIX drops every lock a process has on a file as soon as it closes the file once, even if that
# was another opening of it. So a file that is open here must not be looked at a second time here.
_open_here: set[tuple[int, int]] = set()
_open_here_lock = Lock()

FileKey = tuple[int, int]


def open_database(path: Path) -> tuple[sqlite3.Connection, FileKey]:
    """Check, lock and if need be upgrade a project file; give the key back with `release`.

    Raises `ProjectMissing`, `ProjectForeign`, `ProjectDamaged` or `ProjectBusy`, each of which
    leaves the file as it was, byte for byte.
    """
    if not path.is_file():
        raise ProjectMissing(f"There is no project in the folder '{path.parent}'.")
    key = _claim(path)
    try:
        with naming_trouble(path):
            header = schema.read_header(path)
            _look(path, header)
            connection = _lock(path)
    except BaseException:
        release(key)
        raise
    try:
        with naming_trouble(path):
            _upgrade(connection, path)
    except BaseException:
        connection.close()
        release(key)
        raise
    return connection, key


def release(key: FileKey) -> None:
    """Say that the file is no longer open in this process."""
    with _open_here_lock:
        _open_here.discard(key)


def create_database(path: Path, state: Mapping[str, bytes]) -> None:
    """Make a project file holding these named payloads, all of it or nothing.

    ``path`` must not exist; the file grows under another name beside it until it is whole.
    """
    growing = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with naming_trouble(path), closing(_connect(growing, "rwc")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            schema.upgrade(connection, 0)
            connection.executemany("INSERT INTO state VALUES (?, ?)", state.items())
            connection.execute("COMMIT")
        os.replace(growing, path)
    except OSError as cause:
        raise DocumentError(f"The project '{path}' cannot be made: {cause.strerror}.") from cause
    finally:
        growing.unlink(missing_ok=True)


@contextmanager
def naming_trouble(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system report into one sentence about the project."""
    try:
        yield
    except sqlite3.Error as cause:
        raise _named(path, cause) from cause
    except OSError as cause:
        reason = cause.strerror or str(cause)
        raise DocumentError(f"The project '{path}' cannot be read: {reason}.") from cause


def _named(path: Path, cause: sqlite3.Error) -> DocumentError:
    full_code: int | None = getattr(cause, "sqlite_errorcode", None)
    code = (full_code or 0) & 0xFF  # the low byte is the primary code
    text_broken = full_code is None and isinstance(cause, sqlite3.OperationalError)  # not UTF-8
    if code in _BUSY:
        return ProjectBusy(f"The project '{path}' is open in another window; close it there first.")
    if code in _BROKEN or text_broken:
        return ProjectDamaged(
            f"The project file '{path}' is damaged ({cause}); restore it from a backup."
        )
    if code == sqlite3.SQLITE_FULL:
        return NotSaved(
            f"There is no room to save in '{path.parent}'; free some and do it again. "
            "Nothing was changed."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return _unwritable(path)
    return NotSaved(
        f"The project '{path}' cannot be read or written ({cause}); look after its disk. "
        "Nothing was changed."
    )


def _unwritable(path: Path) -> DocumentError:
    return DocumentError(
        f"The project '{path}' cannot be written; make its folder writable or copy it away."
    )


def _claim(path: Path) -> FileKey:
    status = path.stat()
    key = (status.st_dev, status.st_ino)
    with _open_here_lock:
        if key in _open_here:
            raise ProjectBusy(f"The project '{path}' is open already.")
        _open_here.add(key)
    return key


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise DocumentError(
            f"Projects need SQLite 3.37 or newer, but this Python brings {sqlite3.sqlite_version}; "
            "install a newer Python."
        )
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA trusted_schema = OFF")  # definitions in the file run no code
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _look(path: Path, header: schema.FileHeader) -> None:
    """Read-only checks by SQLite, so that a refused file stays as it is."""
    wal = path.with_name(f"{path.name}-wal")
    left_over = wal.exists() and wal.stat().st_size > 0  # the program was killed; part is in there
    size = path.stat().st_size
    if not left_over and size < header.expected_bytes:
        raise ProjectDamaged(
            f"The project file '{path}' was cut off: {size} bytes are left of "
            f"{header.expected_bytes}. Restore it from a backup."
        )
    # Without left-overs "immutable" keeps SQLite from making files of its own beside the project.
    mode = "ro" if left_over else "ro&immutable=1"
    with closing(_connect(path, mode)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not 1 <= version <= schema.VERSION:
            raise ProjectForeign(f"The project '{path}' was written by a newer version; update.")
        if schema.layout(connection) != schema.expected_layout(version):
            raise ProjectForeign(f"The file '{path}' holds other tables than a project does.")
        if size < FULL_CHECK_BYTES:
            _check_all(connection, path)


def _check_all(connection: sqlite3.Connection, path: Path) -> None:
    complaint = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if complaint != "ok":
        reason = complaint.splitlines()[-1]
        raise ProjectDamaged(
            f"The project file '{path}' is damaged ({reason}); restore it from a backup. "
            "It was left as it is."
        )


def _lock(path: Path) -> sqlite3.Connection:
    """A connection that holds the file until it is closed, or its process ends in any way."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise _unwritable(path)  # SQLite would only speak of a disk error
    connection = _connect(path, "rw")
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut
        connection.execute("PRAGMA fullfsync = ON")  # what that takes on macOS; nothing elsewhere
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    with suppress(OSError):  # left by `_look` and of no use to anybody; somebody may look right now
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    return connection


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == schema.VERSION:
        return
    _keep_copy(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        schema.upgrade(connection, version)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """A copy of the old version beside the project; an earlier copy is never replaced."""
    copy, count = path.with_name(f"{path.name}.v{version}.bak"), 1
    while copy.exists():
        count += 1
        copy = path.with_name(f"{path.name}.v{version}.{count}.bak")
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
    shutil.copymode(path, copy)
