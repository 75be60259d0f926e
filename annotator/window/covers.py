"""Covers of projects: a small picture and two counts, kept in a project's cache for the first page.

A cover is a courtesy: it can be made again at any time, and a damaged one is as good as none.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

COVER_SIDE = 192  # pixels of the long side
PICTURE_NAME = "cover.png"
COUNTS_NAME = "cover.json"
PROJECT_FILE = "project.annotator"
BESIDE = "-labels"  # a folder of images has its project beside it under this ending
_BYTES_LIMIT = 1 << 20
_PICTURE_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Cover:
    """What is known of a project without opening it. ``missing``: nothing is there any more."""

    path: Path
    missing: bool = False
    images: int | None = None
    accepted: int | None = None
    picture: QImage | None = None

    @property
    def summary(self) -> str:
        """The counts in words, empty where they are not known."""
        if self.missing:
            return "not there any more"
        if self.images is None:
            return ""
        count = f"{self.images:,} image" + ("" if self.images == 1 else "s")
        return f"{count} · {self.accepted:,} accepted" if self.accepted else count


def write_cover(cache_folder: Path, picture: QImage | None, *, images: int, accepted: int) -> None:
    """Keep a cover in a project's cache folder; raises `OSError` where that cannot be written."""
    cache_folder.mkdir(parents=True, exist_ok=True)
    counts = json.dumps({"images": images, "accepted": accepted})
    _replace(cache_folder / COUNTS_NAME, lambda path: bool(path.write_text(counts, "utf-8")))
    if picture is None or picture.isNull():
        return
    small = picture.scaled(
        QSize(COVER_SIDE, COVER_SIDE), Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    _replace(cache_folder / PICTURE_NAME, lambda path: small.save(str(path)))


def read_cover(path: Path) -> Cover:
    """What is known of a project, or of a folder of images that has one; never raises.

    May wait for a slow disk: call it away from the window's thread.
    """
    try:
        project = _project_of(path)
        if project is None:
            return Cover(path, missing=not path.is_dir())
        images, accepted = _counts(project / "cache" / COUNTS_NAME)
        return Cover(path, False, images, accepted, _picture(project / "cache" / PICTURE_NAME))
    except OSError:
        return Cover(path, missing=True)


def _project_of(path: Path) -> Path | None:
    beside = path.with_name(f"{path.name}{BESIDE}") if path.name else path
    return next((one for one in (path, beside) if (one / PROJECT_FILE).is_file()), None)


def _counts(path: Path) -> tuple[int | None, int | None]:
    if not path.is_file() or path.stat().st_size > _BYTES_LIMIT:
        return None, None
    try:
        stored = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(stored, dict):
        return None, None
    return _count(stored.get("images")), _count(stored.get("accepted"))


def _count(value: object) -> int | None:
    """A count, or None for anything that is none."""
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if sound and isinstance(value, int) else None


def _picture(path: Path) -> QImage | None:
    """The picture, only if it is a small PNG: its head is read before any pixel is."""
    if not path.is_file() or path.stat().st_size > _BYTES_LIMIT:
        return None
    reader = QImageReader(str(path), b"png")
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _PICTURE_LIMIT:
        return None
    picture = reader.read()
    return None if picture.isNull() else picture


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the file and put it in place whole."""
    growing = path.with_name(f".{os.getpid()}-{path.name}")  # the ending says which format
    try:
        if not write(growing):
            raise OSError(f"The cover cannot be written to '{path}'.")
        os.replace(growing, path)
    finally:
        growing.unlink(missing_ok=True)
