"""Thumbnails on disk: so that a project shows its pictures at once when it is opened again.

One small JPEG per picture, named by a digest of where the picture lies and how it looked from
outside (time of change, size in bytes). Nothing in here is needed: a file that is damaged, foreign
or out of date is made again, and a folder that cannot be written is done without.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from annotator.document.errors import UnreadableImage
from annotator.document.image_conversion import Pixels
from annotator.document.image_headers import Limits
from annotator.document.image_reading import read_pixels

FOLDER_NAME = "thumbnails"
LIMIT_BYTES = 1 << 30  # about eighty thousand pictures
_FORM = 1  # counts the ways thumbnails were made in; another way makes other names
_QUALITY = 88
_LARGEST_FILE_BYTES = 1 << 20
_KEPT = 0.8  # of the limit, when room has to be made
# With them the remains of a picture whose writing was cut short.
_NAME = re.compile(r"[0-9a-f]{38}\.jpg|\.growing-\w+")
_SHELF = re.compile(r"[0-9a-f]{2}")


class ThumbnailFiles:
    """Small pictures in a folder of their own, the oldest of them deleted beyond a limit.

    May be used from several threads at once.
    """

    def __init__(self, cache_folder: Path, side: int, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = cache_folder / FOLDER_NAME
        self._side = side
        self._limits = Limits(max_side=side, max_file_bytes=_LARGEST_FILE_BYTES)
        self._limit_bytes = limit_bytes
        self._total_bytes: int | None = None  # unknown until the first picture is written
        self._lock = Lock()

    def read(self, name: str) -> Pixels | None:
        """(h, w, 3) uint8 RGB; None where there is none, or none that can be used."""
        path = self._path(name)
        if not path.is_file():
            return None
        try:
            return read_pixels(path, limits=self._limits)
        except UnreadableImage:
            with suppress(OSError):
                path.unlink()
            return None

    def write(self, name: str, pixels: Pixels) -> None:
        """Keep a picture; nothing happens where that is impossible."""
        path = self._path(name)
        with suppress(OSError):
            if self._folder.is_symlink():
                return  # whoever made that link wants something else to be written to
            path.parent.mkdir(parents=True, exist_ok=True)
            self._count(_write_whole(path, pixels))

    def name_of(self, path: Path, page: int) -> str | None:
        """The name of a picture as it is now; None where there is no such file."""
        try:
            facts = os.stat(path)
        except (OSError, ValueError):
            return None
        told = (_FORM, self._side, os.fspath(path), page, facts.st_mtime_ns, facts.st_size)
        return hashlib.blake2b(repr(told).encode("utf-8", "replace"), digest_size=20).hexdigest()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name[2:]}.jpg"

    def _count(self, added_bytes: int) -> None:
        with self._lock:
            if self._total_bytes is None:
                self._total_bytes = sum(facts.st_size for _, facts in self._files())
            else:
                self._total_bytes += added_bytes
            if self._total_bytes > self._limit_bytes:
                self._total_bytes = self._thin_out()

    def _thin_out(self) -> int:
        """Delete the oldest files until there is room again; gives the bytes that are left."""
        files = sorted(self._files(), key=lambda file: file[1].st_mtime_ns)
        left = sum(facts.st_size for _, facts in files)
        for path, facts in files:
            if left <= _KEPT * self._limit_bytes:
                break
            with suppress(OSError):
                os.unlink(path)
                left -= facts.st_size
        return left

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file that bears a name of ours; nothing else is ever counted or deleted."""
        with suppress(OSError), os.scandir(self._folder) as shelves:
            for shelf in shelves:
                if not _SHELF.fullmatch(shelf.name) or not shelf.is_dir(follow_symlinks=False):
                    continue
                with suppress(OSError), os.scandir(shelf.path) as entries:
                    for entry in entries:
                        if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                            yield entry.path, entry.stat(follow_symlinks=False)


def _write_whole(path: Path, pixels: Pixels) -> int:
    """Write a JPEG that appears under its name whole or not at all; gives its bytes."""
    descriptor, growing = tempfile.mkstemp(prefix=".growing-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            Image.fromarray(np.asarray(pixels)).save(stream, "JPEG", quality=_QUALITY)
            size = stream.tell()
        os.replace(growing, path)
    except BaseException:
        Path(growing).unlink(missing_ok=True)
        raise
    return size
