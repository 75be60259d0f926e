"""Thumbnails: small pictures of images, from memory, from disk or from the image itself."""

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from annotator.document.image_conversion import Pixels
from annotator.document.images import ImageId
from annotator.document.small_reading import read_small
from annotator.panels.byte_cache import ByteCache
from annotator.panels.newest_first import NewestFirst
from annotator.panels.thumbnail_files import ThumbnailFiles

SIDE = 320  # pixels of the longer side: enough for the largest cell, and for small ones at 200 %
LIMIT_BYTES = 256 << 20


class Thumbnails(QObject):
    """Small pictures of images. ``ready`` tells of one that was asked for."""

    ready = Signal(int)
    failed = Signal(int, str)

    def __init__(
        self,
        locate: Callable[[ImageId], tuple[Path, int]],
        parent: QObject | None = None,
        *,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        super().__init__(parent)
        self._locate = locate
        self._files: ThumbnailFiles | None = None
        self._cache: ByteCache[QImage] = ByteCache(limit_bytes)
        self._broken: dict[ImageId, str] = {}
        self._desk = NewestFirst(self)
        self._desk.done.connect(self._on_done)

    def keep_in(self, cache_folder: Path | None) -> None:
        """Where small pictures are kept for the next time; None: nowhere."""
        self._files = None if cache_folder is None else ThumbnailFiles(cache_folder, SIDE)

    def get(self, image_id: ImageId) -> QImage | None:
        """The picture, or None at once; then it is being fetched."""
        found = self._cache.get(image_id)
        if found is None and image_id not in self._broken:
            path, page = self._locate(image_id)
            files = self._files
            self._desk.ask(image_id, lambda: _fetched(path, page, files))
        return found

    def hurry(self, image_ids: Iterable[ImageId]) -> None:
        """Fetch these before all others that were asked for, in this order."""
        self._desk.hurry(image_ids)

    def problem(self, image_id: ImageId) -> str | None:
        """Why there is no picture, where that is known."""
        return self._broken.get(image_id)

    def forget(self, image_id: ImageId) -> None:
        """The file may be another one now."""
        self._desk.withdraw(image_id)
        self._broken.pop(image_id, None)
        self._cache.drop(image_id)

    def clear(self) -> None:
        """Forget everything, wishes too."""
        self._desk.clear()
        self._broken.clear()
        self._cache.clear()

    def close(self) -> None:
        """Wait for what is being decoded; nothing is started any more."""
        self.clear()
        self._desk.close()

    @Slot(object, object)
    def _on_done(self, image_id: ImageId, answer: object) -> None:
        if isinstance(answer, QImage):
            self._cache.put(image_id, answer, answer.sizeInBytes())
            self.ready.emit(image_id)
        else:
            self._broken[image_id] = str(answer)
            self.failed.emit(image_id, str(answer))


def picture_of(pixels: Pixels) -> QImage:
    """(h, w, 3) uint8 RGB -> a picture that owns its bytes and is quick to draw."""
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def _fetched(path: Path, page: int, files: ThumbnailFiles | None) -> QImage:
    """On a thread of the desk; raises `UnreadableImage`."""
    name = None if files is None else files.name_of(path, page)
    if files is None or name is None:
        return picture_of(read_small(path, page, side=SIDE))
    kept = files.read(name)
    if kept is not None:
        return picture_of(kept)
    pixels = read_small(path, page, side=SIDE)
    files.write(name, pixels)
    return picture_of(pixels)
