"""Small copies of image files for thumbnails: what `read_pixels` gives, reduced, but much sooner.

A JPEG is decoded at an eighth to a half of its size, a TIFF is read from a reduced copy it brings
along or by every n-th row where its pixels lie bare; everything else is decoded whole and reduced.
The limits, the refusals and the rule for deep samples are those of `image_reading`; where a deep
TIFF is read small, its range is measured on what was read.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from annotator.document.image_conversion import Pixels, as_rgb, on_white, upright
from annotator.document.image_headers import (
    LIMITS,
    Limits,
    is_tiff,
    open_lazily,
    open_regular,
    orientation_of,
    picture_facts,
    refusal,
    refusing,
)
from annotator.document.image_reading import is_deep_png, read_pixels
from annotator.document.small_tiff import small_tiff_pixels

__all__ = ["read_small", "reduced"]

_FINER = 2  # decoded at least so much finer than wanted, so that reducing still averages
_PLAIN_MODES = ("L", "RGB", "RGBA", "LA", "CMYK", "YCbCr")  # whose neighbours can be averaged


def read_small(path: Path, page: int = 0, *, side: int, limits: Limits = LIMITS) -> Pixels:
    """One page as (h, w, 3) uint8 RGB, upright, its longer side at most ``side`` pixels.

    Never larger than the page itself. Raises `UnreadableImage` as `read_pixels` does.
    """
    with open_regular(path, limits) as stream, refusing(path):
        if is_tiff(stream):
            return reduced(small_tiff_pixels(path, stream, page, limits, side * _FINER), side)
        image = open_lazily(path, stream, limits)
        picture_facts(path, image, limits)  # refuses absurd sizes before anything is allocated
        if page:
            raise refusal(path, f"it has no page {page}", "scan the folder again")
        if not is_deep_png(image, stream):
            return _small_pixels(image, side)
    return reduced(read_pixels(path, page, limits), side)


def reduced(pixels: Pixels, side: int) -> Pixels:
    """(H, W, 3) uint8 -> (h, w, 3), averaged, its longer side at most ``side``; never larger."""
    height, width = pixels.shape[:2]
    size = _small_size((width, height), side)
    if size == (width, height):
        return pixels
    picture = Image.fromarray(pixels)
    return np.array(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _small_pixels(image: ImageFile, side: int) -> Pixels:
    orientation = orientation_of(image)
    size = _small_size(image.size, side)
    if isinstance(image, JpegImageFile):
        image.draft(image.mode, (size[0] * _FINER, size[1] * _FINER))
    image.load()
    picture: Image.Image = image
    if "transparency" in image.info or picture.mode in ("PA", "La", "RGBa"):
        picture = picture.convert("RGBA")
    elif picture.mode not in _PLAIN_MODES:
        picture = picture.convert("RGB")
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if picture.mode in ("LA", "RGBA"):
        laid = np.array(picture.convert("RGBA"))
        return upright(on_white(as_rgb(laid[:, :, :3]), laid[:, :, 3]), orientation)
    return upright(np.array(picture.convert("RGB")), orientation)


def _small_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(width, height) that fits into a square of ``side``, the shape kept."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
