"""Masks of the gallery: what is labelled, and around it what the engine proposes, both small."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, qRgba

from annotator.document.annotations import Bitmap
from annotator.document.classes import BACKGROUND, IGNORE, ClassId, ClassTable
from annotator.document.images import ImageId
from annotator.document.label_map import Labels
from annotator.document.label_reading import SmallLabels, places, small_shape
from annotator.panels.byte_cache import ByteCache

SIDE = 160  # pixels of the longer side of a mask
LIMIT_BYTES = 96 << 20  # about five thousand answers; those beyond are asked for when seen again
OPACITY = 0.5


class MaskShelf:
    """Small answers and small labels by image, and the pictures made of both."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._answers: ByteCache[Labels] = ByteCache(limit_bytes)
        self._labels: ByteCache[SmallLabels] = ByteCache(limit_bytes)
        self._pictures: ByteCache[QImage] = ByteCache(limit_bytes)
        self._colours = colour_table(ClassTable(), frozenset())

    @property
    def colours(self) -> list[int]:
        """256 colours of masks, as Qt's ARGB."""
        return self._colours

    def set_colours(self, colours: list[int]) -> None:
        """Other colours: pictures stay and are only coloured anew when they are shown."""
        self._colours = colours

    def has_answer(self, image_id: ImageId) -> bool:
        """Whether an answer is at hand."""
        return image_id in self._answers

    def has_labels(self, image_id: ImageId) -> bool:
        """Whether labels are at hand."""
        return image_id in self._labels

    def put_answer(self, image_id: ImageId, classes: Labels) -> frozenset[ClassId]:
        """(H, W) uint8 class ids of any size, reduced here; gives the classes that are in it."""
        small = small_classes(classes)
        self._answers.put(image_id, small, small.nbytes)
        self._pictures.drop(image_id)
        return classes_in(small)

    def put_labels(self, image_id: ImageId, labels: SmallLabels) -> frozenset[ClassId]:
        """What a person drew or accepted; it lies over the answer. Gives its classes."""
        size_bytes = labels.classes.nbytes + labels.touched.nbytes
        self._labels.put(image_id, labels, size_bytes)
        self._pictures.drop(image_id)
        return classes_in(labels.classes[labels.touched])

    def drop_answer(self, image_id: ImageId) -> None:
        """The engine says nothing any more."""
        self._answers.drop(image_id)
        self._pictures.drop(image_id)

    def drop_labels(self, image_id: ImageId) -> None:
        """The labels have changed: the old ones are not to be shown."""
        self._labels.drop(image_id)
        self._pictures.drop(image_id)

    def clear(self) -> None:
        """Forget all."""
        for cache in (self._answers, self._labels, self._pictures):
            cache.clear()

    def picture(self, image_id: ImageId) -> QImage | None:
        """The mask as an indexed picture in the colours of now; None where there is nothing."""
        found = self._pictures.get(image_id)
        if found is None:
            classes = self._composed(image_id)
            if classes is None:
                return None
            found = _indexed(classes)
            self._pictures.put(image_id, found, found.sizeInBytes())
        if found.colorTable() != self._colours:
            found.setColorTable(self._colours)
        return found

    def _composed(self, image_id: ImageId) -> Labels | None:
        answer, labels = self._answers.get(image_id), self._labels.get(image_id)
        if labels is None:
            return answer
        if answer is None:
            return np.where(labels.touched, labels.classes, np.uint8(BACKGROUND))
        if answer.shape != labels.classes.shape:
            answer = _nearest(answer, *labels.classes.shape)
        return np.where(labels.touched, labels.classes, answer)


def small_classes(classes: Labels, side: int = SIDE) -> Labels:
    """(H, W) uint8 ids -> (h, w) by the nearest pixel, longer side at most ``side``."""
    return _nearest(classes, *small_shape(classes.shape[0], classes.shape[1], side))


def whole_labels(classes: Labels, touched: Bitmap | None = None) -> SmallLabels:
    """Small labels of (H, W) ids; without ``touched`` (H, W) every pixel counts as a label."""
    small = small_classes(classes)
    if touched is None:
        return SmallLabels(small, np.ones(small.shape, np.bool_))
    return SmallLabels(small, small_classes(touched.view(np.uint8)) > 0)


def classes_in(classes: npt.NDArray[np.uint8]) -> frozenset[ClassId]:
    """Every class of an array, without background and ignored pixels."""
    present = np.flatnonzero(np.bincount(classes.reshape(-1), minlength=256))
    return frozenset(ClassId(int(k)) for k in present) - {BACKGROUND, IGNORE}


def colour_table(classes: ClassTable, hidden: Iterable[ClassId]) -> list[int]:
    """256 ARGB colours for stored ids: merged ones as their target, all that is hidden clear."""
    alpha, unseen = round(255 * OPACITY), frozenset(hidden)
    shown = {row.class_id: row.colour for row in classes if row.class_id not in unseen}
    lookup = classes.lookup()
    colours = (shown.get(ClassId(int(lookup[k]))) for k in range(256))
    return [qRgba(0, 0, 0, 0) if c is None else qRgba(*c, alpha) for c in colours]


def _nearest(classes: Labels, height: int, width: int) -> Labels:
    chosen = np.ix_(places(classes.shape[0], height), places(classes.shape[1], width))
    return np.ascontiguousarray(classes[chosen])


def _indexed(classes: Labels) -> QImage:
    height, width = classes.shape
    data = np.ascontiguousarray(classes).tobytes()
    return QImage(data, width, height, width, QImage.Format.Format_Indexed8).copy()
