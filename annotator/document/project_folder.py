"""A project's folder: its file, its cache, and the two ways in: create and open."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from annotator.document.errors import DocumentError, ProjectExists
from annotator.document.file_opening import create_database
from annotator.document.history import JOURNAL_LIMIT_BYTES, History
from annotator.document.project import IMAGE_ROOT, LABEL_CACHE_BYTES, Project
from annotator.document.project_file import ProjectFile
from annotator.document.table_codec import pack_settings

FILE_NAME = "project.annotator"
CACHE_NAME = "cache"  # whatever lies in there can be made again


class OpenProject:
    """An open project: what it is, how it is changed, and where it lies."""

    def __init__(
        self,
        folder: Path,
        *,
        label_cache_bytes: int = LABEL_CACHE_BYTES,
        journal_limit_bytes: int = JOURNAL_LIMIT_BYTES,
    ) -> None:
        self.folder = folder
        self.cache_folder = folder / CACHE_NAME
        self._file = ProjectFile(folder / FILE_NAME)
        try:
            _make_folder(self.cache_folder)
            state = self._file.load()
            self.project = Project(folder, state, self._file, label_cache_bytes=label_cache_bytes)
            self.history = History(
                self.project, self._file, journal_limit_bytes=journal_limit_bytes
            )
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Give the file back; everything is saved already."""
        self._file.close()

    def discard(self) -> None:
        """Close, and take away a project that never came to be: its file, and what is empty."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            self.folder.joinpath(FILE_NAME + ending).unlink(missing_ok=True)
        for folder in (self.cache_folder, self.folder):
            with suppress(OSError):  # it holds something, so it is not ours to take
                folder.rmdir()

    def __enter__(self) -> "OpenProject":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def create_project(folder: Path, image_root: Path) -> OpenProject:
    """Make a project in a folder, which may hold other things, for images below ``image_root``.

    Raises `ProjectExists` if there is one already, `DocumentError` if the folder cannot be written.
    """
    folder = Path(os.path.realpath(folder))
    path = folder / FILE_NAME
    if os.path.lexists(path):
        raise ProjectExists(f"There is a project in '{folder}' already; open it instead.")
    _make_folder(folder / CACHE_NAME)
    create_database(path, {"settings": pack_settings({IMAGE_ROOT: root_text(folder, image_root)})})
    return open_project(folder)


def open_project(
    folder: Path,
    *,
    label_cache_bytes: int = LABEL_CACHE_BYTES,
    journal_limit_bytes: int = JOURNAL_LIMIT_BYTES,
) -> OpenProject:
    """Open the project in a folder.

    Raises `ProjectMissing`, `ProjectForeign`, `ProjectDamaged` or `ProjectBusy`; the file is left
    untouched then.
    """
    return OpenProject(
        Path(os.path.realpath(folder)),  # through a link, "../photos" would lead elsewhere
        label_cache_bytes=label_cache_bytes,
        journal_limit_bytes=journal_limit_bytes,
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise DocumentError(f"The folder '{folder}' cannot be made: {cause.strerror}.") from cause


def root_text(folder: Path, image_root: Path) -> str:
    """How the project stores its image root: relative to its folder if on the same drive.

    ``folder`` is free of links. Those above ``image_root`` are followed, so that both can move
    together; ``image_root`` itself may be a link and stays one.
    """
    plain = os.path.abspath(image_root)
    root = os.path.join(os.path.realpath(os.path.dirname(plain)), os.path.basename(plain))
    try:
        return Path(os.path.relpath(root, folder)).as_posix()
    except ValueError:  # another drive: Windows has no relative path between two
        return Path(root).as_posix()
