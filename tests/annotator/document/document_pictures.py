"""Pictures and image files that the tests of reading and scanning share."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

H, W = 37, 53
_Y, _X = np.mgrid[0:H, 0:W]

# Smooth, so that JPEG keeps it, and without any symmetry, so that no wrong turn goes unseen.
PICTURE = np.stack((_X * 4, _Y * 6, (_X + 2 * _Y) % 128 + 60), axis=2).astype(np.uint8)
PICTURE.setflags(write=False)


def save(folder: Path, picture: Image.Image | npt.NDArray[Any], name: str, **options: Any) -> Path:
    """Write a picture with Pillow, of the kind its name says."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(folder / name, **options)
    return folder / name


def save_tiff(folder: Path, samples: npt.NDArray[Any], **options: Any) -> Path:
    """Write ``page.tif`` with tifffile, which knows layouts that Pillow does not."""
    tifffile.imwrite(folder / "page.tif", samples, **options)
    return folder / "page.tif"


def stretched(samples: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The documented rule for deep samples, written out once more."""
    values = samples.astype(np.float64)
    dark, bright = np.percentile(values, (0.1, 99.9))
    return np.clip((values - dark) / (bright - dark) * 255, 0, 255)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG file that says it is so large and holds a hundred bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + body + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
