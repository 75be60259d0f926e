"""Pictures for stepping through: the one in view, and the next ones while it is looked at."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from annotator.canvas.pyramid import ImagePyramid
from annotator.document.images import ImageId
from annotator.window.picture_loader import PictureLoader

LIMIT_BYTES = 768 << 20  # of decoded pixels; the picture in view is kept whatever it takes
BYTES_PER_PIXEL = 3 + 4 / 3  # the picture, and all smaller levels at four bytes a pixel

Locate = Callable[[ImageId], tuple[Path, int]]


class LookAhead(QObject):
    """``show`` answers at once for what is at hand, and fetches what will be wanted next."""

    loaded = Signal(object, object)  # ImageId, ImagePyramid: the one that was asked for
    failed = Signal(object, str)  # ImageId, sentence

    def __init__(
        self, locate: Locate, parent: QObject | None = None, *, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        super().__init__(parent)
        self._locate, self._limit_bytes = locate, limit_bytes
        self._kept: OrderedDict[ImageId, ImagePyramid] = OrderedDict()
        self._wanted: ImageId | None = None
        self._under_way: ImageId | None = None
        self._later: list[ImageId] = []
        self._loader = PictureLoader(self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)

    def held(self, image_id: ImageId) -> bool:
        """Whether `show` would answer at once."""
        return image_id in self._kept

    def show(self, image_id: ImageId, later: Sequence[ImageId] = ()) -> None:
        """Want this picture now and those next; `loaded` or `failed` follows, perhaps at once."""
        self._wanted, self._later = image_id, [one for one in later if one not in self._kept]
        pyramid = self._kept.get(image_id)
        if pyramid is not None:
            self._kept.move_to_end(image_id)
            self.loaded.emit(image_id, pyramid)
            self._fetch_on()
        elif self._under_way != image_id:
            self._fetch(image_id)

    def forget(self, image_id: ImageId) -> None:
        """The file may be another one now."""
        self._kept.pop(image_id, None)

    def close(self) -> None:
        """Forget everything and wait for what is under way."""
        self._loader.close()
        self._kept.clear()
        self._later.clear()

    def _fetch(self, image_id: ImageId) -> None:
        self._under_way = image_id
        self._loader.ask(image_id, *self._locate(image_id))

    def _fetch_on(self) -> None:
        while self._under_way is None and self._later:
            following = self._later.pop(0)
            if following not in self._kept:
                self._fetch(following)

    def _on_loaded(self, image_id: ImageId, pyramid: ImagePyramid) -> None:
        self._under_way = None
        self._keep(image_id, pyramid)
        if image_id == self._wanted:
            self.loaded.emit(image_id, pyramid)
        self._fetch_on()

    def _on_failed(self, image_id: ImageId, sentence: str) -> None:
        self._under_way = None
        if image_id == self._wanted:
            self.failed.emit(image_id, sentence)
        self._fetch_on()

    def _keep(self, image_id: ImageId, pyramid: ImagePyramid) -> None:
        self._kept[image_id] = pyramid
        while (
            len(self._kept) > 1 and sum(map(_size_bytes, self._kept.values())) > self._limit_bytes
        ):
            oldest = next(one for one in self._kept if one != self._wanted)
            del self._kept[oldest]


def _size_bytes(pyramid: ImagePyramid) -> float:
    height, width = pyramid.size
    return BYTES_PER_PIXEL * height * width
