"""Thumbnails: decoded on a few threads, newest wish first, kept by bytes; nobody ever waits."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage

from annotator.document.errors import DocumentError
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId

SIDE = 320  # pixels of the longer side: enough for the largest cell, and for small ones at 200 %
LIMIT_BYTES = 256 << 20
THREADS = 2
WAITING_LIMIT = 256  # wishes beyond a few screens are of places left long ago

V = TypeVar("V")


class ByteCache(Generic[V]):
    """Values by image, the least recently used ones forgotten beyond a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._values: OrderedDict[ImageId, tuple[V, int]] = OrderedDict()
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, image_id: ImageId) -> V | None:
        """The value, which counts as used now."""
        found = self._values.get(image_id)
        if found is None:
            return None
        self._values.move_to_end(image_id)
        return found[0]

    def put(self, image_id: ImageId, value: V, size_bytes: int) -> None:
        """Keep a value; one larger than the limit pushes out all others and itself."""
        self.drop(image_id)
        self._values[image_id] = value, size_bytes
        self.total_bytes += size_bytes
        while self.total_bytes > self._limit_bytes:
            _, (_, gone) = self._values.popitem(last=False)
            self.total_bytes -= gone

    def drop(self, image_id: ImageId) -> None:
        """Forget one value."""
        gone = self._values.pop(image_id, None)
        if gone is not None:
            self.total_bytes -= gone[1]

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()
        self.total_bytes = 0


class Thumbnails(QObject):
    """Small pictures of images. ``ready`` tells of one that was asked for."""

    ready = Signal(int)
    failed = Signal(int, str)
    _decoded = Signal(int, int, object)

    def __init__(
        self,
        locate: Callable[[ImageId], tuple[Path, int]],
        parent: QObject | None = None,
        *,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        super().__init__(parent)
        self._locate = locate
        self._cache: ByteCache[QImage] = ByteCache(limit_bytes)
        self._waiting: OrderedDict[ImageId, tuple[Path, int]] = OrderedDict()
        self._lock = Lock()
        self._under_way: set[ImageId] = set()
        self._broken: dict[ImageId, str] = {}
        self._era = 0  # answers from before a `clear` are of images that may be others now
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._decoded.connect(self._on_decoded)

    def get(self, image_id: ImageId) -> QImage | None:
        """The picture, or None at once; then it is being fetched."""
        found = self._cache.get(image_id)
        if found is None and image_id not in self._broken:
            self._ask(image_id)
        return found

    def problem(self, image_id: ImageId) -> str | None:
        """Why there is no picture, where that is known."""
        return self._broken.get(image_id)

    def clear(self) -> None:
        """Forget everything, wishes too."""
        with self._lock:
            self._waiting.clear()
        self._era += 1
        self._under_way.clear()
        self._broken.clear()
        self._cache.clear()

    def close(self) -> None:
        """Wait for what is being decoded; nothing is started any more."""
        self.clear()
        self._pool.waitForDone()

    def _ask(self, image_id: ImageId) -> None:
        with self._lock:
            known = image_id in self._waiting
            if known:
                self._waiting.move_to_end(image_id)
        if known or image_id in self._under_way:
            return
        with self._lock:
            self._waiting[image_id] = self._locate(image_id)
            self._under_way.add(image_id)
            while len(self._waiting) > WAITING_LIMIT:
                dropped, _ = self._waiting.popitem(last=False)
                self._under_way.discard(dropped)
        era = self._era
        self._pool.start(QRunnable.create(lambda: self._work(era)))

    def _work(self, era: int) -> None:
        """On a thread of the pool: serve the newest wish, whichever that is by now."""
        with self._lock:
            if not self._waiting or era != self._era:
                return
            image_id, (path, page) = self._waiting.popitem(last=True)
        try:
            answer: object = small_picture(read_pixels(path, page))
        except DocumentError as error:
            answer = str(error)
        self._decoded.emit(era, image_id, answer)

    def _on_decoded(self, era: int, number: int, answer: object) -> None:
        if era != self._era:
            return
        image_id = ImageId(number)
        self._under_way.discard(image_id)
        if isinstance(answer, QImage):
            self._cache.put(image_id, answer, answer.sizeInBytes())
            self.ready.emit(number)
        else:
            self._broken[image_id] = str(answer)
            self.failed.emit(number, str(answer))


def small_picture(pixels: npt.NDArray[np.uint8], side: int = SIDE) -> QImage:
    """(H, W, 3) uint8 RGB -> a picture whose longer side is at most ``side`` pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    data = small.tobytes()
    image = QImage(data, size[0], size[1], 3 * size[0], QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy of its own, quick to draw


def small_classes(classes: npt.NDArray[np.uint8], side: int = SIDE // 2) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 ids -> (h, w) by the nearest pixel, longer side at most ``side``."""
    height, width = classes.shape
    step = max(1.0, max(height, width) / side)
    rows = ((np.arange(max(1, round(height / step))) + 0.5) * step).astype(np.intp)
    columns = ((np.arange(max(1, round(width / step))) + 0.5) * step).astype(np.intp)
    chosen = np.ix_(np.minimum(rows, height - 1), np.minimum(columns, width - 1))
    return np.ascontiguousarray(classes[chosen])
