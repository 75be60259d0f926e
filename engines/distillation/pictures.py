"""The pool of pictures: files and members of zip archives, decoded when wanted, kept in memory."""

import io
import logging
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from engines.errors import EngineError

Picture = npt.NDArray[np.uint8]  # (H, W, 3) RGB

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
SMALLEST_SIDE = 32
LARGEST_AREA = 64_000_000  # pixels
MEMBER_LIMIT_BYTES = 64 << 20
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a picture is: a file, or a member of a zip archive."""

    file: Path
    member: str = ""

    @property
    def name(self) -> str:
        """For patterns and for messages."""
        return f"{self.file.as_posix()}/{self.member}" if self.member else self.file.as_posix()


def find_pictures(folders: Iterable[Path], *, leave_out: Sequence[str] = ()) -> list[Source]:
    """All pictures under the folders, sorted; names that fit a pattern of ``leave_out`` are not.

    Folders called ``masks`` or ``scribbles*`` are label images and passed over. `EngineError` where
    nothing is found.
    """
    found: list[Source] = []
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if any(part.startswith(("masks", "scribbles")) for part in file.parts):
                continue
            if file.suffix.lower() == ".zip":
                found += _members(file)
            elif file.suffix.lower() in SUFFIXES:
                found.append(Source(file))
    kept = [one for one in found if not any(fnmatch(one.name, p) for p in leave_out)]
    if not kept:
        raise EngineError("No pictures were found to train on; name folders that hold some.")
    return kept


class PicturePool:
    """Pictures by number. Those that cannot be read are named once in the log and replaced."""

    def __init__(self, sources: Sequence[Source], *, limit_bytes: int = 3 << 30) -> None:
        self._sources = list(sources)
        self._kept: dict[int, Picture] = {}
        self._bytes, self._limit_bytes = 0, limit_bytes
        self._archives: dict[Path, zipfile.ZipFile] = {}
        self._bad: set[int] = set()

    def __len__(self) -> int:
        return len(self._sources)

    def picture(self, number: int) -> Picture:
        """That picture, or the next one that can be read; `EngineError` where none can."""
        for step in range(len(self._sources)):
            index = (number + step) % len(self._sources)
            if index in self._kept:
                return self._kept[index]
            if index not in self._bad and (pixels := self._read(index)) is not None:
                self._keep(index, pixels)
                return pixels
        raise EngineError("None of the pictures to train on can be read.")

    def _read(self, index: int) -> Picture | None:
        source = self._sources[index]
        try:
            with Image.open(self._stream(source)) as image:
                if image.width * image.height > LARGEST_AREA:
                    raise ValueError("it is too large")
                if min(image.size) < SMALLEST_SIDE:
                    raise ValueError("it is too small")
                return np.asarray(image.convert("RGB"))
        except (OSError, ValueError, UnidentifiedImageError, zipfile.BadZipFile) as error:
            self._bad.add(index)
            _LOG.warning("The picture %s is left out: %s", source.name, error)
            return None

    def _stream(self, source: Source) -> io.BytesIO | Path:
        if not source.member:
            return source.file
        archive = self._archives.get(source.file)
        if archive is None:
            archive = self._archives[source.file] = zipfile.ZipFile(source.file)
        if archive.getinfo(source.member).file_size > MEMBER_LIMIT_BYTES:
            raise ValueError("it is too large")
        return io.BytesIO(archive.read(source.member))

    def _keep(self, index: int, pixels: Picture) -> None:
        if self._bytes + pixels.nbytes <= self._limit_bytes:
            self._kept[index] = pixels
            self._bytes += pixels.nbytes


def _members(file: Path) -> list[Source]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        _LOG.warning("The archive %s is left out: %s", file, error)
        return []
    return [Source(file, name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES]
