"""Faces of cells: picture and mask scaled, laid together and cut round once, then only copied."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from annotator.document.images import ImageId
from annotator.panels.byte_cache import ByteCache
from annotator.panels.gallery_signs import rounded

LARGEST_CUT = 1.6  # a picture is magnified at most so far beyond fitting in whole
STALE_OPACITY = 0.42
LIMIT_BYTES = 64 << 20  # several screens, also at 200 %


class _Recipe(NamedTuple):
    """What a face was made from: another one makes another face."""

    picture: int  # Qt's key of the pixels
    mask: int
    width: int
    height: int
    ratio: float
    stale: bool


class FaceShelf:
    """Faces that were shown lately."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._faces: ByteCache[tuple[_Recipe, QPixmap]] = ByteCache(limit_bytes)

    def face(
        self,
        image_id: ImageId,
        picture: QImage,
        mask: QImage | None,
        size: QSize,
        ratio: float,
        stale: bool,
    ) -> QPixmap:
        """A pixmap of ``size`` logical pixels at a device scale; dim where ``stale``."""
        key = -1 if mask is None else mask.cacheKey()
        recipe = _Recipe(picture.cacheKey(), key, size.width(), size.height(), ratio, stale)
        held = self._faces.get(image_id)
        if held is not None and held[0] == recipe:
            return held[1]
        made = _painted(picture, mask, recipe)
        self._faces.put(image_id, (recipe, made), 4 * made.width() * made.height())
        return made


def placed(width: int, height: int, box: QRectF) -> QRectF:
    """Where a picture lies: covering the box, unless that would cut off too much of it."""
    whole = min(box.width() / width, box.height() / height)
    scale = min(max(box.width() / width, box.height() / height), whole * LARGEST_CUT)
    size = QPointF(width * scale / 2, height * scale / 2)
    return QRectF(box.center() - size, box.center() + size)


def _painted(picture: QImage, mask: QImage | None, recipe: _Recipe) -> QPixmap:
    face = QPixmap(round(recipe.width * recipe.ratio), round(recipe.height * recipe.ratio))
    face.setDevicePixelRatio(recipe.ratio)
    face.fill(Qt.GlobalColor.transparent)
    box = QRect(0, 0, recipe.width, recipe.height)
    place = placed(picture.width(), picture.height(), QRectF(box))
    painter = QPainter(face)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setClipPath(rounded(box))
    painter.setOpacity(STALE_OPACITY if recipe.stale else 1.0)
    painter.drawImage(place, picture)
    if mask is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.drawImage(place, mask)
    painter.end()
    return face
