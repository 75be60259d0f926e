"""Decoding the picture in view off the window's thread; only the newest wish is answered."""

from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from annotator.canvas.pyramid import ImagePyramid
from annotator.document.errors import DocumentError
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId


class _Answers(QObject):
    """Carries results to the window's thread."""

    done = Signal(int, object, str)  # wish, ImagePyramid | None, sentence


class _Decoding(QRunnable):
    def __init__(self, wish: int, path: Path, page: int, answers: _Answers) -> None:
        super().__init__()
        self._wish, self._path, self._page, self._answers = wish, path, page, answers

    def run(self) -> None:
        """Decode and say so; a bad file becomes its sentence."""
        try:
            pyramid, sentence = ImagePyramid(read_pixels(self._path, self._page)), ""
            pyramid.prepare()
        except DocumentError as error:
            pyramid, sentence = None, str(error)
        except MemoryError:
            pyramid, sentence = None, f"There is no memory for '{self._path.name}'; close others."
        self._answers.done.emit(self._wish, pyramid, sentence)


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
        self._image_id = image_id
        self._pool.clear()
        self._pool.start(_Decoding(self._wish, path, page, self._answers))

    def close(self) -> None:
        """Forget all wishes and wait for the one under way."""
        self._wish += 1
        self._pool.clear()
        self._pool.waitForDone()

    def _on_done(self, wish: int, pyramid: ImagePyramid | None, sentence: str) -> None:
        if wish != self._wish:
            return  # the person has moved on
        if pyramid is None:
            self.failed.emit(self._image_id, sentence)
        else:
            self.loaded.emit(self._image_id, pyramid)
