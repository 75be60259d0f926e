"""Pixels of image files: every kind comes out as upright 8-bit RGB, or not at all."""

import hashlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from annotator.document.image_conversion import (
    Pixels,
    as_rgb,
    eight_bit,
    on_white,
    upright,
    whole_range,
)
from annotator.document.image_headers import (
    LIMITS,
    ImageFacts,
    Limits,
    inspect_image,
    is_tiff,
    open_lazily,
    open_regular,
    orientation_of,
    picture_facts,
    refusal,
    refusing,
)
from annotator.document.tiff_reading import tiff_pixels

__all__ = ["LIMITS", "ImageFacts", "Limits", "content_digest", "inspect_image", "read_pixels"]

_BAND_ROWS = 256  # rows copied out of Pillow at a time: no second whole copy exists at any moment
_CHUNK_BYTES = 1 << 20
_DIGEST_BYTES = 20

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_pixels(path: Path, page: int = 0, limits: Limits = LIMITS) -> Pixels:
    """One page as (H, W, 3) uint8 RGB, upright, C-contiguous, writable and owned by the caller.

    Only a TIFF has pages beyond 0; of an animation the first frame is read. Samples deeper than
    8 bits, and floats, follow the rule of `image_tones`; transparency is laid on white; which axes
    and channels of a TIFF page are read is told in `tiff_reading`. Raises `UnreadableImage` with
    one sentence; truncated data is refused, never filled up. Colour profiles are not applied.
    """
    with open_regular(path, limits) as stream, refusing(path):
        if is_tiff(stream):
            return tiff_pixels(path, stream, page, limits)
        image = open_lazily(path, stream, limits)
        picture_facts(path, image, limits)  # refuses absurd sizes before anything is allocated
        if page:
            raise refusal(path, f"it has no page {page}", "scan the folder again")
        if is_deep_png(image, stream):
            return _deep_png_pixels(stream, orientation_of(image))
        return _upright_pixels(image, orientation_of(image))


def content_digest(path: Path, page: int = 0, limits: Limits = LIMITS) -> str:
    """Hexadecimal BLAKE2b (20 bytes) of the page number and the file's bytes, streamed.

    Equal for equal content under any name. Raises `UnreadableImage` as `read_pixels` does.
    """
    digest = hashlib.blake2b(page.to_bytes(8, "little"), digest_size=_DIGEST_BYTES)
    with open_regular(path, limits) as stream, refusing(path):
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _upright_pixels(image: ImageFile, orientation: int) -> Pixels:
    image.load()
    picture: Image.Image = image
    if orientation in _TURNS:
        # Turned before conversion: Pillow turns its own storage by blocks, faster than NumPy.
        picture = picture.transpose(_TURNS[orientation])
    if picture.mode in ("PA", "LA", "La", "RGBa", "RGBA") or "transparency" in image.info:
        pixels = _copied(picture.convert("RGBA"), 4)
        return on_white(as_rgb(pixels[:, :, :3]), pixels[:, :, 3])
    return _copied(picture if picture.mode == "RGB" else picture.convert("RGB"), 3)


def _copied(picture: Image.Image, channels: int) -> Pixels:
    width, height = picture.size
    pixels = np.empty((height, width, channels), np.uint8)
    for top in range(0, height, _BAND_ROWS):
        bottom = min(height, top + _BAND_ROWS)
        pixels[top:bottom] = np.asarray(picture.crop((0, top, width, bottom)))
    return pixels


def is_deep_png(image: ImageFile, stream: BinaryIO) -> bool:
    """Whether it is a PNG of 16 bits a sample, which Pillow would cut to 8 where it has colour."""
    if image.format != "PNG":
        return False
    at = stream.tell()
    stream.seek(24)  # signature 8, chunk head 8, width 4, height 4; then the bit depth
    depth = stream.read(1)
    stream.seek(at)
    return depth == b"\x10"


def _deep_png_pixels(stream: BinaryIO, orientation: int) -> Pixels:
    import imagecodecs

    stream.seek(0)
    samples = imagecodecs.png_decode(stream.read())
    samples = samples[:, :, None] if samples.ndim == 2 else samples
    colours = samples.shape[2] - (samples.shape[2] % 2 == 0)  # 1 or 3, then perhaps alpha
    tones = eight_bit(samples[:, :, :colours], 16)
    pixels = as_rgb(tones[:, :, 0] if colours == 1 else tones)
    if colours < samples.shape[2]:
        pixels = on_white(pixels, whole_range(samples[:, :, colours]))
    return upright(pixels, orientation)
