"""The image pyramid: any part of a photograph at any zoom, without a second full-size copy.

Level 0 is the array as it came, read in place. Level n has half the size of level n - 1; levels
are filled in bands of rows when first looked at. One pass over 24 megapixels takes about 30 ms.
"""

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

Pixels = npt.NDArray[np.uint8]  # (H, W, 3) RGB
Packed = npt.NDArray[np.uint32]  # (h, w) 0xffRRGGBB, the layout of QImage's RGB32
Window = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels of the image scaled by the zoom

BAND_ROWS = 512  # of level 0; a power of two, so that each level's share of a band is whole rows
DEEPEST = 9
COARSE_ENOUGH = 256  # pixels: no level smaller than this is needed
_CLEAR_LOW_BITS = np.uint32(0xFEFEFEFE)
_ONE = np.uint32(1)


class ImagePyramid:
    """``pixels`` (H, W, 3) uint8, kept and never written. Raises ValueError for anything else."""

    def __init__(self, pixels: Pixels) -> None:
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(f"A picture is (H, W, 3) uint8, not {pixels.shape} {pixels.dtype}.")
        self._pixels = np.ascontiguousarray(pixels)
        self.size = int(pixels.shape[0]), int(pixels.shape[1])  # (H, W)
        steps = math.ceil(math.log2(max(1, max(self.size) / COARSE_ENOUGH)))
        self.depth = min(DEEPEST, steps)
        self._levels = [self._blank(level) for level in range(1, self.depth + 1)]
        self._filled = np.zeros(-(-self.size[0] // BAND_ROWS), np.bool_)

    @property
    def held_bytes(self) -> int:
        """What the filled part of all levels takes, beside the array itself."""
        whole = sum(level.nbytes for level in self._levels)
        return int(whole * self._filled.mean())

    def prepare(self) -> None:
        """Fill every level now, for instance on the thread that decoded the picture."""
        for band in np.flatnonzero(~self._filled):
            self._fill(int(band))

    def window(self, window: Window, zoom: float) -> QImage:
        """That part of the image scaled by ``zoom``, as RGB32; smooth below 100 %, exact above.

        Windows of one zoom fit together without a seam.
        """
        if zoom >= 1 or min(self.size) * zoom < 1:  # less than a pixel has nothing to smooth
            return self._nearest(window, zoom)
        level = min(self.depth, math.floor(math.log2(1 / zoom)))
        return self._smooth(window, zoom * 2**level, level)

    def _smooth(self, window: Window, scale: float, level: int) -> QImage:
        x0, y0, x1, y1 = window
        height, width = (-(-side // 2**level) for side in self.size)
        # One pixel more on each side, so that the filter sees the same neighbours in both of two
        # windows that touch.
        c0, c1 = max(0, math.floor(x0 / scale) - 1), min(width, math.ceil(x1 / scale) + 2)
        r0, r1 = max(0, math.floor(y0 / scale) - 1), min(height, math.ceil(y1 / scale) + 2)
        part = self._part(level, rows=(r0, r1), columns=(c0, c1))
        picture = QImage(x1 - x0, y1 - y0, QImage.Format.Format_RGB32)
        painter = QPainter(picture)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate(-x0, -y0)
        # Half a hair larger: the last column is never left unpainted by rounding.
        painter.scale(scale * (1 + 1e-6), scale * (1 + 1e-6))
        painter.drawImage(QPointF(c0, r0), part)
        painter.end()
        return picture

    def _nearest(self, window: Window, zoom: float) -> QImage:
        x0, y0, x1, y1 = window
        columns = sample_places(x0, x1, zoom, self.size[1])
        rows = sample_places(y0, y1, zoom, self.size[0])
        first, last = int(rows[0]), int(rows[-1]) + 1
        left, right = int(columns[0]), int(columns[-1]) + 1
        read = self._part(0, rows=(first, last), columns=(left, right))
        part = _packed(read)
        enlarged = part.take(rows - first, 0).take(columns - left, 1)
        return _picture(enlarged).copy()  # the copy owns its pixels; the array goes

    def _part(self, level: int, *, rows: tuple[int, int], columns: tuple[int, int]) -> QImage:
        """Part of a level as RGB32; it lives as long as the pyramid does."""
        if level == 0:
            (top, bottom), (left, right) = rows, columns
            stride = self.size[1] * 3
            flat = self._pixels.reshape(-1)[top * stride + left * 3 :]
            shape = right - left, bottom - top
            seen = QImage(flat.data, *shape, stride, QImage.Format.Format_RGB888)
            return seen.convertToFormat(QImage.Format.Format_RGB32)
        reach = 2**level
        for band in range(rows[0] * reach // BAND_ROWS, (rows[1] * reach - 1) // BAND_ROWS + 1):
            if band < len(self._filled) and not self._filled[band]:
                self._fill(band)
        return _picture(self._levels[level - 1][slice(*rows), slice(*columns)])

    def _fill(self, band: int) -> None:
        top = band * BAND_ROWS
        rows = top, min(self.size[0], top + BAND_ROWS)
        read = self._part(0, rows=rows, columns=(0, self.size[1]))
        part = _packed(read)
        for level, whole in enumerate(self._levels, start=1):
            part = _halved(part)
            whole[top >> level : (top >> level) + len(part)] = part
        self._filled[band] = True

    def _blank(self, level: int) -> Packed:
        height, width = (-(-side // 2**level) for side in self.size)
        return np.empty((height, width), np.uint32)  # memory is taken when it is first written


def sample_places(start: int, stop: int, zoom: float, length: int) -> npt.NDArray[np.intp]:
    """Which image column (or row) each scaled pixel from ``start`` to ``stop`` shows."""
    places = (np.arange(start, stop) + 0.5) / zoom
    return places.astype(np.intp).clip(0, length - 1)


def _halved(part: Packed) -> Packed:
    """(h, w) -> half of it, rounded up: each pixel the mean of four, channel by channel."""
    if part.shape[0] % 2:
        part = np.concatenate((part, part[-1:]), axis=0)
    if part.shape[1] % 2:
        part = np.concatenate((part, part[:, -1:]), axis=1)
    # Four bytes at once: the mean of a and b is what both have plus half of where they differ.
    # One mean is rounded down and the other up, so that the picture does not darken.
    above, below = part[0::2], part[1::2]
    mean = (above & below) + (((above ^ below) & _CLEAR_LOW_BITS) >> _ONE)
    left, right = mean[:, 0::2], mean[:, 1::2]
    halved: Packed = (left | right) - (((left ^ right) & _CLEAR_LOW_BITS) >> _ONE)
    return halved


def _packed(picture: QImage) -> Packed:
    """An RGB32 picture's pixels, (h, w), read in place; keep the picture."""
    flat = np.frombuffer(picture.constBits(), np.uint32)
    return flat.reshape(picture.height(), picture.bytesPerLine() // 4)[:, : picture.width()]


def _picture(packed: Packed) -> QImage:
    """An RGB32 picture that reads the array in place; keep the array."""
    height, width = packed.shape
    stride = packed.strides[0]
    length = (height - 1) * (stride // 4) + width
    flat = np.lib.stride_tricks.as_strided(packed, (length,), (4,))
    return QImage(flat.data, width, height, stride, QImage.Format.Format_RGB32)
