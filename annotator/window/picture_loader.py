"""Decoding the picture in view off the window's thread; only the newest wish is answered."""

from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, Signal

from annotator.canvas.pyramid import ImagePyramid
from annotator.document.errors import DocumentError
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId


class _Answers(QObject):
    """Carries results to the window's thread."""

    done = Signal(int, object, str)  # wish, ImagePyramid | None, sentence


def _decoded(path: Path, page: int) -> tuple[ImagePyramid | None, str]:
    """The picture, or the sentence that a bad file becomes."""
    try:
        pyramid = ImagePyramid(read_pixels(path, page))
        pyramid.prepare()
    except DocumentError as error:
        return None, str(error)
    except MemoryError:
        return None, f"There is no memory for '{path.name}'; close others."
    return pyramid, ""


class PictureLoader(QObject):
    """Ask for one image; `loaded` or `failed` follows unless another was asked for meanwhile."""

    loaded = Signal(object, object)  # ImageId, ImagePyramid
    failed = Signal(object, str)  # ImageId, sentence

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._answers = _Answers(self)
        self._answers.done.connect(self._on_done)
        self._wish = 0
        self._image_id: ImageId | None = None

    def ask(self, image_id: ImageId, path: Path, page: int) -> None:
        """Decode this one; whatever still waits is dropped."""
        self._wish += 1
        self._image_id, wish = image_id, self._wish

        def decode() -> None:  # on the pool's thread
            if wish == self._wish:
                self._answers.done.emit(wish, *_decoded(path, page))

        # No QRunnable of our own, and no clearing of the pool: PySide keeps what was cleared, and
        # takes other objects at the same address for it.
        self._pool.start(decode)

    def forget(self) -> None:
        """Nobody wants what was asked for any more."""
        self._wish += 1

    def close(self) -> None:
        """Forget all wishes and wait for the one under way."""
        self.forget()
        self._pool.waitForDone()

    def _on_done(self, wish: int, pyramid: ImagePyramid | None, sentence: str) -> None:
        if wish != self._wish:
            return  # the person has moved on
        if pyramid is None:
            self.failed.emit(self._image_id, sentence)
        else:
            self.loaded.emit(self._image_id, pyramid)
